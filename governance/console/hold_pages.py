"""The officers' pages of legal holds: place, look at, release with a second person."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalId, ApprovalKind
from governance.console.frame import (
    Csrf,
    again,
    answered,
    may,
    said_field,
    today,
    way,
)
from governance.console.hold_facts import (
    condition_fields,
    matter_shown,
    number_words,
    table_choices,
)
from governance.console.lists.holds import HOLDS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.errors import GovernanceError
from governance.core.terms import SubjectId
from governance.documents.typesetting import can_typeset
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require
from retention.holds import releasing, service
from retention.holds.asked import wanted_of
from retention.holds.errors import HoldConditionError, HoldFormError, HoldPersonUnknownError
from retention.holds.types import Particulars, Placing, Preview

HOME: Final = "/console/holds"
TITLE: Final = "console.holds.title"
WHO: Final = ("persons", "condition", "everyone")
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.HOLD_READ))]
Placer = Annotated[Principal, Depends(require(Action.HOLD_PLACE))]
Releaser = Annotated[Principal, Depends(require(Action.HOLD_RELEASE))]
Words = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was written into the form of a new hold."""

    number: str = ""
    name: str = field(default="", repr=False)
    counsel: str = field(default="", repr=False)
    notes: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)
    expected_end: str = ""
    who: str = "persons"
    persons: str = ""
    conditions: str = ""
    tables: tuple[str, ...] = ()
    more: str = ""

    def placing(self) -> Placing:
        """The hold that was asked for; raises HoldFormError, HoldConditionError."""
        try:
            end = date.fromisoformat(self.expected_end) if self.expected_end else None
        except ValueError as error:
            raise HoldFormError(field="expected_end") from error
        wanted = wanted_of(
            persons=self.persons.split() if self.who == "persons" else (),
            everyone=self.who == "everyone",
            conditions=self.conditions.splitlines() if self.who == "condition" else (),
            what=(*self.tables, *self.more.split()),
        )
        said = Particulars(name=self.name, counsel=self.counsel, notes=self.notes)
        return Placing(
            number=self.number.strip(),
            wanted=wanted,
            reason=self.reason,
            particulars=said if self.name.strip() else None,
            expected_end=end,
        )


@router.get("", response_class=HTMLResponse)
async def holds(request: Request, principal: Reader) -> str:
    """Matters that stand, those that need a look first; released ones on demand."""
    page = console_page(request, TITLE, principal)
    released = request.query_params.get("released") == "yes"
    return await rendered_page(
        request,
        "console/holds.html",
        page,
        found=await run_in_threadpool(listed, request, principal, HOLDS),
        released=released,
        may_place=may(request, principal, Action.HOLD_PLACE),
        may_report=may(request, principal, Action.REPORT_READ),
        today=today(request),
        way=way(page.lang, (TITLE, HOME)),
    )


@router.get("/new", response_class=HTMLResponse)
async def new(request: Request, principal: Placer) -> str:
    """The form of a new hold, for a new matter or for one that stands."""
    asked = request.query_params
    given = Given(number=asked.get("number", ""), persons=asked.get("person", ""))
    return await _form(request, principal, given)


async def _form(
    request: Request,
    principal: Principal,
    given: Given,
    mistakes: tuple[Mistake, ...] = (),
    found: Preview | None = None,
) -> str:
    page = again(console_page(request, "console.holds.new", principal), f"{HOME}/new", mistakes)
    return await rendered_page(
        request,
        "console/hold_new.html",
        page,
        given=given,
        found=found,
        who=[Choice(value=one, label=text(f"console.holds.who.{one}", page.lang)) for one in WHO],
        tables=table_choices(page.lang),
        condition_fields=condition_fields(page.lang),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=way(page.lang, (TITLE, HOME), ("console.holds.new", "")),
    )


@router.post("/new")
async def place(
    request: Request,
    principal: Placer,
    *,
    number: Words = "",
    name: Words = "",
    counsel: Words = "",
    notes: Words = "",
    reason: Words = "",
    expected_end: Words = "",
    who: Words = "persons",
    persons: Words = "",
    conditions: Words = "",
    tables: Annotated[list[str] | None, Form()] = None,
    more: Words = "",
    step: Words = "preview",
    csrf: Csrf = "",
) -> Response:
    """Who would be held is shown first; the hold stands when the second step is answered."""
    check_csrf(request, csrf)
    given = Given(
        number=number,
        name=name,
        counsel=counsel,
        notes=notes,
        reason=reason,
        expected_end=expected_end,
        who=who,
        persons=persons,
        conditions=conditions,
        tables=tuple(tables or ()),
        more=more,
    )
    if step == "place":
        return await answered(
            request,
            partial(_placed, request, principal, given),
            partial(_form, request, principal, given),
            field=_field,
        )
    return await _previewed(request, principal, given)


