"""Many rows in one request: read each through the gates, or write each, or all or none of them."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from governance.core.errors import GovernanceError
from governance.core.terms import RowId, SubjectId
from governance.gateway.api.asking import Asking, asking, fields_of, in_thread, purpose_of
from governance.gateway.api.bodies import body_of, once_of, parsed, read_as
from governance.gateway.api.present import bulk_answer, found_json
from governance.gateway.api.queries import Reader, WriterOf
from governance.gateway.api.shapes import BulkReadIn, BulkWriteIn
from governance.gateway.api.writes import items_of
from governance.gateway.types import ReadAnswer
from governance.gateway.writing.errors import UnknownRowError
from governance.http.principal import Principal

router = APIRouter(prefix="/v1")


@router.post("/persons:bulk-read", tags=["persons"])
async def read_persons(request: Request, principal: Reader) -> JSONResponse:
    """Up to 1,000 persons as the caller may see them for one purpose; each reading is recorded."""
    return await _read(request, principal, "person")


@router.post("/companies:bulk-read", tags=["companies"])
async def read_companies(request: Request, principal: Reader) -> JSONResponse:
    """Up to 1,000 companies as the caller may see them for one purpose."""
    return await _read(request, principal, "company")


@router.post("/persons:bulk-write", tags=["persons"])
async def write_persons(request: Request, principal: WriterOf) -> JSONResponse:
    """Up to 1,000 persons created or corrected; a repeated request does nothing twice."""
    return await _write(request, principal, "person")


@router.post("/companies:bulk-write", tags=["companies"])
async def write_companies(request: Request, principal: WriterOf) -> JSONResponse:
    """Up to 1,000 companies created or corrected; a repeated request does nothing twice."""
    return await _write(request, principal, "company")


async def _read(request: Request, principal: Principal, table: str) -> JSONResponse:
    asked = asking(request, principal, outside=True)
    raw = await body_of(request)

    def work() -> JSONResponse:
        body = read_as(BulkReadIn, parsed(raw))
        names = list(dict.fromkeys(body.ids))
        purpose, fields = purpose_of(asked, body.purpose), fields_of(table, body.fields)
        owners = [_owner(asked, table, name) for name in names]
        known = [
            asked.wanted(
                table,
                subject=owner,
                purpose=purpose,
                fields=fields,
                row=RowId(name) if table == "company" else None,
            )
            for name, owner in zip(names, owners, strict=True)
            if owner is not None
        ]
        found = iter(asked.read(known))
        answers: list[ReadAnswer | GovernanceError] = [
            UnknownRowError() if owner is None else next(found) for owner in owners
        ]
        return JSONResponse({"items": found_json(answers, names, asked.lang)})

    return await in_thread(work)


def _owner(asked: Asking, table: str, name: str) -> SubjectId | None:
    return SubjectId(name) if table == "person" else asked.owner(table, RowId(name))


async def _write(request: Request, principal: Principal, table: str) -> JSONResponse:
    asked = asking(request, principal)
    raw = await body_of(request)

    def work() -> JSONResponse:
        once = once_of(request, principal, raw, needed=True)
        body = read_as(BulkWriteIn, parsed(raw))
        done = asked.write(
            items_of(body, table),
            purpose=purpose_of(asked, body.purpose),
            once=once,
            atomic=body.atomic,
        )
        return bulk_answer(done, asked.lang, company=table == "company")

    return await in_thread(work)
