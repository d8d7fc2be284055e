"""`/v1/breaches`: the register of breaches with the clocks of its reports (APPI 26; GDPR 33)."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy import Connection

from governance.gateway.api.asking import Asking, asking, in_thread
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.shapes import Moment, Strict, Words, of_words, taking
from governance.http.principal import Principal
from governance.registers.breaches import service
from governance.registers.breaches.service import LONGEST, Standing
from governance.registers.breaches.shapes import breach_shape
from governance.registers.breaches.types import BreachKind, Ground, Note, Outcome, Topic
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/breaches", tags=["breaches"])
Reader = Annotated[Principal, Depends(require(Action.BREACH_READ))]
Writer = Annotated[Principal, Depends(require(Action.BREACH_WRITE))]
Grounds = Annotated[list[Annotated[Ground, of_words(Ground)]], Field(max_length=len(Ground))]
OpenOnly = Annotated[bool, Query(alias="open", description="対応中だけ / Open records alone")]


class BreachIn(Strict):
    """What happened or may have happened, and when it became known."""

    kind: Annotated[BreachKind, of_words(BreachKind)]
    about: Words
    aware_at: Moment
    grounds: Grounds = Field(default_factory=list)


class GroundsIn(Strict):
    """The grounds that make it reportable (Rule 7); none: it is not."""

    grounds: Grounds


class NoteIn(Strict):
    """One item of the report (Rule 8(1)) in words."""

    item: Annotated[Topic, of_words(Topic)]
    words: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class ReportIn(Strict):
    """Which report was made."""

    rule: Words


class CloseIn(Strict):
    """How it ended."""

    outcome: Annotated[Outcome, of_words(Outcome)]


BREACH: Final = {
    "kind": "leak",
    "about": "mail-server-2",
    "aware_at": "2026-12-29T18:30:00+09:00",
    "grounds": ["many"],
}
GROUNDS: Final = {"grounds": ["many", "wrongful"]}
NOTE: Final = {"item": "outline", "words": "誤送信により宛先が他の顧客に表示された（架空）"}
REPORT: Final = {"rule": "appi_sokuho"}
CLOSE: Final = {"outcome": "reported"}


@router.get("")
async def breaches(
    request: Request,
    principal: Reader,
    open_: OpenOnly = False,  # noqa: FBT002 - a query parameter
) -> JSONResponse:
    """Records with their reports, the newest first."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = service.every(tx, asked.ports, principal, open_only=open_)
        return JSONResponse({"items": [breach_shape(one, at=asked.at) for one in found]})

    return await in_thread(work)


@router.post("", status_code=201, openapi_extra=taking(BreachIn, BREACH))
async def record_breach(request: Request, principal: Writer) -> JSONResponse:
    """The breach is in the register; its clocks run from when somebody knew."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(BreachIn, parsed(raw))

    def work(tx: Connection) -> Standing:
        made = service.record(
            tx,
            asked.ports,
            principal,
            given.kind,
            given.about,
            grounds=given.grounds,
            aware_at=given.aware_at,
            at=asked.at,
        )
        return service.standing(tx, made)

    return await in_thread(partial(_written, asked, work, status=201))


@router.get("/{breach}")
async def one_breach(request: Request, principal: Reader, breach: str) -> JSONResponse:
    """One record with its reports and everything that was written of it."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = service.look(tx, asked.ports, principal, breach)
            notes = service.notes(tx, asked.ports, principal, breach)
        shape = {**breach_shape(found, at=asked.at), "notes": [_note(one) for one in notes]}
        return JSONResponse(shape)

    return await in_thread(work)


@router.put("/{breach}/grounds", openapi_extra=taking(GroundsIn, GROUNDS))
async def weigh_breach(request: Request, principal: Writer, breach: str) -> JSONResponse:
    """These grounds make it reportable; the reports follow."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(GroundsIn, parsed(raw))
    work = _step(asked, service.weigh, breach, grounds=given.grounds)
    return await in_thread(partial(_written, asked, work))


@router.post("/{breach}/notes", status_code=201, openapi_extra=taking(NoteIn, NOTE))
async def note_breach(request: Request, principal: Writer, breach: str) -> JSONResponse:
    """The words stand as this item of the report; earlier ones are kept."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(NoteIn, parsed(raw))
    work = _step(asked, service.note, breach, topic=given.item, words=given.words)

    def done() -> JSONResponse:
        return JSONResponse(_note(asked.ports.database.write(work)), status_code=201)

    return await in_thread(done)


@router.post("/{breach}/reports", openapi_extra=taking(ReportIn, REPORT))
async def report_breach(request: Request, principal: Writer, breach: str) -> JSONResponse:
    """That this report was made is on record; twice is once."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(ReportIn, parsed(raw))
    work = _step(asked, service.report, breach, rule=given.rule)
    return await in_thread(partial(_written, asked, work))


@router.post("/{breach}/close", openapi_extra=taking(CloseIn, CLOSE))
async def close_breach(request: Request, principal: Writer, breach: str) -> JSONResponse:
    """The record has ended, by another person than who recorded it."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(CloseIn, parsed(raw))
    close = _step(asked, service.close, breach, outcome=given.outcome)
    return await in_thread(partial(_written, asked, lambda tx: service.standing(tx, close(tx))))


def _step(asked: Asking, use: Callable[..., Any], breach: str, **given: Any) -> Callable[..., Any]:
    return partial(
        use, ports=asked.ports, principal=asked.principal, breach=breach, at=asked.at, **given
    )


def _written(
    asked: Asking, work: Callable[[Connection], Standing], *, status: int = 200
) -> JSONResponse:
    found = asked.ports.database.write(work)
    return JSONResponse(breach_shape(found, at=asked.at), status_code=status)


def _note(one: Note) -> dict[str, Any]:
    return {
        "id": one.id,
        "item": one.topic.value,
        "words": one.words,
        "noted_by": one.noted_by,
        "noted_at": one.noted_at.isoformat(),
    }
