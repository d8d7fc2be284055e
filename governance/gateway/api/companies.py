"""`/v1/companies`: the register of business customers over HTTP, its deals and contacts."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from governance.gateway.api.asking import (
    COMPANY_CHILDREN,
    Asking,
    asking,
    fields_of,
    in_thread,
    listed,
    row_id,
    table_in,
)
from governance.gateway.api.queries import After, CompanyKind, Fields, Limit, Purpose, Reader
from governance.gateway.api.reads import register_page
from governance.gateway.api.registers import Named, Register, add_routes, read_entry
from governance.gateway.api.writes import new_row
from governance.gateway.writing.errors import UnknownRowError


def _named(asked: Asking, name: str) -> Named:
    """The company that stands under this id; raises UnknownRowError."""
    row = asked.standing(row_id(name))
    owner = asked.owner("company", row)
    if owner is None:
        raise UnknownRowError
    return Named(subject=owner, row=row)


COMPANIES = Register(
    table="company",
    address="/companies",
    one="company",
    item=partial(new_row, table="company"),
    named=_named,
    meant=lambda name: {"row": row_id(name)},
    words={
        "page": (
            "companies",
            "A page of companies of which something may be shown for this purpose.",
        ),
        "create": (
            "create_company",
            "A new company is stored; its representative is a person of their own.",
        ),
        "read": (
            "read_company",
            "One company as the caller may see it for this purpose; the reading is recorded.",
        ),
        "correct": (
            "correct_company",
            "The company's row has the new values (JSON merge patch; null empties a field).",
        ),
    },
)
router = APIRouter(prefix="/v1", tags=["companies"])
add_routes(router, COMPANIES)


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
        entry = COMPANIES.named(asked, company)
        read_entry(asked, COMPANIES, entry, purpose=purpose, fields="name")
        page = register_page(
            asked,
            table,
            purpose=purpose,
            fields=fields_of(table, listed(fields)),
            after=row_id(after) if after else None,
            limit=limit,
            where=("company_id", row_id(entry.id)),
        )
        return JSONResponse(page)

    return await in_thread(work)