def _placed(request: Request, principal: Principal, given: Given) -> str:
    wiring = wiring_of(request)
    placed = service.place(wiring.ports, principal, given.placing(), at=wiring.clock())
    return f"{HOME}/{placed.number}"


async def _previewed(request: Request, principal: Principal, given: Given) -> Response:
    wiring = wiring_of(request)
    found: list[Preview] = []

    def work() -> str:
        with wiring.database.read() as tx:
            found.append(service.preview(tx, wiring.ports, principal, given.placing()))
        return ""

    async def page(mistakes: tuple[Mistake, ...]) -> str:
        return await _form(request, principal, given, mistakes)

    refused = await answered(request, work, page, field=_field)
    if not found:
        return refused
    return HTMLResponse(await _form(request, principal, given, (), found[0]))


def _field(error: GovernanceError) -> str:
    """The field of the form that the refusal is about."""
    if isinstance(error, HoldConditionError):
        return "conditions"
    if isinstance(error, HoldPersonUnknownError):
        return "persons"
    named = str(error.params.get("field", "number"))
    return {
        "what": "more",
        "table": "more",
        "category": "more",
        "field": "more",
        "row": "more",
    }.get(named, named)


@router.get("/{number}", response_class=HTMLResponse)
async def matter(request: Request, principal: Reader, number: str) -> str:
    """One matter: what it is about, its persons, what waits, its history, what may come next."""
    return await _matter(request, principal, number)


async def _matter(
    request: Request, principal: Principal, number: str, mistakes: tuple[Mistake, ...] = ()
) -> str:
    href = f"{HOME}/{number}"
    page = again(console_page(request, "console.holds.one", principal), href, mistakes)
    wiring, after = wiring_of(request), request.query_params.get("after", "")

    def look() -> object:
        with wiring.database.read() as tx:
            return matter_shown(
                tx, wiring.ports, principal, number, page.lang, after=after, at=wiring.clock()
            )

    return await rendered_page(
        request,
        "console/hold.html",
        page,
        shown=await run_in_threadpool(look),
        heading=number_words(number, page.lang),
        href=href,
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        may_place=may(request, principal, Action.HOLD_PLACE),
        may_release=may(request, principal, Action.HOLD_RELEASE),
        prints=can_typeset(),
        way=way(page.lang, (TITLE, HOME), ("console.holds.one", "")),
    )


async def done(
    request: Request,
    principal: Principal,
    number: str,
    act: Callable[[Connection], object],
    *,
    field_id: str,
    then: Callable[[], object] = lambda: None,
) -> Response:
    """Back to the matter after the step; with the reason where it was refused."""
    database = wiring_of(request).database

    def work() -> str:
        database.write(act)
        then()
        return f"{HOME}/{number}"

    page = partial(_matter, request, principal, number)
    return await answered(request, work, page, field=said_field(field_id))


@router.post("/{number}/release")
async def ask(
    request: Request,
    principal: Placer,
    number: str,
    reason: Words = "",
    persons: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The release waits for a second person."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    act = partial(
        releasing.ask_release,
        ports=wiring.ports,
        approvals=Approvals(audit=wiring.audit, executors={}),
        principal=principal,
        number=number,
        reason=reason,
        persons=[SubjectId(one) for one in persons.split()],
        at=wiring.clock(),
    )
    return await done(request, principal, number, act, field_id="reason")


@router.post("/{number}/agree")
async def agree(
    request: Request,
    principal: Releaser,
    number: str,
    approval: Words = "",
    digest: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The second person agrees: the holds end, and erasures that waited go on."""
    check_csrf(request, csrf)
    wiring, released = wiring_of(request), releasing.PREFIX + number
    executors = {ApprovalKind.HOLD_RELEASE: releasing.release_executor(wiring.ports)}
    act = partial(
        Approvals(audit=wiring.audit, executors=executors).approve_and_execute,
        approval_id=ApprovalId(approval),
        digest=digest,
        by=principal,
        at=wiring.clock(),
    )
    finish = partial(
        releasing.finish_release, wiring.ports, principal, released, at=wiring.clock()
    )  # the runs themselves are driven by the clock
    return await done(request, principal, number, act, field_id="agree", then=finish)


@router.post("/{number}/review")
async def look_again(
    request: Request, principal: Placer, number: str, review_reason: Words = "", csrf: Csrf = ""
) -> Response:
    """The matter was looked at and goes on."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    act = partial(
        service.review,
        ports=wiring.ports,
        principal=principal,
        number=number,
        reason=review_reason,
        at=wiring.clock(),
    )
    return await done(request, principal, number, act, field_id="review_reason")
