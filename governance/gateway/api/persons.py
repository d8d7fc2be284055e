"""`/v1/persons`: the register of persons over HTTP. Every reading and writing goes the gate's way.

Purpose, fields and reasons stand in the address; a value of a person never does.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

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
from governance.gateway.api.errors import DeleteByRequestError
from governance.gateway.api.present import answer_json, basis_json, row_json, written_answer
from governance.gateway.api.queries import (
    WRITABLE_CHILDREN,
    After,
    Fields,
    Kind,
    Limit,
    Purpose,
    Reader,
    Searcher,
    WritableKind,
    WriterOf,
)
from governance.gateway.api.reads import register_page, rows_of_person
from governance.gateway.api.writes import correction, new_person, new_row
from governance.gateway.writing.errors import UnknownRowError
from governance.http.problems import language_of, problem_response

router = APIRouter(prefix="/v1", tags=["persons"])


@router.get("/persons")
async def persons(
    request: Request,
    principal: Searcher,
    purpose: Purpose,
    fields: Fields = None,
    after: After = None,
    limit: Limit = 50,
) -> JSONResponse:
    """A page of persons of whom something may be shown for this purpose; each is on record."""
    asked = asking(request, principal)
    return JSONResponse(
        await in_thread(
            register_page,
            asked=asked,
            table="person",
            purpose=purpose_of(asked, purpose),
            fields=fields_of("person", listed(fields)),
            after=row_id(after) if after else None,
            limit=limit,
        )
    )


@router.post("/persons", status_code=201)
async def create_person(request: Request, principal: WriterOf, purpose: Purpose) -> JSONResponse:
    """A new person is stored: normalised, searched for numbers and 要配慮, sealed, indexed."""
    asked = asking(request, principal)
    body = await body_of(request)

    def work() -> JSONResponse:
        item = new_person(parsed(body))
        once = once_of(request, principal, body)
        done = asked.write([item], purpose=purpose_of(asked, purpose), once=once)
        return written_answer(done, asked.lang, request=request)

    return await in_thread(work)


@router.get("/persons/{person}")
async def read_person(
    request: Request, principal: Reader, person: str, purpose: Purpose, fields: Fields = None
) -> JSONResponse:
    """One person as the caller may see them for this purpose; the reading is recorded."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        subject = person_id(person)
        answer = asked.read_one(
            asked.wanted(
                "person",
                subject=subject,
                purpose=purpose_of(asked, purpose),
                fields=fields_of("person", listed(fields)),
            )
        )
        shape = answer_json(answer, subject)
        return JSONResponse(shape, headers={"etag": shape["etag"]} if shape["etag"] else {})

    return await in_thread(work)


@router.patch("/persons/{person}")
async def correct_person(
    request: Request, principal: WriterOf, person: str, purpose: Purpose
) -> JSONResponse:
    """The person's row has the new values (JSON merge patch; null empties a field)."""
    asked = asking(request, principal)
    body = await body_of(request, types=PATCH)

    def work() -> JSONResponse:
        item = correction(request, parsed(body), "person", subject=person_id(person))
        once = once_of(request, principal, body)
        done = asked.write([item], purpose=purpose_of(asked, purpose), once=once)
        return written_answer(done, asked.lang, request=request)

    return await in_thread(work)


@router.delete("/persons/{person}", status_code=405)
async def delete_person(request: Request, _principal: WriterOf, person: str) -> JSONResponse:
    """Never: erasure is a request with a plan and a second person's approval."""
    del person  # known or not, the answer is the same
    allowed = {"allow": "GET, PATCH"}
    return problem_response(DeleteByRequestError(), language_of(request), allowed)


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
    asked = asking(request, principal)
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
        table = table_in(WRITABLE_CHILDREN, kind)
        item = new_row(parsed(body), table, subject=person_id(person))
        once = once_of(request, principal, body)
        done = asked.write([item], purpose=purpose_of(asked, purpose), once=once)
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
    asked = asking(request, principal)

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
        shape = {**row_json(answer.rows[0]), **basis_json(answer)}
        return JSONResponse(shape, headers={"etag": shape["etag"]} if shape["etag"] else {})

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
        item = correction(
            request,
            parsed(body),
            table_in(WRITABLE_CHILDREN, kind),
            subject=person_id(person),
            row=row_id(row),
        )
        once = once_of(request, principal, body)
        done = asked.write([item], purpose=purpose_of(asked, purpose), once=once)
        return written_answer(done, asked.lang, request=request, child=True)

    return await in_thread(work)
