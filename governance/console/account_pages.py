"""アカウントの安全: the own password, second factors, recovery codes and sessions."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.account_frame import (
    OPEN,
    STEP_COOKIE,
    Own,
    put_session,
    terms_for,
)
from governance.console.frame import Csrf, again, may, mistakes_of
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.http.cookies import drop, put, read
from governance.http.principal import Principal
from governance.http.request import check_csrf, is_https, wiring_of
from governance.identity.credentials import keeping, second, sessions, totp
from governance.identity.credentials.terms import STEP_LIFE
from governance.identity.types import Level
from governance.ui.parts import Mistake
from governance.ui.preferences import safe_return
from governance.ui.surfaces import lang_of, templates_of
from policies.actions import Action
from policies.api import StepUpNeededError

router = APIRouter(prefix="/account", include_in_schema=False, dependencies=OPEN)
HOME: Final = "/account"
Word = Annotated[str, Form()]


@router.get("", response_class=HTMLResponse)
async def account(request: Request, principal: Own) -> str:
    """What the account has, what is missing, and where it is signed in."""
    return await _account(request, principal)


async def _account(
    request: Request,
    principal: Principal,
    mistakes: tuple[Mistake, ...] = (),
    codes: tuple[str, ...] = (),
) -> str:
    page = again(console_page(request, "account.title", principal), HOME, mistakes)
    wiring, terms = wiring_of(request), terms_for(request)

    def look() -> tuple[keeping.Security, str | None]:
        with wiring.database.read() as tx:
            found = keeping.security_of(tx, principal, at=wiring.clock())
            return found, second.offered_totp(tx, wiring.ports, terms, principal)

    found, offered = await run_in_threadpool(look)
    return templates_of(request).render(
        "console/account.html",
        page,
        found=found,
        enrolling=found.mine.level is Level.ENROLLING
        or (principal.single and not found.factors.second),
        asks_before=found.factors.password_set_at is not None
        and found.mine.level in keeping.ASKED_BEFORE,
        shortest=terms.policy.shortest,
        mfa=terms.mfa,
        offered=offered,
        picture=None if offered is None else totp.picture(offered),
        key=None if offered is None else totp.secret_of(offered),
        codes=codes,
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        home=may(request, principal, Action.CONSOLE_OPEN),
    )


async def _done(
    request: Request,
    principal: Principal,
    work: Callable[[], second.Renewed | None],
    *,
    field: str,
) -> Response:
    """The page again after the work; with a new cookie when the session went on as another."""
    try:
        renewed = await run_in_threadpool(work)
    except StepUpNeededError:
        return RedirectResponse(f"{HOME}/confirm", status_code=303)
    except GovernanceError as error:
        told = mistakes_of(error, lang_of(request), field_id=field)
        return HTMLResponse(await _account(request, principal, told), status_code=error.status)
    response = RedirectResponse(HOME, status_code=303)
    if renewed is not None:
        put_session(request, response, renewed.session, renewed.secret)
    return response


@router.post("/password")
async def password(
    request: Request,
    principal: Own,
    password: Word = "",
    before: Word = "",
    csrf: Csrf = "",
) -> Response:
    """The new password stands; every other session has ended."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        keeping.set_password,
        wiring.ports,
        request.app.state.hasher,
        terms_for(request),
        principal,
        password,
        before=before,
        at=wiring.clock(),
    )
    return await _done(request, principal, work, field="password")


@router.post("/totp")
async def offer_totp(request: Request, principal: Own, csrf: Csrf = "") -> Response:
    """A secret is offered; it counts when its first code was typed."""
    check_csrf(request, csrf)
    work = partial(second.offer_totp, wiring_of(request).ports, principal)
    return await _done(request, principal, work, field="totp")


@router.post("/totp/confirm")
async def confirm_totp(
    request: Request, principal: Own, code: Word = "", csrf: Csrf = ""
) -> Response:
    """The application counts as a second factor."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        second.confirm_totp,
        wiring.ports,
        terms_for(request),
        principal,
        code,
        at=wiring.clock(),
    )
    return await _done(request, principal, work, field="code")


@router.post("/totp/remove")
async def remove_totp(request: Request, principal: Own, csrf: Csrf = "") -> Response:
    """The application counts no more."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        second.remove_totp, wiring.ports, terms_for(request), principal, at=wiring.clock()
    )
    return await _done(request, principal, work, field="totp")


