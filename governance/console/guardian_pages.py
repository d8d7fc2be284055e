"""親権者・後見人・代理人: who acts for a person, by what proof, recorded and ended by staff.

Rows go through the gate like those of `/v1/persons/{id}/relations`; who saw the proof is stamped. A
parent or guardian acts from the moment on which a second person confirms it; ending needs one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from governance.approvals.types import ApprovalId
from governance.console.frame import Csrf, again, answered, may, today, way
from governance.console.lists.guardians import GUARDIANS_WAITING
from governance.console.lists.source import demand, listed
from governance.console.pages import console_page
from governance.console.person import TreatedRow, treated_rows
from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, Lang, PurposeId, RowId, SubjectId
from governance.customers.master.types import RelationKind, VerifiedHow
from governance.customers.store import records_of
from governance.gateway.around.types import Entry
from governance.gateway.around.writing import put
from governance.gateway.guardianship import (
    Second,
    Standing,
    answer_second,
    ask_again,
    known_right,
    standings,
)
from governance.gateway.reading import read
from governance.gateway.types import ReadRequest, RowView, UnknownPersonError
from governance.gateway.writing.types import FieldsInvalidError
from governance.http.numbers import NumberSent
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import error_text, text
from governance.ui.parts import Choice, Mistake
from governance.ui.surfaces import lang_of, rendered_page
from policies.actions import Action
from policies.actors import decide_actor
from policies.api import require, snapshot_of
from policies.types import Verb

HOME: Final = "/console/persons"
TITLE: Final = "persons.guardians"
WAITING: Final = "persons.waiting"
TABLE: Final = "relation"
KIND: Final = FieldId("relation.kind")
PURPOSES: Final = (
    PurposeId("order_support"),
    PurposeId("dsar_fulfilment"),
)  # what the catalogue declares them for
NAMES: Final = (
    *("kind", "other_subject_id", "other_name", "verified_how", "verified_on"),
    *("valid_from", "valid_to", "until_majority", "notes"),
)
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.PERSON_READ))]
Writer = Annotated[Principal, Depends(require(Action.PERSON_WRITE))]
Decider = Annotated[Principal, Depends(require(Action.APPROVAL_DECIDE))]
Words = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One relation as the reader may see it, and whether it can be ended here."""

    row: RowId
    version: int | None
    shown: TreatedRow = field(repr=False)
    ends: str = field(repr=False)  # the last day that is on record
    over: bool
    second: Second
    approval: str  # that waits for a decision; empty for none
    until: datetime | None  # when it has waited too long


def _choices(words: type[StrEnum], column: str, lang: Lang) -> list[Choice]:
    key = f"customers.said.{TABLE}.{column}"
    return [Choice(value=one.value, label=text(f"{key}.{one.value}", lang)) for one in words]


def _purpose(request: Request, principal: Principal, verb: Verb) -> str:
    """The purpose for which the reader may do this to relations; the gate refuses where none is."""
    policy = snapshot_of(request)
    allowed = (
        name
        for name in PURPOSES
        if decide_actor(
            principal, policy, field=KIND, action=verb.value, purpose=name,
            resource={"subject": ""},
        )
    )  # fmt: skip
    return next(allowed, PURPOSES[0])


@router.get("/guardians", response_class=HTMLResponse)
async def waiting(request: Request, principal: Reader) -> str:
    """Who waits for a second person, of all persons; nobody by name."""
    demand(request, principal, GUARDIANS_WAITING)
    page = console_page(request, WAITING, principal)
    return await rendered_page(
        request,
        "console/guardians_waiting.html",
        page,
        found=await run_in_threadpool(listed, request, principal, GUARDIANS_WAITING),
        way=way(page.lang, ("console.nav.persons", HOME), (WAITING, "")),
    )


@router.get("/{subject}/guardians", response_class=HTMLResponse)
async def guardians(request: Request, principal: Reader, subject: str) -> str:
    """Who acts for this person, by what proof; the reading is recorded."""
    return await _page(request, principal, subject)


async def _page(
    request: Request,
    principal: Principal,
    subject: str,
    mistakes: tuple[Mistake, ...] = (),
    given: Mapping[str, str] | None = None,
) -> str:
    page = again(console_page(request, TITLE, principal), f"{HOME}/{subject}/guardians", mistakes)
    wiring, lang, day = wiring_of(request), page.lang, today(request)
    wanted = ReadRequest(
        subject=SubjectId(subject),
        purpose=_purpose(request, principal, Verb.READ),
        tables=(TABLE,),
        request_id=str(getattr(request.state, "request_id", "")) or None,
    )

    def look() -> tuple[Right, ...]:
        answer = read(wiring.ports, principal, wanted, at=wiring.clock())
        if not answer.known:
            raise UnknownPersonError  # fails closed: nobody is told who is on record
        rows = [one for one in answer.rows if one.table == TABLE]
        with wiring.database.read() as tx:
            kept = records_of(tx, SubjectId(subject), TABLE)
            hands = standings(tx, kept, at=wiring.clock())
        shown = zip(rows, treated_rows(answer, lang), strict=True)
        return tuple(_right(row, one, day, hands.get(row.row)) for row, one in shown)

    kind = (given or {}).get("kind") or RelationKind.PARENT.value
    return await rendered_page(
        request,
        "console/guardians.html",
        page,
        subject=subject,
        rights=await run_in_threadpool(look),
        kinds=_choices(RelationKind, "kind", lang),
        proofs=_choices(VerifiedHow, "verified_how", lang),
        given=dict.fromkeys(NAMES, "") | {"kind": kind} | dict(given or {}),
        fresh=given is None,
        today=day,
        writes=may(request, principal, Action.PERSON_WRITE),
        decides=may(request, principal, Action.APPROVAL_DECIDE),
        mistakes=mistakes,
        wrong={one.field_id: one.sentence for one in mistakes},
        way=way(
            lang,
            ("console.person.heading", f"{HOME}/{subject}"),
            (TITLE, ""),
        ),
    )


