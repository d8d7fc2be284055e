"""アカウントの安全: the own password, second factors, recovery codes and sessions."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

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
from governance.ui.surfaces import lang_of, rendered_page
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
    return await rendered_page(
        request,
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


def _asked(
    request: Request, csrf: str, use: Callable[..., Any], *given: object, **named: object
) -> Callable[[], Any]:
    """The use case with what was given to it, for a form that is this page's own."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    return partial(use, wiring.ports, *given, at=wiring.clock(), **named)


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
    hasher, terms = request.app.state.hasher, terms_for(request)
    use, given = keeping.set_password, (hasher, terms, principal, password)
    work = _asked(request, csrf, use, *given, before=before)
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
    work = _asked(request, csrf, second.confirm_totp, terms_for(request), principal, code)
    return await _done(request, principal, work, field="code")


@router.post("/totp/remove")
async def remove_totp(request: Request, principal: Own, csrf: Csrf = "") -> Response:
    """The application counts no more."""
    work = _asked(request, csrf, second.remove_totp, terms_for(request), principal)
    return await _done(request, principal, work, field="totp")


@router.post("/recovery")
async def recovery(request: Request, principal: Own, csrf: Csrf = "") -> Response:
    """Fresh recovery codes, shown this once."""
    work = _asked(request, csrf, keeping.renew_recovery, principal)
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
    work = _asked(request, csrf, second.passkey_offered, terms_for(request), principal)
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
    step = read(request, STEP_COOKIE, https=is_https(request))
    given = (terms_for(request), principal, step, answer, name)
    work = _asked(request, csrf, second.add_passkey, *given)
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
    work = _asked(request, csrf, second.remove_passkey, terms_for(request), principal, passkey)
    return await _done(request, principal, work, field="passkeys")


@router.post("/sessions/end")
async def end_others(request: Request, principal: Own, csrf: Csrf = "") -> Response:
    """Every other session of the account has ended."""
    others = _asked(request, csrf, sessions.end_other_sessions, principal)

    def work() -> None:
        others()  # how many ended is no session that goes on

    return await _done(request, principal, work, field="sessions")


@router.post("/sessions/{session}/end")
async def end_one(request: Request, principal: Own, session: str, csrf: Csrf = "") -> Response:
    """The session has ended."""
    work = _asked(request, csrf, sessions.end_session, principal, session)
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
    return await rendered_page(
        request,
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
    hasher, use = request.app.state.hasher, sessions.prove_again
    work = _asked(request, csrf, use, hasher, principal, typed=code, password=password)
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
    step = read(request, STEP_COOKIE, https=is_https(request))
    given = (terms_for(request), principal, step, answer)
    work = _asked(request, csrf, sessions.prove_by_passkey, *given)
    await run_in_threadpool(work)
    return JSONResponse({"next": safe_return(next)})
