"""漏えい等の記録簿: records with their clocks; one breach, its reports, what was done (APPI 26)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.console.breach_facts import BreachShown, breach_shown, ground_choices
from governance.console.frame import Csrf, again, answered, may, way
from governance.console.lists.breaches import BREACHES, HOME
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.clock import JST
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang
from governance.documents.typesetting import can_typeset
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.registers.breaches import service
from governance.registers.breaches.types import (
    BreachAboutError,
    BreachFormError,
    BreachKind,
    Ground,
    Outcome,
    Topic,
)
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require

TITLE: Final = "breaches.title"
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.BREACH_READ))]
Writer = Annotated[Principal, Depends(require(Action.BREACH_WRITE))]
Word = Annotated[str, Form()]
Several = Annotated[list[str] | None, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What was written into the form of a new record."""

    kind: str = ""
    about: str = ""
    grounds: frozenset[str] = frozenset()
    aware_on: str = ""
    aware_time: str = ""


def _choices(words: type[StrEnum], group: str, lang: Lang) -> list[Choice]:
    return [Choice(value=one.value, label=text(f"{group}.{one.value}", lang)) for one in words]


def _known(words: type[StrEnum], *names: str) -> None:
    """Fails closed: a form that names something else is none of ours."""
    if not set(names) <= {one.value for one in words}:
        raise NotFoundError


@router.get("", response_class=HTMLResponse)
async def breaches(request: Request, principal: Reader) -> str:
    """Records with the report that comes next."""
    return await _breaches(request, principal, Entered())


async def _breaches(
    request: Request, principal: Principal, given: Entered, mistakes: tuple[Mistake, ...] = ()
) -> str:
    page = again(console_page(request, TITLE, principal), HOME, mistakes)
    now = wiring_of(request).clock().astimezone(JST)
    return await rendered_page(
        request,
        "console/breaches.html",
        page,
        found=await run_in_threadpool(listed, request, principal, BREACHES),
        given=given,
        now=now,
        kinds=_choices(BreachKind, "cli.breach.kind", page.lang),
        grounds=ground_choices(page.lang),
        may_write=may(request, principal, Action.BREACH_WRITE),
        may_report=may(request, principal, Action.REPORT_READ),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=way(page.lang, (TITLE, HOME)),
    )


@router.post("/record")
async def record(
    request: Request,
    principal: Writer,
    kind: Word = "",
    about: Word = "",
    aware_on: Word = "",
    aware_time: Word = "",
    ground: Several = None,
    csrf: Csrf = "",
) -> Response:
    """The breach is in the register; its clocks run from when somebody knew."""
    check_csrf(request, csrf)
    grounds = ground or []
    _known(BreachKind, kind)
    _known(Ground, *grounds)
    wiring = wiring_of(request)

    def work(tx: Connection) -> str:
        made = service.record(
            tx,
            wiring.ports,
            principal,
            BreachKind(kind),
            about.strip(),
            grounds=map(Ground, grounds),
            aware_at=_aware(aware_on, aware_time),
            at=wiring.clock(),
        )
        return f"{HOME}/{made.id}"

    async def page(told: tuple[Mistake, ...]) -> str:
        given = Entered(
            kind=kind,
            about=about,
            grounds=frozenset(grounds),
            aware_on=aware_on,
            aware_time=aware_time,
        )
        return await _breaches(request, principal, given, told)

    def field(error: GovernanceError) -> str:
        return "about" if isinstance(error, BreachAboutError) else "aware_on"

    return await answered(request, lambda: wiring.database.write(work), page, field=field)


def _aware(day: str, time: str) -> datetime:
    """The moment in Japan that was written."""
    try:
        return datetime.strptime(f"{day.strip()} {time.strip()}", "%Y-%m-%d %H:%M").replace(
            tzinfo=JST
        )
    except ValueError:
        raise BreachFormError from None


@router.get("/{breach}", response_class=HTMLResponse)
async def breach(request: Request, principal: Reader, breach: str) -> str:
    """One record with its clocks, what was written, and what may come next."""
    return await _breach(request, principal, breach)


async def _breach(
    request: Request,
    principal: Principal,
    breach: str,
    mistakes: tuple[Mistake, ...] = (),
    written: tuple[str, str] = ("", ""),
) -> str:
    page = again(console_page(request, "breaches.one", principal), f"{HOME}/{breach}", mistakes)
    wiring, lang = wiring_of(request), page.lang

    def look() -> BreachShown:
        with wiring.database.read() as tx:
            at = wiring.clock()
            return breach_shown(tx, wiring.ports, principal, breach, lang, at=at)

    return await rendered_page(
        request,
        "console/breach.html",
        page,
        shown=await run_in_threadpool(look),
        href=f"{HOME}/{breach}",
        outcomes=_choices(Outcome, "breaches.outcome", lang),
        writes=may(request, principal, Action.BREACH_WRITE),
        prints=can_typeset(),
        written=written,
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=way(lang, (TITLE, HOME), ("breaches.one", "")),
    )


async def _done(
    request: Request,
    principal: Principal,
    breach: str,
    work: Callable[..., Any],
    *,
    field: str,
    written: tuple[str, str] = ("", ""),
    place: str = "",
) -> Response:
    """Back to the record after the step; or with the reason why it is not possible."""
    wiring = wiring_of(request)
    step = partial(work, ports=wiring.ports, principal=principal, breach=breach, at=wiring.clock())

    def done() -> str:
        wiring.database.write(step)
        return f"{HOME}/{breach}{place}"

    async def page(told: tuple[Mistake, ...]) -> str:
        return await _breach(request, principal, breach, told, written)

    return await answered(request, done, page, field=field)


@router.post("/{breach}/grounds")
async def weigh(
    request: Request, principal: Writer, breach: str, ground: Several = None, csrf: Csrf = ""
) -> Response:
    """These grounds make it reportable; its clocks follow."""
    check_csrf(request, csrf)
    _known(Ground, *(ground or ()))
    work = partial(service.weigh, grounds=[Ground(one) for one in ground or ()])
    return await _done(request, principal, breach, work, field="grounds", place="#clocks")


@router.post("/{breach}/items")
async def note(
    request: Request,
    principal: Writer,
    breach: str,
    item: Word = "",
    words: Word = "",
    csrf: Csrf = "",
) -> Response:
    """The words stand as this item of the report."""
    check_csrf(request, csrf)
    _known(Topic, item)
    work = partial(service.note, topic=Topic(item), words=words)
    field = f"item-{item}"
    return await _done(
        request, principal, breach, work, field=field, written=(item, words), place=f"#about-{item}"
    )


@router.post("/{breach}/reports")
async def report(
    request: Request, principal: Writer, breach: str, rule: Word = "", csrf: Csrf = ""
) -> Response:
    """That this report was made is on record."""
    check_csrf(request, csrf)
    work = partial(service.report, rule=rule)
    return await _done(request, principal, breach, work, field="clocks", place="#clocks")


@router.post("/{breach}/close")
async def close(
    request: Request, principal: Writer, breach: str, outcome: Word = "", csrf: Csrf = ""
) -> Response:
    """The record has ended, by another person than who recorded it."""
    check_csrf(request, csrf)
    _known(Outcome, outcome)
    work = partial(service.close, outcome=Outcome(outcome))
    return await _done(request, principal, breach, work, field="outcome")