@router.post("/recovery")
async def recovery(request: Request, principal: Own, csrf: Csrf = "") -> Response:
    """Fresh recovery codes, shown this once."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(keeping.renew_recovery, wiring.ports, principal, at=wiring.clock())
    try:
        codes = await run_in_threadpool(work)
    except StepUpNeededError:
        return RedirectResponse(f"{HOME}/confirm", status_code=303)
    except GovernanceError as error:
        told = mistakes_of(error, lang_of(request), field_id="recovery")
        return HTMLResponse(await _account(request, principal, told), status_code=error.status)
    return HTMLResponse(await _account(request, principal, codes=codes))


@router.post("/passkeys/options")
async def passkey_options(request: Request, principal: Own, csrf: Csrf = "") -> Response:
    """What the browser needs to make a passkey."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        second.passkey_offered, wiring.ports, terms_for(request), principal, at=wiring.clock()
    )
    options, secret = await run_in_threadpool(work)
    response = JSONResponse(options)
    seconds = int(STEP_LIFE.total_seconds())
    put(response, STEP_COOKIE, secret, https=is_https(request), seconds=seconds)
    return response


@router.post("/passkeys")
async def add_passkey(
    request: Request, principal: Own, answer: Word = "", name: Word = "", csrf: Csrf = ""
) -> Response:
    """The passkey opens the account from now on."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        second.add_passkey,
        wiring.ports,
        terms_for(request),
        principal,
        read(request, STEP_COOKIE, https=is_https(request)),
        answer,
        name,
        at=wiring.clock(),
    )
    renewed = await run_in_threadpool(work)
    response = JSONResponse({"next": HOME})
    drop(response, STEP_COOKIE, https=is_https(request))
    if renewed is not None:
        put_session(request, response, renewed.session, renewed.secret)
    return response


@router.post("/passkeys/{passkey}/remove")
async def remove_passkey(
    request: Request, principal: Own, passkey: str, csrf: Csrf = ""
) -> Response:
    """The passkey opens nothing any more."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        second.remove_passkey,
        wiring.ports,
        terms_for(request),
        principal,
        passkey,
        at=wiring.clock(),
    )
    return await _done(request, principal, work, field="passkeys")


@router.post("/sessions/end")
async def end_others(request: Request, principal: Own, csrf: Csrf = "") -> Response:
    """Every other session of the account has ended."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def work() -> None:
        sessions.end_other_sessions(wiring.ports, principal, at=wiring.clock())

    return await _done(request, principal, work, field="sessions")


@router.post("/sessions/{session}/end")
async def end_one(request: Request, principal: Own, session: str, csrf: Csrf = "") -> Response:
    """The session has ended."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(sessions.end_session, wiring.ports, principal, session, at=wiring.clock())
    return await _done(request, principal, work, field="sessions")


@router.get("/confirm", response_class=HTMLResponse)
async def confirm_page(request: Request, principal: Own) -> str:
    """Where staff prove anew who they are, before a grave act."""
    return await _confirm(request, principal, request.query_params.get("next", ""))


async def _confirm(
    request: Request, principal: Principal, next_: str, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, "account.confirm.title", principal), HOME, mistakes)
    wiring = wiring_of(request)

    def look() -> keeping.Security:
        with wiring.database.read() as tx:
            return keeping.security_of(tx, principal, at=wiring.clock())

    found = await run_in_threadpool(look)
    return templates_of(request).render(
        "console/account_confirm.html",
        page,
        factors=found.factors,
        next=safe_return(next_),
        mistakes=mistakes,
    )


@router.post("/confirm")
async def confirm(
    request: Request,
    principal: Own,
    code: Word = "",
    password: Word = "",
    next: Word = "",  # noqa: A002 # the field's name in the form
    csrf: Csrf = "",
) -> Response:
    """The proof is fresh, and the browser goes on where it came from."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        sessions.prove_again,
        wiring.ports,
        request.app.state.hasher,
        principal,
        typed=code,
        password=password,
        at=wiring.clock(),
    )
    try:
        await run_in_threadpool(work)
    except GovernanceError as error:
        told = mistakes_of(error, lang_of(request), field_id="code")
        content = await _confirm(request, principal, next, told)
        return HTMLResponse(content, status_code=error.status)
    return RedirectResponse(safe_return(next), status_code=303)


@router.post("/confirm/passkey")
async def confirm_by_passkey(
    request: Request,
    principal: Own,
    answer: Word = "",
    next: Word = "",  # noqa: A002 # the field's name in the form
    csrf: Csrf = "",
) -> Response:
    """The proof is fresh: the own passkey answered the challenge of the sign-in's address."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(
        sessions.prove_by_passkey,
        wiring.ports,
        terms_for(request),
        principal,
        read(request, STEP_COOKIE, https=is_https(request)),
        answer,
        at=wiring.clock(),
    )
    await run_in_threadpool(work)
    return JSONResponse({"next": safe_return(next)})
