"""`/v1/persons`: the register of persons over HTTP. Every reading and writing goes the gate's way.

Purpose, fields and reasons stand in the address; a value of a person never does.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from governance.gateway.api.asking import person_id
from governance.gateway.api.errors import DeleteByRequestError
from governance.gateway.api.queries import WriterOf
from governance.gateway.api.registers import Named, Register, add_routes
from governance.gateway.api.writes import new_person
from governance.http.problems import language_of, problem_response

PERSONS = Register(
    table="person",
    address="/persons",
    one="person",
    item=new_person,
    named=lambda _, name: Named(subject=person_id(name)),
    meant=lambda name: {"subject": person_id(name)},
    words={
        "page": (
            "persons",
            "A page of persons of whom something may be shown for this purpose; each is on record.",
        ),
        "create": (
            "create_person",
            "A new person is stored: normalised, searched for numbers and 要配慮, sealed, indexed.",
        ),
        "read": (
            "read_person",
            "One person as the caller may see them for this purpose; the reading is recorded.",
        ),
        "correct": (
            "correct_person",
            "The person's row has the new values (JSON merge patch; null empties a field).",
        ),
    },
)
router = APIRouter(prefix="/v1", tags=["persons"])
add_routes(router, PERSONS)


@router.delete("/persons/{person}", status_code=405)
async def delete_person(request: Request, _principal: WriterOf, person: str) -> JSONResponse:
    """Never: erasure is a request with a plan and a second person's approval."""
    del person  # known or not, the answer is the same
    allowed = {"allow": "GET, PATCH"}
    return problem_response(DeleteByRequestError(), language_of(request), allowed)
