"""`/v1/persons/{id}/relations/{row}/second`: the second person behind a parent or guardian."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from governance.approvals.types import ApprovalId
from governance.customers.store import Record
from governance.gateway.api.asking import Asking, asking, in_thread, person_id, row_id
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.shapes import Strict, Words, taking
from governance.gateway.guardianship import (
    Standing,
    answer_second,
    ask_again,
    known_right,
    standings,
)
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/persons/{person}/relations/{row}", tags=["persons"])
Writer = Annotated[Principal, Depends(require(Action.PERSON_WRITE))]
Decider = Annotated[Principal, Depends(require(Action.APPROVAL_DECIDE))]
EXAMPLE: Final = {"approval": "00000000-0000-4000-8000-000000000001", "confirm": True}


class AnswerIn(Strict):
    """What the second person decides about, and how."""

    approval: Words
    confirm: bool


@router.get("/second")
async def second(request: Request, principal: Writer, person: str, row: str) -> JSONResponse:
    """Where the record of a parent or guardian stands with its second person."""
    asked = asking(request, principal)
    return JSONResponse(await in_thread(_read, asked=asked, person=person, row=row))


@router.post("/second", status_code=202)
async def ask(request: Request, principal: Writer, person: str, row: str) -> JSONResponse:
    """The record waits for a second person; where it does already, that is told."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        def act(tx: Connection) -> str:
            record = _record(tx, asked, person, row)
            return ask_again(tx, asked.ports, principal, record.id, at=asked.at).id

        return JSONResponse({"approval_required": asked.ports.database.write(act)}, 202)

    return await in_thread(work)


@router.post("/second/answer", openapi_extra=taking(AnswerIn, EXAMPLE))
async def answer(request: Request, principal: Decider, person: str, row: str) -> JSONResponse:
    """The parent or guardian acts from now on, or the request has ended without effect."""
    asked, raw = asking(request, principal), await body_of(request)
    given = read_as(AnswerIn, parsed(raw))

    def act(tx: Connection) -> None:
        record = _record(tx, asked, person, row)
        approval = ApprovalId(row_id(given.approval))
        decided = partial(answer_second, tx, asked.ports, principal, record.id, approval)
        decided(give=given.confirm, at=asked.at)

    def work() -> JSONResponse:
        asked.ports.database.write(act)
        return JSONResponse(_read(asked, person, row))

    return await in_thread(work)


def _record(tx: Connection, asked: Asking, person: str, row: str) -> Record:
    return known_right(tx, asked.ports, asked.principal, person_id(person), row_id(row))


def _read(asked: Asking, person: str, row: str) -> dict[str, Any]:
    with asked.ports.database.read() as tx:
        record = _record(tx, asked, person, row)
        return _shape(standings(tx, [record], at=asked.at)[record.id])


def _shape(found: Standing) -> dict[str, Any]:
    asked = found.approval
    return {
        "row": found.row,
        "second": found.second.value,
        "approval": None if asked is None else asked.id,
        "expires_at": None if asked is None else asked.expires_at.isoformat(),
    }
