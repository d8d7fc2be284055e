"""`/sign-on/...`: to a provider and back, and the word of either that somebody signed out."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Annotated, Final, NoReturn, TypeVar
from urllib.parse import urlencode, urlsplit

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.app.staff import signed_in
from governance.console.account_frame import put_session
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import ActorId, Lang
from governance.http.cookies import drop, put, read
from governance.http.request import is_https, open_to_all, principal_of, wiring_of
from governance.http.threads import OwnThreads
from governance.identity.types import Session
from governance.signon import flow, store
from governance.signon.discovery import Directory
from governance.signon.errors import ProviderSilentError, SignOnRefusedError
from governance.signon.reading import provider_of, providers_of
from governance.signon.service import ATTEMPT, MARK, enter, log_out
from governance.signon.types import Audience, Provider
from governance.signon.verifying import MOST, Answer, logged_out, vouched
from governance.ui.pages import Surface
from governance.ui.surfaces import page_of, rendered_page

COOKIE: Final = "sekisho_sign_on"
HOMES: Final = {Audience.STAFF: "/console", Audience.CUSTOMERS: "/portal"}
WORD: Final = 2_048  # characters of a code or state
THREADS: Final = OwnThreads("sign_on", 4)  # a silent provider holds up no page of ours
T = TypeVar("T")
router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


async def apart(work: Callable[[], T]) -> T:
    """What the work gives; it may wait for a provider."""
    return await to_thread.run_sync(work, limiter=THREADS.limiter())


def _directory(request: Request) -> Directory:
    found: Directory = request.app.state.directory
    return found


@router.get("/sign-on/{name}", dependencies=[Depends(open_to_all)])
async def leave(request: Request, name: Name) -> Response:
    """The browser is on its way to the provider."""
    wiring = wiring_of(request)
    provider = provider_of(wiring.settings, name)
    secret, at = flow.new_secret(), wiring.clock()

    def work() -> str:
        place = _directory(request).published(provider).authorization
        begin = partial(store.begin, secret=secret, provider=provider.id, until=at + ATTEMPT, at=at)
        wiring.database.write(begin)
        return flow.authorization_url(provider, place, secret, origin=wiring.settings.origin)

    response = RedirectResponse(await apart(work), status_code=303)
    seconds = int(ATTEMPT.total_seconds())
    put(response, COOKIE, secret, https=is_https(request), seconds=seconds)
    return response


@router.get("/sign-on/{name}/callback", dependencies=[Depends(open_to_all)])
async def come(request: Request, name: Name) -> Response:
    """The session's cookie and the way home, for whom the provider vouched."""
    wiring = wiring_of(request)
    provider = provider_of(wiring.settings, name)
    secret = read(request, COOKIE, https=is_https(request))
    settings = wiring.settings
    customers = provider.audience is Audience.CUSTOMERS
    minutes = settings.portal_session_minutes if customers else settings.session_minutes
    lasting = timedelta(minutes=minutes)
    network, at = principal_of(request).network, wiring.clock()
    said = dict(request.query_params)
    twice = len(request.query_params.multi_items()) != len(said)

    def work() -> tuple[Session, str]:
        try:
            answer = _answer(_directory(request), provider, said if not twice else {}, secret)
            mine = partial(store.finish, secret=secret, provider=provider.id, at=at)
            _demand(wiring.database.write(mine), "attempt")  # neither late nor come before
            found = vouched(
                _directory(request), provider, answer, origin=wiring.settings.origin, at=at
            )
            come_in = partial(
                enter, ports=wiring.ports, provider=provider, said=found, lasting=lasting,
                network=network, at=at,
            )  # fmt: skip
            opened: tuple[Session, str] | None = wiring.database.write(come_in)
            return _demand(opened, "no_role")
        except (SignOnRefusedError, ProviderSilentError) as error:
            _refused(request, provider, error, network)

    session, value = await apart(work)
    await apart(partial(signed_in, wiring, session, network=network))
    response = RedirectResponse(HOMES[provider.audience], status_code=303)
    put_session(request, response, session, value)
    drop(response, COOKIE, https=is_https(request))
    return response


def _demand(fact: T | None, reason: str) -> T:
    if not fact:
        raise SignOnRefusedError(reason=reason)
    return fact


