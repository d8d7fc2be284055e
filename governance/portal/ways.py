"""サインインの方法: the own passkeys, and whether codes may come by SMS.

Every change of a passkey is asked for again by a code to the address on record. Without script the
page says that passkeys need it; codes by e-mail stay whatever is added or removed here.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from governance.core.errors import GovernanceError, NotFoundError
from governance.customers.master.types import ContactChannel, ContactKind, Wanted
from governance.gateway.around.own_wishes import say, wish_of
from governance.http.cookies import drop, put, read
from governance.http.principal import Principal
from governance.http.request import check_csrf, is_https, wiring_of
from governance.i18n.catalogue import error_text, text
from governance.identity.credentials.errors import FactorRefusedError
from governance.identity.credentials.passkeys import Site
from governance.identity.credentials.terms import STEP_LIFE
from governance.identity.persons import service
from governance.identity.persons.errors import CodeNeededError, PasskeysOffError
from governance.signon.errors import MailCodeRefusedError, MailSignInOffError, OwnAddressError
from governance.signon.mail_codes import deliver
from governance.signon.mail_rules import CODE_LIFE
from governance.signon.proving import ask, prove
from governance.ui.pages import Surface
from governance.ui.parts import Crumb, Mistake
from governance.ui.surfaces import lang_of, page_of, templates_of
from policies.actions import Action
from policies.api import require

router = APIRouter(include_in_schema=False)
PLACE: Final = "/portal/ways"
COOKIE: Final = "sekisho_portal_proof"  # of a code that is on its way, then of a passkey to be
SMS: Final = (ContactChannel.SMS, ContactKind.SERVICE)
SHOWN: Final = frozenset({"sent", "proved", "added", "removed", "sms_off", "sms_on"})
TOLD: Final = (MailCodeRefusedError, OwnAddressError, CodeNeededError, FactorRefusedError)
Word = Annotated[str, Form()]


async def own(principal: Annotated[Principal, Depends(require(Action.PORTAL_SELF))]) -> Principal:
    """The person themselves; 404 for whoever acts for a child."""
    if principal.acts_for is not None:
        raise NotFoundError
    return principal


Own = Annotated[Principal, Depends(own)]


def site_of(request: Request) -> Site:
    """For which site passkeys are made."""
    settings = wiring_of(request).settings
    return Site(origin=settings.origin, name=settings.company_ja)


@router.get(PLACE, response_class=HTMLResponse)
async def ways(request: Request, principal: Own, done: str = "") -> str:
    """How the person signs in, and what they may change of it."""
    return await run_in_threadpool(_page, request, principal, done=done)


def _page(
    request: Request,
    principal: Principal,
    *,
    done: str = "",
    error: GovernanceError | None = None,
    field_id: str = "",
) -> str:
    wiring, at = wiring_of(request), wiring_of(request).clock()
    page = page_of(request, "portal.ways.title", surface=Surface.PORTAL)
    settings = wiring.settings
    with wiring.database.read() as tx:
        passkeys = service.listed(tx, wiring.ports, principal)
        fresh = service.fresh(tx, principal, at=at)
        sms = wish_of(tx, service.own(principal), *SMS) is not Wanted.UNWANTED
    wrong = error_text(error, page.lang) if error else ""
    return templates_of(request).render(
        "portal/ways.html",
        page,
        passkeys=passkeys,
        fresh=fresh,
        asked=bool(read(request, COOKIE, https=is_https(request))) and not fresh,
        by_passkey=settings.portal_passkeys,
        by_mail=settings.portal_mail_sign_in,
        sms_codes=settings.sms_codes,
        sms=sms,
        minutes=int(CODE_LIFE.total_seconds() // 60),
        done=done if done in SHOWN else "",
        field_id=field_id,
        wrong=wrong,
        mistakes=(Mistake(field_id=field_id, sentence=wrong),) if wrong else (),
        contact=settings.contact_mail,
        way=(
            Crumb(label=text("portal.home.title", page.lang), href="/portal"),
            Crumb(label=text("portal.ways.title", page.lang)),
        ),
    )


async def _done(
    request: Request, principal: Principal, work: Callable[[], Any], *, then: str, field_id: str
) -> Response:
    """What was done, told after a redirect; or the page again with the mistake beside its field."""
    try:
        await run_in_threadpool(work)
    except TOLD as error:
        page = partial(_page, request, principal, error=error, field_id=field_id)
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    return RedirectResponse(f"{PLACE}?done={then}#passkeys", status_code=303)


@router.post(f"{PLACE}/code")
async def send_code(
    request: Request, later: BackgroundTasks, principal: Own, csrf: Word = ""
) -> Response:
    """A code is on its way to the own address on record."""
    check_csrf(request, csrf)
    wiring, at = wiring_of(request), wiring_of(request).clock()
    if not wiring.settings.portal_mail_sign_in:
        raise MailSignInOffError
    request.app.state.portal_throttle.pass_one(principal.network, at=at)
    try:
        asked = await run_in_threadpool(ask, wiring.ports, principal, at=at)
    except OwnAddressError as error:
        page = partial(_page, request, principal, error=error, field_id="send")
        return HTMLResponse(await run_in_threadpool(page), status_code=error.status)
    later.add_task(deliver, wiring.ports, asked, lang_of(request), at=at)
    response = RedirectResponse(f"{PLACE}?done=sent#passkeys", status_code=303, background=later)
    seconds = int(CODE_LIFE.total_seconds())
    put(response, COOKIE, asked.secret, https=is_https(request), seconds=seconds)
    return response


@router.post(f"{PLACE}/proof")
async def type_code(request: Request, principal: Own, code: Word = "", csrf: Word = "") -> Response:
    """The right code is spent, and the person proved for some minutes."""
    check_csrf(request, csrf)
    wiring, https = wiring_of(request), is_https(request)
    request.app.state.portal_throttle.pass_one(principal.network, at=wiring.clock())
    secret = read(request, COOKIE, https=https)
    work = partial(prove, wiring.ports, principal, secret, code[:40], at=wiring.clock())
    response = await _done(request, principal, work, then="proved", field_id="code")
    if response.status_code == 303:  # noqa: PLR2004 # the redirect after success
        drop(response, COOKIE, https=https)
    return response


def _demand_passkeys(request: Request) -> None:
    """Fails closed: where passkeys are switched off none is made, and none opens anything."""
    if not wiring_of(request).settings.portal_passkeys:
        raise PasskeysOffError


@router.post(f"{PLACE}/passkeys/options")
async def options(request: Request, principal: Own, csrf: Word = "") -> Response:
    """What the browser needs to make a passkey."""
    check_csrf(request, csrf)
    _demand_passkeys(request)
    wiring = wiring_of(request)
    work = partial(service.offered, wiring.ports, site_of(request), principal, at=wiring.clock())
    made, secret = await run_in_threadpool(work)
    response = JSONResponse(made)
    seconds = int(STEP_LIFE.total_seconds())
    put(response, COOKIE, secret, https=is_https(request), seconds=seconds)
    return response


@router.post(f"{PLACE}/passkeys")
async def add(
    request: Request, principal: Own, answer: Word = "", name: Word = "", csrf: Word = ""
) -> Response:
    """The passkey opens the person's pages from now on."""
    check_csrf(request, csrf)
    _demand_passkeys(request)
    wiring, https = wiring_of(request), is_https(request)
    work = partial(
        service.add,
        *(wiring.ports, site_of(request), principal, read(request, COOKIE, https=https)),
        *(answer, name),
        at=wiring.clock(),
    )
    await run_in_threadpool(work)
    response = JSONResponse({"next": f"{PLACE}?done=added"})
    drop(response, COOKIE, https=https)
    return response


@router.post(f"{PLACE}/passkeys/{{passkey}}/remove")
async def remove(request: Request, principal: Own, passkey: str, csrf: Word = "") -> Response:
    """The passkey opens nothing any more."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(service.remove, wiring.ports, principal, passkey[:36], at=wiring.clock())
    return await _done(request, principal, work, then="removed", field_id="passkeys")


@router.post(f"{PLACE}/sms")
async def by_sms(request: Request, principal: Own, choice: Word = "", csrf: Word = "") -> Response:
    """Whether codes may come by SMS, from now on."""
    check_csrf(request, csrf)
    if choice not in ("on", "off"):
        raise NotFoundError
    wiring, subject = wiring_of(request), service.own(principal)
    work = partial(
        say,
        ports=wiring.ports,
        principal=principal,
        subject=subject,
        channel=SMS[0],
        kind=SMS[1],
        wanted=Wanted.WANTED if choice == "on" else Wanted.UNWANTED,
        at=wiring.clock(),
    )
    await run_in_threadpool(wiring.database.write, work)
    return RedirectResponse(f"{PLACE}?done=sms_{choice}#sms", status_code=303)
