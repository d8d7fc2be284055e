"""`/v1/companies`: the register of business customers over HTTP, its deals and contacts."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from governance.core.terms import RowId
from governance.gateway.api.asking import (
    COMPANY_CHILDREN,
    Asking,
    asking,
    fields_of,
    in_thread,
    listed,
    purpose_of,
    row_id,
    table_in,
)
from governance.gateway.api.bodies import PATCH, body_of, once_of, parsed
from governance.gateway.api.present import answer_json, written_answer
from governance.gateway.api.queries import (
    After,
    CompanyKind,
    Fields,
    Limit,
    Purpose,
    Reader,
    Searcher,
    WriterOf,
)
from governance.gateway.api.reads import register_page
from governance.gateway.api.writes import correction, new_row
from governance.gateway.types import ReadAnswer
from governance.gateway.writing.errors import UnknownRowError

router = APIRouter(prefix="/v1", tags=["companies"])


@router.get("/companies")
async def companies(
    request: Request,
    principal: Searcher,
    purpose: Purpose,
    fields: Fields = None,
    after: After = None,
    limit: Limit = 50,
) -> JSONResponse:
    """A page of companies of which something may be shown for this purpose."""
    asked = asking(request, principal)
    return JSONResponse(
        await in_thread(
            register_page,
            asked=asked,
            table="company",
            purpose=purpose_of(asked, purpose),
            fields=fields_of("company", listed(fields)),
            after=row_id(after) if after else None,
            limit=limit,
        )
    )


@router.post("/companies", status_code=201)
async def create_company(request: Request, principal: WriterOf, purpose: Purpose) -> JSONResponse:
    """A new company is stored; its representative is a person of their own."""
    asked = asking(request, principal)
    body = await body_of(request)

    def work() -> JSONResponse:
        item = new_row(parsed(body), "company")
        once = once_of(request, principal, body)
        done = asked.write([item], purpose=purpose_of(asked, purpose), once=once)
        return written_answer(done, asked.lang, request=request, company=True)

    return await in_thread(work)


def company_read(asked: Asking, company: RowId, *, purpose: str, fields: str | None) -> ReadAnswer:
    """The company as the caller may see it; raises UnknownRowError."""
    owner = asked.owner("company", company)
    if owner is None:
        raise UnknownRowError
    return asked.read_one(
        asked.wanted(
            "company",
            subject=owner,
            purpose=purpose_of(asked, purpose),
            fields=fields_of("company", listed(fields)),
            row=company,
        )
    )


@router.get("/companies/{company}")
async def read_company(
    request: Request, principal: Reader, company: str, purpose: Purpose, fields: Fields = None
) -> JSONResponse:
    """One company as the caller may see it for this purpose; the reading is recorded."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        row = asked.standing(row_id(company))
        answer = company_read(asked, row, purpose=purpose, fields=fields)
        shape = answer_json(answer, row)
        return JSONResponse(shape, headers={"etag": shape["etag"]} if shape["etag"] else {})

    return await in_thread(work)


@router.patch("/companies/{company}")
async def correct_company(
    request: Request, principal: WriterOf, company: str, purpose: Purpose
) -> JSONResponse:
    """The company's row has the new values (JSON merge patch; null empties a field)."""
    asked = asking(request, principal)
    body = await body_of(request, types=PATCH)

    def work() -> JSONResponse:
        item = correction(request, parsed(body), "company", row=row_id(company))
        once = once_of(request, principal, body)
        done = asked.write([item], purpose=purpose_of(asked, purpose), once=once)
        return written_answer(done, asked.lang, request=request, company=True)

    return await in_thread(work)


@router.get("/companies/{company}/{kind}")
async def rows_of_company(
    request: Request,
    principal: Reader,
    company: str,
    kind: CompanyKind,
    purpose: Purpose,
    fields: Fields = None,
    after: After = None,
    limit: Limit = 50,
) -> JSONResponse:
    """A page of the company's deals or contacts; each is about a person of their own."""
    asked = asking(request, principal)
    table = table_in(COMPANY_CHILDREN, kind)

    def work() -> JSONResponse:
        row = asked.standing(row_id(company))
        company_read(asked, row, purpose=purpose, fields="name")
        page = register_page(
            asked,
            table,
            purpose=purpose,
            fields=fields_of(table, listed(fields)),
            after=row_id(after) if after else None,
            limit=limit,
            where=("company_id", row),
        )
        return JSONResponse(page)

    return await in_thread(work)
