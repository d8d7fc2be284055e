"""Signing in, step by step and without script: code, password or passkey, then a second factor."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from governance.app.portal_entry import SIGNED_OUT
from governance.app.sign_on_pages import apart, way_out, ways_in
from governance.app.staff import signed_in
from governance.app.wiring import Wiring
from governance.console.account_frame import STEP_COOKIE, put_session, terms_for
from governance.core.errors import GovernanceError
from governance.http.cookies import drop, forget_pages, put, read
from governance.http.principal import PrincipalKind
from governance.http.request import (
    check_csrf,
    check_same_site,
    is_https,
    open_to_all,
    principal_of,
    wiring_of,
)
from governance.i18n.catalogue import error_text
from governance.identity.credentials.entering import (
    enter_by_code,
    enter_by_passkey,
    enter_by_password,
    enter_by_second,
    passkey_asked,
)
from governance.identity.credentials.errors import BusyError, FactorRefusedError, TooSoonError
from governance.identity.credentials.terms import DEVICE_LIFE, STEP_LIFE
from governance.identity.credentials.types import Caller, Opened, Pending
from governance.identity.errors import SignInRefusedError
from governance.identity.middleware import SESSION_COOKIE, network_of
from governance.identity.store import revoke_sessions
from governance.identity.types import Level
from governance.signon.errors import LocalSignInOffError
from governance.signon.types import Audience
from governance.ui.pages import Surface
from governance.ui.parts import Mistake
from governance.ui.surfaces import lang_of, page_of, templates_of

router = APIRouter(include_in_schema=False)
HOMES: Final = {PrincipalKind.STAFF: "/console", PrincipalKind.PERSON: "/portal"}
DEVICE_COOKIE: Final = "sekisho_device"
Open = Depends(open_to_all)
Word = Annotated[str, Form()]
TOLD: Final = (SignInRefusedError, TooSoonError, BusyError, FactorRefusedError)


def _caller(request: Request) -> Caller:
    address = request.client.host if request.client else None
    return Caller(
        network=network_of(address),
        device=read(request, DEVICE_COOKIE, https=is_https(request)),
    )


@router.get("/sign-in", response_class=HTMLResponse, dependencies=[Open])
def sign_in_page(request: Request, code: str = "") -> str:
    """Every way in; or a button that spends the code of a link, as a mail scanner does not."""
    if code:
        page = page_of(request, "ui.sign_in.title", surface=Surface.PLAIN)
        return templates_of(request).render("app/sign_in_once.html", page, code=code)
    return _ways(request)


def _ways(request: Request, mistakes: tuple[Mistake, ...] = (), login: str = "") -> str:
    page = page_of(request, "ui.sign_in.title", surface=Surface.PLAIN)
    return templates_of(request).render(
        "app/sign_in.html",
        page,
        mistakes=mistakes,
        login=login[:64],
        providers=(
            *ways_in(request, Audience.STAFF, page.lang),
            *ways_in(request, Audience.CUSTOMERS, page.lang),
        ),
        local=wiring_of(request).settings.local_sign_in,
    )


def _busy(request: Request, error: BusyError) -> str:
    """The page for whoever comes beyond the queue: drawn once, so that a flood draws nothing."""
    page = page_of(request, "ui.sign_in.title", surface=Surface.PLAIN)
    if page.principal is not None:
        return _ways(request, _told(request, error, "login"))
    drawn: dict[tuple[str, ...], str] = request.app.state.busy_pages
    key = (page.lang.value, str(page.theme), str(page.keys))
    if key not in drawn:
        drawn[key] = _ways(request, _told(request, error, "login"))
    return drawn[key]


def _demand_local(request: Request) -> None:
    """Fails closed: where the company's sign-on is the only way, no password and passkey opens."""
    if not wiring_of(request).settings.local_sign_in:
        raise LocalSignInOffError


def _told(request: Request, error: GovernanceError, field: str) -> tuple[Mistake, ...]:
    return (Mistake(field_id=field, sentence=error_text(error, lang_of(request))),)


def _refused(content: str, error: GovernanceError) -> HTMLResponse:
    """The page again, with the error's status and when to come back."""
    response = HTMLResponse(content, status_code=error.status)
    if isinstance(error, TooSoonError):
        response.headers["retry-after"] = str(error.params["seconds"])
    if isinstance(error, BusyError):
        response.headers["retry-after"] = "5"
    return response


@router.post("/sign-in", dependencies=[Open])
async def sign_in_once(request: Request, code: Word = "") -> Response:
    """The session's cookie and the way home; an unknown, used or late code opens nothing."""
    check_same_site(request)
    wiring: Wiring = wiring_of(request)
    work = partial(
        enter_by_code,
        wiring.ports,
        terms_for(request),
        code.strip(),
        _caller(request),
        at=wiring.clock(),
    )
    return await _gone_on(request, await run_in_threadpool(work))