def _answer(directory: Directory, provider: Provider, said: dict[str, str], secret: str) -> Answer:
    """What the browser brought back, if it is the browser that was sent (RFC 9700, 4.7)."""
    code, state = said.get("code", ""), said.get("state", "")
    if not secret or not 0 < len(state) <= WORD or not flow.same_state(secret, state):
        raise SignOnRefusedError(reason="state")
    issuer = said.get("iss")
    named = directory.published(provider).names_issuer
    if (named and issuer is None) or issuer not in (None, provider.issuer):
        raise SignOnRefusedError(reason="issuer")  # an answer of another provider (RFC 9207)
    if "error" in said or not 0 < len(code) <= WORD:
        raise SignOnRefusedError(reason="no_code")
    return Answer(code=code, secret=secret)


def _refused(
    request: Request, provider: Provider, error: GovernanceError, network: str | None
) -> NoReturn:
    """The log has why nobody came in; the browser is told that nobody did."""
    wiring = wiring_of(request)
    reason = str(error.params.get("reason", error.code))
    draft = EventDraft(
        action=EventCode.SIGN_IN_FAILED,
        occurred_at=wiring.clock(),
        actor=ActorId(MARK),
        object_type="provider",
        object_id=provider.id,
        outcome=Outcome.DENY,
        reasons=(f"sign_on.{reason}",),
        network=Network(network) if network else None,
    )
    wiring.database.write(partial(wiring.audit.append, draft=draft))
    if isinstance(error, ProviderSilentError):
        raise error
    raise SignOnRefusedError(reason="refused") from None


@router.post("/sign-on/{name}/logout", dependencies=[Depends(open_to_all)])
async def back_channel(request: Request, name: Name) -> Response:
    """The sessions that the provider named have ended (OpenID Back-Channel Logout 1.0, 2.7)."""
    wiring = wiring_of(request)
    provider = provider_of(wiring.settings, name)
    form = await request.form(max_files=0, max_fields=5, max_part_size=MOST)
    token, at = form.get("logout_token"), wiring.clock()

    def work() -> int:
        if not isinstance(token, str) or not token:
            raise SignOnRefusedError(reason="no_token")
        said = logged_out(_directory(request), provider, token, at=at)
        return int(wiring.database.write(partial(log_out, ports=wiring.ports, said=said, at=at)))

    headers = {"cache-control": "no-store"}
    try:
        await apart(work)
    except SignOnRefusedError:
        return JSONResponse({"error": "invalid_request"}, status_code=400, headers=headers)
    return Response(status_code=200, headers=headers)


@router.get("/sign-on/{name}/farewell", dependencies=[Depends(open_to_all)])
async def farewell(request: Request, name: Name) -> HTMLResponse:
    """Here the session has ended; a link ends the provider's own (RP-Initiated Logout 1.0)."""
    wiring = wiring_of(request)
    provider = provider_of(wiring.settings, name)
    place = (await apart(partial(_directory(request).published, provider))).end_session
    if place is None:
        raise NotFoundError
    back = wiring.settings.origin.rstrip("/") + "/"
    said = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": back})
    page = page_of(request, "sign_on.farewell.title", surface=Surface.PLAIN)
    href = f"{place}{'&' if urlsplit(place).query else '?'}{said}"
    label = provider.label[page.lang]
    shown = await rendered_page(request, "app/farewell.html", page, href=href, label=label)
    return HTMLResponse(shown)


def way_out(request: Request, session: str) -> str:
    """Where a browser goes on to whose session has ended: the provider that vouched for it."""
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        name = store.provider_of(tx, session)
    provider = providers_of(wiring.settings).get(name or "")
    if provider is None:
        return "/"
    try:
        place = _directory(request).published(provider).end_session
    except ProviderSilentError:
        return "/"  # the provider's own session has its own end
    return "/" if place is None else f"/sign-on/{provider.id}/farewell"


def ways_in(request: Request, audience: Audience, lang: Lang) -> tuple[tuple[str, str], ...]:
    """Address and name of each provider for these people, for a page."""
    found = providers_of(wiring_of(request).settings).values()
    mine = (one for one in found if one.audience is audience)
    return tuple((f"/sign-on/{one.id}", one.label[lang]) for one in mine)
