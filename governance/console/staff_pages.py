"""担当者のアカウント: the list, one account with its history, and what the operator does to it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from governance.console.frame import Csrf, again, answered, may, mistakes_of, said_field, way
from governance.console.lists.source import listed
from governance.console.lists.staff import HOME, STAFF
from governance.console.pages import console_page
from governance.console.staff_facts import account_terms, apart, history, role_choices
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.identity import lifecycle
from governance.identity.accounts import AccountUnknownError, NewStaff, add_staff, set_staff_mail
from governance.identity.overseeing import Whole, whole
from governance.identity.types import AccountState
from governance.ui.parts import Choice, Crumb, Mistake, Term
from governance.ui.surfaces import lang_of, rendered_page
from policies.actions import Action
from policies.api import StepUpNeededError, require, snapshot_of

router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.STAFF_READ))]
Writer = Annotated[Principal, Depends(require(Action.STAFF_WRITE))]
Word = Annotated[str, Form()]
NO_STORE: Final = {"cache-control": "no-store"}
CONFIRMED: Final = ("suspend", "resume", "sign-out", "reset", "end")  # each on its own page first
ACTS: Final[dict[str, Callable[..., Any]]] = {
    "suspend": lifecycle.suspend,
    "resume": lifecycle.resume,
    "sign-out": lifecycle.end_sessions,
    "reset": lifecycle.reset,
    "end": lifecycle.end_staff,
}


def _way(lang: Lang, *further: tuple[str, str]) -> tuple[Crumb, ...]:
    return way(lang, ("staff.title", HOME), *further)


@router.get("", response_class=HTMLResponse)
async def every(request: Request, principal: Reader) -> str:
    """Every employee's account, and the invitation of another for whoever may."""
    return await _list(request, principal)


async def _list(
    request: Request,
    principal: Principal,
    mistakes: tuple[Mistake, ...] = (),
    given: NewStaff | None = None,
    address: str = "",
) -> str:
    page = again(console_page(request, "staff.title", principal), HOME, mistakes)
    policy = snapshot_of(request)
    choices = role_choices(policy, page.lang)
    anybody = Choice(value="", label=text("staff.every_role", page.lang))
    role = request.query_params.get("role", "") if request.method == "GET" else ""
    return await rendered_page(
        request,
        "console/staff.html",
        page,
        found=await run_in_threadpool(listed, request, principal, STAFF),
        role=role,
        roles=[anybody, *(Choice(value=one.value, label=one.label) for one in choices)],
        choices=choices,
        apart=apart(policy, page.lang),
        writes=may(request, principal, Action.STAFF_WRITE),
        given=given or NewStaff(login="", display_name="", roles=frozenset()),
        address=address,
        langs=_langs(page.lang),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=_way(page.lang),
    )


def _langs(lang: Lang) -> list[Choice]:
    return [Choice(value=one.value, label=text(f"staff.lang.{one.value}", lang)) for one in Lang]


@router.post("")
async def invite(request: Request, principal: Writer) -> Response:
    """The account exists; a mail invites, or the page that answers shows its code this once."""
    form = await request.form()
    check_csrf(request, str(form.get("csrf", "")))
    wiring, address = wiring_of(request), str(form.get("address", "")).strip()
    new = NewStaff(
        login=str(form.get("login", "")).strip(),
        display_name=str(form.get("name", "")).strip(),
        roles=frozenset(str(one) for one in form.getlist("role")),
    )
    use: Callable[..., Any] = partial(add_staff, new=new)
    if address:
        use = partial(
            lifecycle.invite,
            new=new,
            address=address,
            origin=wiring.settings.origin,
            lang=_said_lang(str(form.get("lang", ""))),
        )
    work = partial(use, ports=wiring.ports, principal=principal, at=wiring.clock())
    try:
        code = await run_in_threadpool(wiring.database.write, work)
    except StepUpNeededError:
        raise
    except GovernanceError as error:
        told = mistakes_of(error, lang_of(request), field_id=_field(error))
        content = await _list(request, principal, told, new, address)
        return HTMLResponse(content, status_code=error.status)
    if code is None:
        return RedirectResponse(f"{HOME}/{new.login}", status_code=303)
    content = await _one(request, principal, new.login, code=str(code))
    return HTMLResponse(content, headers=NO_STORE)


def _said_lang(said: str) -> Lang:
    return Lang(said) if said in set(Lang) else Lang.JA


FIELDS: Final = {
    "login_form": "login",
    "login_taken": "login",
    "staff_mail_form": "address",
    "duties_apart": "role-1",
    "role_unknown": "role-1",
    "role_kind": "role-1",
}


def _field(error: GovernanceError) -> str:
    return FIELDS.get(error.code, "login")


@router.get("/{login}", response_class=HTMLResponse)
async def one(request: Request, principal: Reader, login: str) -> str:
    """One account: roles, factors, sessions, what the log says of it."""
    return await _one(request, principal, login)


async def _whole(request: Request, principal: Principal, login: str) -> Whole:
    wiring = wiring_of(request)

    def look() -> Whole:
        with wiring.database.read() as tx:
            return whole(tx, wiring.ports, principal, login, at=wiring.clock())

    try:
        return await run_in_threadpool(look)
    except AccountUnknownError:
        raise NotFoundError from None