def _right(view: RowView, shown: TreatedRow, day: date, hand: Standing | None) -> Right:
    said = view.get("valid_to")
    ends = (said.shown.value or "") if said else ""
    waits = hand is not None and hand.second is Second.WAITING
    asked = hand.approval if hand is not None and waits else None
    return Right(
        second=hand.second if hand is not None else Second.NOT_NEEDED,
        approval=asked.id if asked is not None else "",
        until=asked.expires_at if asked is not None else None,
        row=view.row, version=view.version, shown=shown, ends=ends,
        over=bool(ends) and ends < day.isoformat(),
    )  # fmt: skip


@router.post("/{subject}/guardians")
async def record(
    request: Request,
    principal: Writer,
    subject: str,
    *,
    kind: Words = "",
    other_subject_id: Words = "",
    other_name: Words = "",
    verified_how: Words = "",
    verified_on: Words = "",
    valid_from: Words = "",
    valid_to: Words = "",
    until_majority: Words = "",
    notes: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The relation stands with its proof, its days, and who saw the proof."""
    check_csrf(request, csrf)
    said = (
        *(kind, other_subject_id, other_name, verified_how, verified_on),
        *(valid_from, valid_to, until_majority, notes),
    )
    given = dict(zip(NAMES, (one.strip() for one in said), strict=True))
    values: dict[str, Any] = {name: one for name, one in given.items() if one}
    if not given["verified_how"]:
        values.pop("verified_on", None)  # a day without a proof says nothing
    if given["until_majority"]:
        values["until_majority"] = True
    return await _put(request, principal, subject, values, given)


@router.post("/{subject}/guardians/{row}/end")
async def end(
    request: Request,
    principal: Writer,
    subject: str,
    row: str,
    *,
    version: NumberSent = 0,
    valid_to: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The right ends with this day; the row stays as evidence."""
    check_csrf(request, csrf)
    place = f"ends-{row}"
    return await _put(
        request, principal, subject, {"valid_to": valid_to.strip() or None}, None,
        row=RowId(row), version=version, place=lambda _: place,
    )  # fmt: skip


@router.post("/{subject}/guardians/{row}/second")
async def ask(
    request: Request, principal: Writer, subject: str, row: str, csrf: Csrf = ""
) -> Response:
    """The right waits for a second person, anew."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def act(tx: Connection) -> None:
        known_right(tx, wiring.ports, principal, SubjectId(subject), RowId(row))
        ask_again(tx, wiring.ports, principal, RowId(row), at=wiring.clock())

    return await _acted(request, principal, subject, row, act)


@router.post("/{subject}/guardians/{row}/answer")
async def decide(
    request: Request,
    principal: Decider,
    subject: str,
    row: str,
    *,
    approval: Words = "",
    answer: Words = "",
    csrf: Csrf = "",
) -> Response:
    """The parent or guardian acts from now on, or the request has ended without effect."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)

    def act(tx: Connection) -> None:
        known_right(tx, wiring.ports, principal, SubjectId(subject), RowId(row))
        give = answer == "confirm"
        answer_second(
            tx, wiring.ports, principal, RowId(row), ApprovalId(approval), give=give,
            at=wiring.clock(),
        )  # fmt: skip

    return await _acted(request, principal, subject, row, act)


async def _acted(
    request: Request,
    principal: Principal,
    subject: str,
    row: str,
    act: Callable[[Connection], None],
) -> Response:
    def work() -> str:
        wiring_of(request).database.write(act)
        return f"{HOME}/{subject}/guardians"

    async def page(mistakes: tuple[Mistake, ...]) -> str:
        return await _page(request, principal, subject, mistakes)

    return await answered(request, work, page, field=lambda _: f"second-{row}")


async def _put(
    request: Request,
    principal: Principal,
    subject: str,
    values: Mapping[str, Any],
    given: Mapping[str, str] | None,
    *,
    row: RowId | None = None,
    version: int | None = None,
    place: Callable[[str], str] = str,
) -> Response:
    wiring, lang = wiring_of(request), lang_of(request)
    entry = Entry(
        table=TABLE,
        subject=SubjectId(subject),
        values=values,
        purpose=_purpose(request, principal, Verb.WRITE),
        row=row,
        version=version,
        request_id=str(getattr(request.state, "request_id", "")) or None,
    )
    told: list[Mistake] = []

    def work() -> str:
        try:
            put(wiring.ports, principal, entry, at=wiring.clock())
        except FieldsInvalidError as error:
            told.extend(_mistakes(error, place, lang))
            raise
        return f"{HOME}/{subject}/guardians"

    async def page(mistakes: tuple[Mistake, ...]) -> str:
        return await _page(request, principal, subject, tuple(told) or mistakes, given)

    def field_of(_: GovernanceError) -> str:
        return place("kind")

    return await answered(request, work, page, field=field_of)


def _mistakes(error: FieldsInvalidError, place: Callable[[str], str], lang: Lang) -> list[Mistake]:
    found = [
        Mistake(field_id=place(name), sentence=error.detail(code, lang))
        for name, code in error.faults
    ]
    return found or [Mistake(field_id=place("kind"), sentence=error_text(error, lang))]