@router.post("/sign-in/password", dependencies=[Open])
async def by_password(request: Request, login: Word = "", password: Word = "") -> Response:
    """On to the second factor, or home; whatever was wrong is told in the same words."""
    check_same_site(request)
    _demand_local(request)
    wiring: Wiring = wiring_of(request)
    work = partial(
        enter_by_password,
        wiring.ports,
        request.app.state.hasher,
        terms_for(request),
        login,
        password,
        _caller(request),
        at=wiring.clock(),
    )
    try:
        found = await run_in_threadpool(work)
    except TOLD as error:
        if isinstance(error, BusyError):
            return _refused(_busy(request, error), error)
        return _refused(_ways(request, _told(request, error, "login"), login), error)
    return await _gone_on(request, found)


async def _gone_on(request: Request, found: Opened | Pending) -> Response:
    if isinstance(found, Pending):
        response: Response = RedirectResponse("/sign-in/second", status_code=303)
        seconds = int(STEP_LIFE.total_seconds())
        put(response, STEP_COOKIE, found.secret, https=is_https(request), seconds=seconds)
        return response
    return await _home(request, found, RedirectResponse(_place(found), status_code=303))


def _place(opened: Opened) -> str:
    if opened.session.level is Level.ENROLLING:
        return "/account"
    return HOMES.get(opened.session.kind, "/")


async def _home(request: Request, opened: Opened, response: Response) -> Response:
    """The response with the cookies of the session; the log has the sign-in."""
    wiring: Wiring = wiring_of(request)
    https = is_https(request)
    await run_in_threadpool(signed_in, wiring, opened.session, network=_caller(request).network)
    put_session(request, response, opened.session, opened.secret)
    drop(response, STEP_COOKIE, https=https)
    if opened.device is not None:
        seconds = int(DEVICE_LIFE.total_seconds())
        put(
            response,
            DEVICE_COOKIE,
            opened.device,
            https=https,
            seconds=seconds,
            same_site="strict",
        )
    return response


@router.get("/sign-in/second", response_class=HTMLResponse, dependencies=[Open])
def second_page(request: Request) -> str:
    """Where the code of the application is typed."""
    return _second(request)


def _second(request: Request, mistakes: tuple[Mistake, ...] = ()) -> str:
    page = page_of(request, "account.second.title", surface=Surface.PLAIN)
    return templates_of(request).render("app/sign_in_second.html", page, mistakes=mistakes)


@router.post("/sign-in/second", dependencies=[Open])
async def by_second(request: Request, code: Word = "") -> Response:
    """Home, when the code fits the sign-in that this browser began."""
    check_same_site(request)
    wiring: Wiring = wiring_of(request)
    work = partial(
        enter_by_second,
        wiring.ports,
        terms_for(request),
        read(request, STEP_COOKIE, https=is_https(request)),
        code,
        _caller(request),
        at=wiring.clock(),
    )
    try:
        opened = await run_in_threadpool(work)
    except TOLD as error:
        return _refused(_second(request, _told(request, error, "code")), error)
    return await _gone_on(request, opened)


@router.post("/sign-in/passkey/options", dependencies=[Open])
async def passkey_options(request: Request) -> Response:
    """What the browser needs to ask for a passkey; it names no account."""
    check_same_site(request)
    _demand_local(request)
    wiring: Wiring = wiring_of(request)
    work = partial(passkey_asked, wiring.ports, terms_for(request), at=wiring.clock())
    options, secret = await run_in_threadpool(work)
    response = JSONResponse(options)
    seconds = int(STEP_LIFE.total_seconds())
    put(response, STEP_COOKIE, secret, https=is_https(request), seconds=seconds)
    return response


@router.post("/sign-in/passkey", dependencies=[Open])
async def by_passkey(request: Request, answer: Word = "") -> Response:
    """The session's cookie, and where the browser goes next."""
    check_same_site(request)
    _demand_local(request)
    wiring: Wiring = wiring_of(request)
    work = partial(
        enter_by_passkey,
        wiring.ports,
        terms_for(request),
        read(request, STEP_COOKIE, https=is_https(request)),
        answer,
        _caller(request),
        at=wiring.clock(),
    )
    opened = await run_in_threadpool(work)
    return await _home(request, opened, JSONResponse({"next": _place(opened)}))


@router.post("/sign-out", dependencies=[Open])
async def sign_out(request: Request, csrf: Word = "") -> Response:
    """The session has ended on the server and the cookie is gone."""
    principal, place = principal_of(request), "/"
    if principal.session is not None:
        check_csrf(request, csrf)
        wiring: Wiring = wiring_of(request)
        work = partial(
            revoke_sessions, actor=principal.id, at=wiring.clock(), only=principal.session
        )
        await run_in_threadpool(wiring.database.write, work)
        place = await apart(partial(way_out, request, principal.session))
        if place == "/" and principal.kind is PrincipalKind.PERSON:
            place = SIGNED_OUT
    response = RedirectResponse(place, status_code=303)
    drop(response, SESSION_COOKIE, https=is_https(request))
    forget_pages(response)
    return response
