"""`/v1/duplicates` and `/v1/merges`: pairs that wait, what was decided of them, and undone."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.upkeep.candidates import PairKind
from governance.gateway.api.asking import Asking, asking, in_thread
from governance.gateway.api.bodies import body_of, parsed, read_as
from governance.gateway.api.present import row_json
from governance.gateway.api.shapes import MAX_FIELDS, MAX_ITEMS, Identifier, Strict, taking
from governance.gateway.deciding import decided, merge_pair, undo_merge
from governance.gateway.merge_types import MergeRequest, Side
from governance.gateway.pairs import Pair, show, tell_apart, waiting
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1", tags=["quality"])
Reviewer = Annotated[Principal, Depends(require(Action.QUALITY_READ))]
Decider = Annotated[Principal, Depends(require(Action.PERSON_MERGE))]
Kind = Annotated[PairKind, Query(description="顧客か会社か / Customers or companies")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="件数 / How many")]
FieldName = Annotated[str, Field(pattern=r"^(person|company)\.[a-z_]{1,40}$")]
SideName = Annotated[str, Field(pattern=f"^({'|'.join(side.value for side in Side)})$")]


class MergeIn(Strict):
    """How a pair is decided: who stands, whose value of which field, and what was shown."""

    survivor: Identifier | None = None
    choices: Annotated[
        dict[FieldName, Identifier], Field(default_factory=dict, max_length=MAX_FIELDS)
    ]
    version: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class UndoIn(Strict):
    """Whose the rows are that came since the merge, one by one, and all others."""

    later: Annotated[dict[Identifier, SideName], Field(default_factory=dict, max_length=MAX_ITEMS)]
    rest: SideName | None = None


@router.get("/duplicates")
async def pairs(
    request: Request, principal: Reviewer, kind: Kind = PairKind.PERSON, limit: Limit = 50
) -> JSONResponse:
    """Pairs that wait for a decision, the surest first, with their evidence; no value."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = waiting(tx, asked.ports, asked.principal, kind=kind, limit=limit)
        return JSONResponse({"items": [_explained(asked, pair) for pair in found]})

    return await in_thread(work)


def _explained(asked: Asking, pair: Pair) -> dict[str, Any]:
    """The pair with each observation in words."""
    words = [text(seen.kind.text_key, asked.lang) for seen in pair.evidence]
    return {**pair.as_json(), "explained": words}


@router.get("/duplicates/{pair}")
async def one_pair(request: Request, principal: Decider, pair: str) -> JSONResponse:
    """Both rows of a pair as the caller may see them; both readings are on record."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        view = show(asked.ports, asked.principal, pair, at=asked.at)
        rows = [row_json(row) if row is not None else None for row in (view.left, view.right)]
        shape = {**_explained(asked, view.pair), "version": view.version}
        return JSONResponse({**shape, "left": rows[0], "right": rows[1]})

    return await in_thread(work)


@router.post("/duplicates/{pair}/merge", openapi_extra=taking(MergeIn, {"version": "4f1c"}))
async def merge(request: Request, principal: Decider, pair: str) -> JSONResponse:
    """The two of the pair are one; where they differ the rule or the caller says what stands."""
    asked = asking(request, principal)
    body = await body_of(request)

    def work() -> JSONResponse:
        said = read_as(MergeIn, parsed(body))
        wanted = MergeRequest(
            pair=pair,
            survivor=SubjectId(said.survivor) if said.survivor else None,
            choices={FieldId(name): RowId(row) for name, row in said.choices.items()},
            version=said.version,
        )
        done = merge_pair(asked.ports, asked.principal, wanted, at=asked.at)
        return JSONResponse(done.as_json())

    return await in_thread(work)


@router.post("/duplicates/{pair}/different")
async def different(request: Request, principal: Decider, pair: str) -> JSONResponse:
    """The two are two; no search proposes them again."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        told = tell_apart(asked.ports, asked.principal, pair, at=asked.at)
        return JSONResponse({"id": told.id, "state": "different"})

    return await in_thread(work)


@router.get("/merges")
async def merges(request: Request, principal: Reviewer, limit: Limit = 50) -> JSONResponse:
    """Merges of persons and companies, the newest first, standing and undone."""
    asked = asking(request, principal)

    def work() -> JSONResponse:
        with asked.ports.database.read() as tx:
            found = decided(tx, asked.ports, asked.principal, limit=limit)
        return JSONResponse({"items": found})

    return await in_thread(work)


@router.post("/merges/{merge}/undo", openapi_extra=taking(UndoIn, {"rest": "survivor"}))
async def undo(request: Request, principal: Decider, merge: str) -> JSONResponse:
    """The two are two again, each with what was theirs."""
    asked = asking(request, principal)
    body = await body_of(request)

    def work() -> JSONResponse:
        said = read_as(UndoIn, parsed(body))
        done = undo_merge(
            asked.ports,
            asked.principal,
            merge,
            later={RowId(row): Side(side) for row, side in said.later.items()},
            rest=Side(said.rest) if said.rest else None,
            at=asked.at,
        )
        return JSONResponse(done.as_json())

    return await in_thread(work)
