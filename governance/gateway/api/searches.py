"""`/v1/persons/search`: persons by what is typed. The words go in the body, never in an address."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from governance.core.terms import Lang, RowId
from governance.gateway.api.asking import Asking, asking, fields_of, in_thread, purpose_of, row_id
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.present import row_json
from governance.gateway.api.queries import Searcher
from governance.gateway.api.shapes import MAX_FIELDS, Strict
from governance.gateway.search_saved import save_search, saved_search
from governance.gateway.search_types import PAGE_MOST, SHOWN, Hit, SearchAnswer, SearchRequest
from governance.gateway.searching import search
from governance.i18n.catalogue import text as words

router = APIRouter(prefix="/v1", tags=["persons"])
Text = Annotated[str, Field(max_length=200)]


class NamedIn(Strict):
    """What is known of the person, by name; all of it must be so."""

    name: Text | None = None
    kana: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    postal_code: Text | None = None
    address: Text | None = None
    customer_id: Text | None = None


class SearchIn(Strict):
    """What to look for, in one text or by named values, and what to show of whom is found."""

    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    text: Text = ""
    values: NamedIn | None = None
    fields: Annotated[list[str], Field(min_length=1, max_length=MAX_FIELDS)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MOST)] = 20
    cursor: Annotated[str, Field(max_length=1_000)] | None = None
    save: bool = False


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": SearchIn.model_json_schema(),
                "examples": {
                    "ja": {"value": {"purpose": "order_support", "text": "山田 0001"}},
                    "en": {"value": {"purpose": "order_support", "text": "yamada 0001"}},
                },
            }
        },
    }
}


@router.post("/persons/search", openapi_extra=_BODY)
async def search_persons(request: Request, principal: Searcher) -> JSONResponse:
    """Persons who are what was asked, best first; the search and whom it showed are on record."""
    asked = asking(request, principal)
    raw = await body_of(request)
    return JSONResponse(await in_thread(_search, asked=asked, raw=raw))


@router.get("/persons/searches/{search_id}")
async def repeat_search(
    request: Request, principal: Searcher, search_id: str, cursor: str | None = None
) -> JSONResponse:
    """A search that this caller saved, done again; unknown to everybody else."""
    asked, name = asking(request, principal), row_id(search_id)
    return JSONResponse(await in_thread(_repeat, asked=asked, name=name, cursor=cursor))


def _search(*, asked: Asking, raw: bytes) -> dict[str, Any]:
    body = read_as(SearchIn, parsed(raw))
    show = fields_of("person", body.fields)
    given = body.values.model_dump(exclude_none=True) if body.values is not None else {}
    wanted = SearchRequest(
        purpose=purpose_of(asked, body.purpose),
        text=body.text,
        values=given,
        show=SHOWN if show is None else tuple(sorted(show)),
        limit=body.limit,
        cursor=body.cursor,
        request_id=asked.request_id,
    )
    answer = search(asked.ports, asked.principal, wanted, at=asked.at)
    saved: RowId | None = None
    if body.save:
        saved = asked.ports.database.write(
            lambda tx: save_search(tx, asked.ports, asked.principal, wanted, at=asked.at)
        )
    return answer_json(answer, asked.lang) | {"search_id": saved}


def _repeat(*, asked: Asking, name: RowId, cursor: str | None) -> dict[str, Any]:
    with asked.ports.database.read() as tx:
        saved = saved_search(tx, asked.ports, asked.principal, name, at=asked.at)
    wanted = replace(saved, cursor=cursor, request_id=asked.request_id)
    answer = search(asked.ports, asked.principal, wanted, at=asked.at)
    return answer_json(answer, asked.lang) | {"search_id": name}


def answer_json(answer: SearchAnswer, lang: Lang) -> dict[str, Any]:
    """The page as JSON, each row with why it stands where it stands."""
    return {
        "items": [hit_json(hit, lang) for hit in answer.hits],
        "next": answer.cursor,
        "searched": [name.partition(".")[2] for name in answer.searched],
        "refused": {name.partition(".")[2]: code.value for name, code in answer.refused.items()},
        "index_behind": answer.index_behind,
        "purpose": answer.purpose,
        "decision_id": answer.decision_id,
        "snapshot": {"policy_version": answer.policy_version, "consent_seq": answer.consent_seq},
    }


def hit_json(hit: Hit, lang: Lang) -> dict[str, Any]:
    """One person found."""
    level = hit.level.name.lower()
    return {
        "id": hit.subject,
        "matched": {
            "level": level,
            "text": words(f"gateway.search.level.{level}", lang),
            "fields": [name.partition(".")[2] for name in hit.matched],
        },
        **row_json(hit.view),
    }
