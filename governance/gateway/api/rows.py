"""Rows about a person over HTTP: purchases, inquiries, deals, and the rows around the register."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from governance.gateway.api.asking import (
    CHILDREN,
    asking,
    fields_of,
    in_thread,
    listed,
    person_id,
    purpose_of,
    row_id,
    table_in,
)
from governance.gateway.api.bodies import PATCH, body_of, once_of, parsed
from governance.gateway.api.present import basis_json, row_json, tagged, view_json, written_answer
from governance.gateway.api.queries import (
    AROUND,
    WRITABLE_CHILDREN,
    After,
    AroundKind,
    Fields,
    Kind,
    Limit,
    Purpose,
    Reader,
    WritableKind,
    WriterOf,
)
from governance.gateway.api.reads import rows_of_person
from governance.gateway.api.writes import corrected_row, row_about
from governance.gateway.around.types import Removal
from governance.gateway.around.views import thread, wishes
from governance.gateway.around.writing import remove
from governance.gateway.writing.errors import UnknownRowError

router = APIRouter(prefix="/v1", tags=["persons"])


@router.get("/persons/{person}/wishes")
async def wishes_of_person(
    request: Request, principal: Reader, person: str, purpose: Purpose
) -> JSONResponse:
    """What the person wishes about each channel and kind of contact; a wish is no consent."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        subject, name = person_id(person), purpose_of(asked, purpose)
        asked.read_one(
            asked.wanted("channel_permission", subject=subject, purpose=name, fields=None)
        )
        found = wishes(asked.ports, asked.principal, subject, purpose=purpose, at=asked.at)
        items = [
            {"channel": channel.value, "kind": kind.value, "wanted": wanted.value}
            for (channel, kind), wanted in found.items()
        ]
        return JSONResponse({"items": items})

    return await in_thread(work)


@router.get("/persons/{person}/inquiries/{row}/thread")
async def thread_of_inquiry(
    request: Request, principal: Reader, person: str, row: str, purpose: Purpose
) -> JSONResponse:
    """The messages of an inquiry, oldest first: the question, the answer, what followed."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        subject, inquiry, name = person_id(person), row_id(row), purpose_of(asked, purpose)
        asked.read_one(
            asked.wanted("inquiry", subject=subject, purpose=name, fields=None, row=inquiry)
        )
        found = thread(asked.ports, asked.principal, subject, inquiry, purpose=purpose, at=asked.at)
        items: list[dict[str, Any]] = [
            {
                "row": message.row,
                "direction": message.direction.value,
                "author": message.author.value,
                "channel": message.channel,
                "at": message.at,
                "body": view_json(message.body),
            }
            for message in found
        ]
        return JSONResponse({"items": items})

    return await in_thread(work)


@router.get("/persons/{person}/{kind}")
async def rows_about_person(
    request: Request,
    principal: Reader,
    person: str,
    kind: Kind,
    purpose: Purpose,
    fields: Fields = None,
    after: After = None,
    limit: Limit = 50,
) -> JSONResponse:
    """A page of the person's rows of one kind, oldest first."""
    asked = asking(request, principal, outside=True)
    table = table_in(CHILDREN, kind)
    return JSONResponse(
        await in_thread(
            rows_of_person,
            asked=asked,
            table=table,
            subject=person_id(person),
            purpose=purpose_of(asked, purpose),
            fields=fields_of(table, listed(fields)),
            after=row_id(after) if after else None,
            limit=limit,
        )
    )


@router.post("/persons/{person}/{kind}", status_code=201)
async def add_row(
    request: Request, principal: WriterOf, person: str, kind: WritableKind, purpose: Purpose
) -> JSONResponse:
    """A new row about this person."""
    asked = asking(request, principal)
    body = await body_of(request)

    def work() -> JSONResponse:
        table, subject = table_in(WRITABLE_CHILDREN, kind), person_id(person)
        once = once_of(request, principal, body)
        name = purpose_of(asked, purpose)
        made = row_about(parsed(body), table, subject=subject, asked=asked, purpose=name)
        done = asked.store(made, purpose=name, once=once)
        return written_answer(done, asked.lang, request=request, child=True)

    return await in_thread(work)


@router.get("/persons/{person}/{kind}/{row}")
async def read_row(
    request: Request,
    principal: Reader,
    person: str,
    kind: Kind,
    row: str,
    purpose: Purpose,
    fields: Fields = None,
) -> JSONResponse:
    """One row about this person."""
    asked = asking(request, principal, outside=True)

    def work() -> JSONResponse:
        table = table_in(CHILDREN, kind)
        answer = asked.read_one(
            asked.wanted(
                table,
                subject=person_id(person),
                purpose=purpose_of(asked, purpose),
                fields=fields_of(table, listed(fields)),
                row=row_id(row),
            )
        )
        if not answer.rows:
            raise UnknownRowError
        return tagged({**row_json(answer.rows[0]), **basis_json(answer)})

    return await in_thread(work)


@router.patch("/persons/{person}/{kind}/{row}")
async def correct_row(
    request: Request,
    principal: WriterOf,
    person: str,
    kind: WritableKind,
    row: str,
    purpose: Purpose,
) -> JSONResponse:
    """The row has the new values (JSON merge patch; null empties a field)."""
    asked = asking(request, principal)
    body = await body_of(request, types=PATCH)

    def work() -> JSONResponse:
        table, subject = table_in(WRITABLE_CHILDREN, kind), person_id(person)
        once = once_of(request, principal, body)
        name, place, document = purpose_of(asked, purpose), row_id(row), parsed(body)
        told = corrected_row(
            request, document, table, subject=subject, row=place, asked=asked, purpose=name
        )
        done = asked.store(told, purpose=name, once=once)
        return written_answer(done, asked.lang, request=request, child=True)

    return await in_thread(work)


@router.delete("/persons/{person}/{kind}/{row}", status_code=204)
async def remove_row(
    request: Request,
    principal: WriterOf,
    person: str,
    kind: AroundKind,
    row: str,
    purpose: Purpose,
) -> Response:
    """A row that was said wrongly, or that no longer fits, is gone; a held person's row stays."""
    asked = asking(request, principal)

    def work() -> Response:
        removal = Removal(
            table=table_in(AROUND, kind),
            subject=person_id(person),
            row=row_id(row),
            purpose=purpose_of(asked, purpose),
            request_id=asked.request_id,
        )
        remove(asked.ports, asked.principal, removal, at=asked.at)
        return Response(status_code=204)

    return await in_thread(work)
