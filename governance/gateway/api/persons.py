"""`/v1/persons`: the register of persons over HTTP. Every reading and writing goes the gate's way.

Purpose, fields and reasons stand in the address; a value of a person never does.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from governance.gateway.api.asking import (
    asking,
    fields_of,
    in_thread,
    listed,
    person_id,
    purpose_of,
    row_id,
)
from governance.gateway.api.bodies import PATCH, body_of, once_of, parsed
from governance.gateway.api.errors import DeleteByRequestError
from governance.gateway.api.present import answer_json, written_answer
from governance.gateway.api.queries import (
    After,
    Fields,
    Limit,
    Purpose,
    Reader,
    Searcher,
    WriterOf,
)
from governance.gateway.api.reads import register_page
from governance.gateway.api.writes import correction, new_person
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
