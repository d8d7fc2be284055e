"""Customers sign in to the portal: an e-mail address, then the code that it received.

Two pages and no script. Whatever address is typed the same page follows, after the same work; the
code is typed in the browser that asked for it. One cookie is kept, of the session; before it one
of ten minutes.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Annotated, Final
from urllib.parse import urlencode

import anyio
from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from governance.app.sign_on_pages import ways_in
from governance.app.staff import signed_in
from governance.app.wiring import Wiring
from governance.console.account_frame import put_session
from governance.core.errors import GovernanceError
from governance.core.settings import Settings
from governance.http.cookies import drop, put, read
from governance.http.principal import PrincipalKind
from governance.http.refusals import refuse_evenly
from governance.http.request import (
    check_same_site,
    is_https,
    open_to_all,
    principal_of,
    wiring_of,
)
from governance.i18n.catalogue import error_text
from governance.identity.types import Session
from governance.signon.errors import (
    AddressFormError,
    AddressMovedError,
    MailCodeRefusedError,
    MailSignInOffError,
    SharedAddressError,
)
from governance.signon.mail_codes import begin, deliver, enter
from governance.signon.mail_rules import CODE_LIFE
from governance.signon.types import Audience
from governance.ui.pages import Surface
from governance.ui.parts import Mistake
from governance.ui.preferences import safe_return
from governance.ui.surfaces import lang_of, page_of, templates_of

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)])
PLACE: Final = "/portal/sign-in"
CODE: Final = f"{PLACE}/code"
SIGNED_OUT: Final = f"{PLACE}?out=yes"
COOKIE: Final = "sekisho_portal_step"  # of a sign-in that is half done
HOME: Final = "/portal"
LONGEST: Final = 254  # characters of an address (RFC 5321, 4.5.3.1.3)
Word = Annotated[str, Form()]


def onward(path: str) -> str:
    """Where a customer goes on after signing in: a page of the portal, else its home."""
    safe = safe_return(path[:512])
    return safe if safe.startswith(f"{HOME}/") and not safe.startswith(PLACE) else HOME


def way_in(path: str) -> str:
    """The address of the sign-in page that comes back to this path."""
    then = onward(path)
    return PLACE if then == HOME else f"{PLACE}?{urlencode({'next': then})}"


@router.get(PLACE, response_class=HTMLResponse)
async def ask_address(request: Request, next: str = "", out: str = "") -> Response:  # noqa: A002 # the parameter's name in the address
    """The form for the address; whoever is signed in as a customer goes on.

    `out`: the session has just ended, as the page says.
    """
    if principal_of(request).kind is PrincipalKind.PERSON:
        return RedirectResponse(onward(next), status_code=303)
    return HTMLResponse(_address_page(request, onward(next), out=bool(out)))


@router.post(PLACE)
async def send_code(
    request: Request,
    later: BackgroundTasks,
    address: Word = "",
    next: Word = "",  # noqa: A002
) -> Response:
    """The same answer whatever address was typed; whose it is, is looked up after it has left."""
    wiring = _demand(request)
    network, at, then = principal_of(request).network, wiring.clock(), onward(next)
    try:
        asked = await run_in_threadpool(begin, wiring.ports, address[: LONGEST + 1], network, at=at)
    except AddressFormError as error:
        page = _address_page(request, then, error=error, typed=address[:LONGEST])
        return HTMLResponse(page, status_code=error.status)
    later.add_task(deliver, wiring.ports, asked, lang_of(request), at=at)
    place = CODE if then == HOME else f"{CODE}?{urlencode({'next': then})}"
    response = RedirectResponse(place, status_code=303, background=later)
    seconds = int(CODE_LIFE.total_seconds())
    put(response, COOKIE, asked.secret, https=is_https(request), seconds=seconds)
    return response


@router.get(CODE, response_class=HTMLResponse)
async def ask_code(request: Request, next: str = "") -> str:  # noqa: A002
    """The form for the code, for everybody alike."""
    return _code_page(request, onward(next))


@router.post(CODE)
async def by_code(request: Request, code: Word = "", next: Word = "") -> Response:  # noqa: A002
    """The session's cookie and the way on; wrong, late and used codes are refused alike."""
    wiring, asked_at = _demand(request), anyio.current_time()
    network, then, https = principal_of(request).network, onward(next), is_https(request)
    work = partial(
        enter,
        wiring.ports,
        read(request, COOKIE, https=https),
        code[:40],
        lasting=timedelta(minutes=wiring.settings.portal_session_minutes),
        network=network,
        at=wiring.clock(),
    )
    try:
        opened: tuple[Session, str] = await run_in_threadpool(work)
    except (MailCodeRefusedError, SharedAddressError, AddressMovedError) as error:
        page = _code_page(request, then, error=error)
        await refuse_evenly(asked_at)
        return HTMLResponse(page, status_code=error.status)
    return await entered(request, RedirectResponse(then, status_code=303), *opened, step=COOKIE)


async def entered(
    request: Request, response: Response, session: Session, secret: str, *, step: str
) -> Response:
    """The browser holds the session and no more the step before it; the log names who came in."""
    network = principal_of(request).network
    await run_in_threadpool(signed_in, wiring_of(request), session, network=network)
    put_session(request, response, session, secret)
    drop(response, step, https=is_https(request))
    return response


def _demand(request: Request) -> Wiring:
    return demand(request, lambda settings: settings.portal_mail_sign_in, MailSignInOffError)


def demand(request: Request, on: Callable[[Settings], bool], off: type[GovernanceError]) -> Wiring:
    """Fails closed: another site's form, a way in that is switched off, and too many of them."""
    check_same_site(request)
    wiring: Wiring = wiring_of(request)
    if not on(wiring.settings):
        raise off
    request.app.state.portal_throttle.pass_one(principal_of(request).network, at=wiring.clock())
    return wiring


def _address_page(
    request: Request,
    then: str,
    *,
    error: GovernanceError | None = None,
    typed: str = "",
    out: bool = False,
) -> str:
    page = page_of(request, "portal.sign_in.title", surface=Surface.PORTAL)
    settings = wiring_of(request).settings
    wrong = error_text(error, page.lang) if error else ""
    return templates_of(request).render(
        "portal/sign_in.html",
        replace(page, invalid=error is not None),
        providers=ways_in(request, Audience.CUSTOMERS, page.lang),
        by_mail=settings.portal_mail_sign_in,
        by_passkey=settings.portal_passkeys,
        contact=settings.contact_mail,
        then=then,
        out=out,
        typed=typed,
        wrong=wrong,
        mistakes=(Mistake(field_id="address", sentence=wrong),) if wrong else (),
    )


def _code_page(request: Request, then: str, *, error: GovernanceError | None = None) -> str:
    page = page_of(request, "portal.sign_in.code_title", surface=Surface.PORTAL)
    wrong = error_text(error, page.lang) if error else ""
    return templates_of(request).render(
        "portal/sign_in_code.html",
        replace(page, invalid=error is not None),
        contact=wiring_of(request).settings.contact_mail,
        minutes=int(CODE_LIFE.total_seconds() // 60),
        by_passkey=wiring_of(request).settings.portal_passkeys,
        then=then,
        wrong=wrong,
        mistakes=(Mistake(field_id="code", sentence=wrong),) if wrong else (),
    )