async def _one(
    request: Request,
    principal: Principal,
    login: str,
    mistakes: tuple[Mistake, ...] = (),
    *,
    picked: frozenset[str] | None = None,
    code: str = "",
) -> str:
    found = await _whole(request, principal, login)
    wiring, policy, at = wiring_of(request), snapshot_of(request), wiring_of(request).clock()
    page = again(console_page(request, "staff.title", principal), f"{HOME}/{login}", mistakes)
    living = found.staff.state is not AccountState.ENDED
    own = found.staff.id == principal.id
    log = may(request, principal, Action.AUDIT_READ)
    return await rendered_page(
        request,
        "console/staff_account.html",
        page,
        found=found,
        at=at,
        terms=account_terms(found, page.lang, at=at),
        history=history(found, policy, page.lang, reads_log=log),
        labels={name: role.label[page.lang] for name, role in policy.roles.items()},
        choices=role_choices(policy, page.lang),
        picked=found.staff.roles if picked is None else picked,
        acts=living and not own and may(request, principal, Action.STAFF_WRITE),
        own=own and may(request, principal, Action.STAFF_WRITE),
        code=code,
        link=f"{wiring.settings.origin}/sign-in?code={code}" if code else "",
        langs=_langs(page.lang),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=_way(page.lang, ("staff.one", "")),
    )


@router.post("/{login}/roles")
async def roles(request: Request, principal: Writer, login: str) -> Response:
    """Exactly these roles are held from the next request on; the sessions have ended."""
    form = await request.form()
    check_csrf(request, str(form.get("csrf", "")))
    wanted = frozenset(str(one) for one in form.getlist("role"))
    use = partial(lifecycle.set_roles, roles=wanted)
    return await _done(request, principal, login, use, field="role-1", picked=wanted)


@router.post("/{login}/mail")
async def mail(
    request: Request,
    principal: Writer,
    login: str,
    address: Word = "",
    lang: Word = "",
    csrf: Csrf = "",
) -> Response:
    """Mails go to this address, in this language; an empty address takes it away."""
    check_csrf(request, csrf)
    use = partial(set_staff_mail, address=address.strip() or None, lang=_said_lang(lang))
    return await _done(request, principal, login, use, field="address")


@router.post("/{login}/invitation")
async def invitation(request: Request, principal: Writer, login: str, csrf: Csrf = "") -> Response:
    """A mail with a fresh one-time link is on its way."""
    check_csrf(request, csrf)
    found, wiring = await _whole(request, principal, login), wiring_of(request)
    use = partial(lifecycle.send_invitation, origin=wiring.settings.origin, lang=found.lang)
    return await _done(request, principal, login, use, field="invitation")


@router.get("/{login}/{act}", response_class=HTMLResponse)
async def confirm(request: Request, principal: Writer, login: str, act: str) -> str:
    """What the act means for the account, before it is done."""
    if act not in CONFIRMED:
        raise NotFoundError
    found = await _whole(request, principal, login)
    page = console_page(request, f"staff.act.{act}", principal)

    def say(key: str, **params: object) -> str:
        return text(f"staff.{key}", page.lang, **params)

    return await rendered_page(
        request,
        "confirm.html",
        page,
        heading=say(f"act.{act}"),
        question=say(f"ask.{act}", login=found.staff.login),
        consequences=(
            Term(term=say("login"), text=found.staff.login, note=found.staff.display_name),
            Term(term=say("effect"), text=say(f"effect.{act}")),
            Term(term=say("sessions"), text=say("sessions_now", n=len(found.sessions))),
        ),
        action=f"{HOME}/{login}/{act}",
        confirm_label=say(f"act.{act}"),
        back_href=f"{HOME}/{login}",
        grave=act in ("reset", "end"),
        hidden={},
        asked=_seen(page.lang) if act == "reset" else (),
        asks=say("seen"),
    )


def _seen(lang: Lang) -> tuple[Choice, ...]:
    """How somebody who lost everything was known again; nothing is chosen beforehand."""
    return tuple(
        Choice(value=one.value, label=text(f"staff.seen.{one.value}", lang))
        for one in lifecycle.Seen
    )


@router.post("/{login}/{act}")
async def do(
    request: Request, principal: Writer, login: str, act: str, seen: Word = "", csrf: Csrf = ""
) -> Response:
    """The act is done; a reset shows the one-time code that it made, this once."""
    check_csrf(request, csrf)
    if act not in ACTS:
        raise NotFoundError
    resets = act == "reset"
    known = lifecycle.Seen(seen) if seen in set(lifecycle.Seen) else None
    use = partial(ACTS[act], seen=known) if resets else ACTS[act]
    return await _done(request, principal, login, use, field="acts", shows=resets)


async def _done(
    request: Request,
    principal: Principal,
    login: str,
    use: Callable[..., Any],
    *,
    field: str,
    shows: bool = False,
    picked: frozenset[str] | None = None,
) -> Response:
    """The page of the account after the act, with the code that it made where it made one."""
    wiring, made = wiring_of(request), list[Any]()
    act = partial(use, ports=wiring.ports, principal=principal, login=login, at=wiring.clock())

    def work() -> str:
        try:
            made.append(wiring.database.write(act))
        except AccountUnknownError:
            raise NotFoundError from None
        return f"{HOME}/{login}"

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _one(request, principal, login, told, picked=picked)

    answer = await answered(request, work, page, field=said_field(field))
    if shows and made:
        content = await _one(request, principal, login, code=str(made[0]))
        return HTMLResponse(content, headers=NO_STORE)
    return answer
