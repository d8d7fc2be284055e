"""`/v1/persons/search` and `/v1/companies/search`: words go in the body, never in an address."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from governance.core.terms import FieldId, Lang, RowId
from governance.gateway.api.asking import Asking, asking, fields_of, in_thread, purpose_of, row_id
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.present import row_json
from governance.gateway.api.queries import Searcher
from governance.gateway.api.shapes import MAX_FIELDS, Strict
from governance.gateway.search_registers import COMPANIES, PERSONS, Register
from governance.gateway.search_saved import save_search, saved_search
from governance.gateway.search_types import PAGE_MOST, Hit, SearchAnswer, SearchRequest
from governance.gateway.searching import search
from governance.i18n.catalogue import text as words

router = APIRouter(prefix="/v1")
Text = Annotated[str, Field(max_length=200)]
TYPED = {
    PERSONS.table: ("order_support", "山田 0001", "yamada 0001"),
    COMPANIES.table: ("corporate_sales", "㈱架空商事 広島市", "kakuu trading 082-000-0000"),
}  # purpose, and what a Japanese and an English reader would type


class NamedPerson(Strict):
    """What is known of the person, by name; all of it must be so."""

    name: Text | None = None
    kana: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    postal_code: Text | None = None
    address: Text | None = None
    customer_id: Text | None = None


class NamedCompany(Strict):
    """What is known of the company, by name; all of it must be so."""

    name: Text | None = None
    kana: Text | None = None
    representative: Text | None = None
    corporate_number: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    postal_code: Text | None = None
    address: Text | None = None
    company_id: Text | None = None


class SearchIn(Strict):
    """What to look for in one text, and what to show of what is found."""

    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    text: Text = ""
    fields: Annotated[list[str], Field(min_length=1, max_length=MAX_FIELDS)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MOST)] = 20
    cursor: Annotated[str, Field(max_length=1_000)] | None = None
    count: bool = False
    save: bool = False


class PersonSearchIn(SearchIn):
    """A search for persons: one text, or named values."""

    values: NamedPerson | None = None


class CompanySearchIn(SearchIn):
    """A search for companies: one text, or named values."""

    values: NamedCompany | None = None


def _body(register: Register, shape: type[SearchIn]) -> dict[str, Any]:
    purpose, *texts = TYPED[register.table]
    examples = {
        lang: {"value": {"purpose": purpose, "text": typed}}
        for lang, typed in zip(("ja", "en"), texts, strict=True)
    }
    content = {"schema": shape.model_json_schema(), "examples": examples}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


@router.post("/persons/search", tags=["persons"], openapi_extra=_body(PERSONS, PersonSearchIn))
async def search_persons(request: Request, principal: Searcher) -> JSONResponse:
    """Persons who are what was asked, best first; the search and whom it showed are on record."""
    raw = await body_of(request)
    work = partial(_search, PERSONS, PersonSearchIn)
    return JSONResponse(await in_thread(work, asked=asking(request, principal), raw=raw))


@router.post(
    "/companies/search", tags=["companies"], openapi_extra=_body(COMPANIES, CompanySearchIn)
)
async def search_companies(request: Request, principal: Searcher) -> JSONResponse:
    """Companies that are what was asked, by themselves or by their contacts, best first."""
    raw = await body_of(request)
    work = partial(_search, COMPANIES, CompanySearchIn)
    return JSONResponse(await in_thread(work, asked=asking(request, principal), raw=raw))


@router.get("/persons/searches/{search_id}", tags=["persons"])
async def repeat_search(
    request: Request, principal: Searcher, search_id: str, cursor: str | None = None
) -> JSONResponse:
    """A search that this caller saved, done again; unknown to everybody else."""
    asked, name = asking(request, principal), row_id(search_id)
    work = partial(_repeat, PERSONS)
    return JSONResponse(await in_thread(work, asked=asked, name=name, cursor=cursor))


@router.get("/companies/searches/{search_id}", tags=["companies"])
async def repeat_company_search(
    request: Request, principal: Searcher, search_id: str, cursor: str | None = None
) -> JSONResponse:
    """A search for companies that this caller saved, done again; unknown to everybody else."""
    asked, name = asking(request, principal), row_id(search_id)
    work = partial(_repeat, COMPANIES)
    return JSONResponse(await in_thread(work, asked=asked, name=name, cursor=cursor))


def _search(
    register: Register,
    shape: type[PersonSearchIn] | type[CompanySearchIn],
    *,
    asked: Asking,
    raw: bytes,
) -> dict[str, Any]:
    body = read_as(shape, parsed(raw))
    given = body.values.model_dump(exclude_none=True) if body.values is not None else {}
    wanted = SearchRequest(
        register=register,
        purpose=purpose_of(asked, body.purpose),
        text=body.text,
        values=given,
        show=tuple(sorted(fields_of(register.table, body.fields) or ())),
        limit=body.limit,
        cursor=body.cursor,
        count=body.count,
        request_id=asked.request_id,
    )
    answer = search(asked.ports, asked.principal, wanted, at=asked.at)
    saved: RowId | None = None
    if body.save:
        saved = asked.ports.database.write(
            lambda tx: save_search(tx, asked.ports, asked.principal, wanted, at=asked.at)
        )
    return answer_json(answer, register, asked.lang) | {"search_id": saved}


def _repeat(
    register: Register, *, asked: Asking, name: RowId, cursor: str | None
) -> dict[str, Any]:
    with asked.ports.database.read() as tx:
        saved = saved_search(tx, asked.ports, asked.principal, name, register=register, at=asked.at)
    wanted = replace(saved, cursor=cursor, request_id=asked.request_id)
    answer = search(asked.ports, asked.principal, wanted, at=asked.at)
    return answer_json(answer, register, asked.lang) | {"search_id": name}


def answer_json(answer: SearchAnswer, register: Register, lang: Lang) -> dict[str, Any]:
    """The page as JSON, each row with why it stands where it stands."""
    return {
        "items": [_hit_json(hit, register, lang) for hit in answer.hits],
        "next": answer.cursor,
        "total": answer.total,
        "total_is": "exact" if answer.total_exact else "at_least",
        "searched": [_short(name, register) for name in answer.searched],
        "refused": {_short(name, register): code.value for name, code in answer.refused.items()},
        "index_behind": answer.index_behind,
        "purpose": answer.purpose,
        "decision_id": answer.decision_id,
        "snapshot": {"policy_version": answer.policy_version, "consent_seq": answer.consent_seq},
        **({} if answer.glass is None else {"break_glass": answer.glass.id}),
    }


def _hit_json(hit: Hit, register: Register, lang: Lang) -> dict[str, Any]:
    """One person or company found."""
    level = hit.level.name.lower()
    return {
        "id": hit.row if register.beside else hit.subject,
        "matched": {
            "level": level,
            "text": words(f"gateway.search.level.{level}", lang),
            "fields": [_short(name, register) for name in hit.matched],
        },
        **row_json(hit.view),
    }


def _short(name: FieldId, register: Register) -> str:
    """A field as the register's own rows call it; another table's with that table."""
    table, _, column = name.partition(".")
    return column if table == register.table else name
