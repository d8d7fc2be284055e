"""`/v1/audit`: the log over HTTP for officers and auditors. Every look is itself an event.

Queries are POST, so that no address holds whom somebody looked for.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from audit.models import CHECKPOINTS
from audit.review import EventFilter, EventQuery, Grouping
from audit.reviewing.decided import DecisionPage, decision_shape, look_at_decisions
from audit.reviewing.service import (
    Page,
    Reviewer,
    Timeline,
    drop_filter,
    keep_filter,
    kept_filter,
    kept_filters,
    look,
    person_timeline,
    reviewer,
    tally,
)
from audit.reviewing.shapes import (
    filter_shape,
    page_shape,
    review_shape,
    timeline_shape,
    unreviewed_shape,
)
from audit.reviewing.signing import (
    Review,
    ReviewWords,
    Unreviewed,
    reviews_in_words,
    sign_off,
    unreviewed,
)
from audit.reviewing.terms import parse_query
from audit.store import last_note, prove_consistency, prove_inclusion, seq_of
from audit.types import Verdict
from audit.witness.asking import cosigned_note
from governance.core.errors import NotFoundError
from governance.core.terms import ActorId, EventId, RowId, SubjectId
from governance.http.numbers import LARGEST_NUMBER, NumberAsked
from governance.http.principal import Principal
from governance.http.request import check_same_site, wiring_of
from policies.actions import Action
from policies.api import require

router = APIRouter(prefix="/v1/audit", tags=["audit"])
PAGE, MOST = 50, 200
T = TypeVar("T")

Reader = Annotated[Principal, Depends(require(Action.AUDIT_READ))]
Prover = Annotated[Principal, Depends(require(Action.AUDIT_VERIFY))]
Signer = Annotated[Principal, Depends(require(Action.AUDIT_REVIEW))]
Before = Annotated[
    int | None, Query(ge=0, le=LARGEST_NUMBER, description="続きの位置（前の頁の next）")
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="1 頁の件数 / Events of a page")]
Size = Annotated[
    int | None, Query(ge=0, le=LARGEST_NUMBER, description="木の大きさ / Size of the tree")
]


async def _in_thread(work: Callable[[], T]) -> T:
    return await run_in_threadpool(work)


def _by(request: Request, principal: Principal) -> Reviewer:
    return reviewer(principal, at=wiring_of(request).clock())


@router.post("/events")
async def query_events(
    request: Request,
    principal: Reader,
    body: Annotated[dict[str, Any], Body()],
    before: Before = None,
    limit: Limit = PAGE,
    counted: Annotated[bool, Query(description="総数も数える / Count all")] = False,  # noqa: FBT002
) -> JSONResponse:
    """A page of events that meet a query (`any_of`, `none_of`), the newest first."""
    check_same_site(request)
    query = parse_query(body)
    wiring, by = wiring_of(request), _by(request, principal)

    def work() -> Page:
        found: Page = wiring.database.write(
            lambda tx: look(
                tx, wiring.audit, query, by, before=before, limit=limit, counted=counted
            )
        )
        return found

    return JSONResponse(page_shape(await _in_thread(work)))


@router.post("/counts/{column}")
async def count_events(
    request: Request, principal: Reader, column: str, body: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """How many matching events each group has: by action, outcome, actor, purpose, day and more."""
    check_same_site(request)
    if column not in {group.value for group in Grouping}:
        raise NotFoundError
    query, wiring = parse_query(body), wiring_of(request)
    by, group = _by(request, principal), Grouping(column)

    def work() -> tuple[tuple[str, int], ...]:
        found: tuple[tuple[str, int], ...] = wiring.database.write(
            lambda tx: tally(tx, wiring.audit, query, by, group=group)
        )
        return found

    return JSONResponse([{column: name, "events": n} for name, n in await _in_thread(work)])


@router.get("/persons/{person}/timeline")
async def timeline_of_person(
    request: Request, principal: Reader, person: str, before: Before = None, limit: Limit = PAGE
) -> JSONResponse:
    """What happened to a person's data, the newest first, and which event erased the rest."""
    subject = SubjectId(person)
    wiring, by = wiring_of(request), _by(request, principal)

    def work() -> Timeline:
        found: Timeline = wiring.database.write(
            lambda tx: person_timeline(tx, wiring.audit, subject, by, before=before, limit=limit)
        )
        return found

    return JSONResponse(timeline_shape(await _in_thread(work)))


@router.get("/actors/{actor}/timeline")
async def timeline_of_actor(
    request: Request, principal: Reader, actor: str, before: Before = None, limit: Limit = PAGE
) -> JSONResponse:
    """What an actor did, the newest first."""
    query = EventQuery(any_of=(EventFilter(actor=ActorId(actor)),))
    wiring, by = wiring_of(request), _by(request, principal)
    page = await _in_thread(
        lambda: wiring.database.write(
            lambda tx: look(tx, wiring.audit, query, by, before=before, limit=limit)
        )
    )
    return JSONResponse(page_shape(page))


@router.post("/decisions")
async def query_decisions(
    request: Request,
    principal: Reader,
    body: Annotated[dict[str, Any], Body()],
    before: Annotated[str | None, Query(max_length=36)] = None,
    limit: Limit = PAGE,
) -> JSONResponse:
    """A page of decisions about uses that meet a query, the newest first."""
    check_same_site(request)
    query, cursor = parse_query(body), None if before is None else EventId(before)
    wiring, by = wiring_of(request), _by(request, principal)

    def work() -> DecisionPage:
        found: DecisionPage = wiring.database.write(
            lambda tx: look_at_decisions(tx, wiring.audit, query, by, before=cursor, limit=limit)
        )
        return found

    page = await _in_thread(work)
    rows = [decision_shape(one) for one in page.decisions]
    return JSONResponse({"decisions": rows, "next": page.next})


@router.get("/filters")
async def list_filters(request: Request, principal: Reader) -> JSONResponse:
    """The caller's kept filters."""
    wiring = wiring_of(request)

    def work() -> list[dict[str, object]]:
        with wiring.database.read() as tx:
            return [filter_shape(one) for one in kept_filters(tx, wiring.vault, principal.id)]

    return JSONResponse(await _in_thread(work))


@router.post("/filters", status_code=201)
async def add_filter(
    request: Request, principal: Reader, body: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """The filter is kept under a name for the caller alone; name and terms are sealed."""
    check_same_site(request)
    name, query = str(body.get("name", "")), parse_query(body.get("query", {}))
    wiring, by = wiring_of(request), _by(request, principal)
    kept = await _in_thread(
        lambda: wiring.database.write(
            lambda tx: keep_filter(tx, wiring.vault, by, name=name, query=query)
        )
    )
    return JSONResponse(filter_shape(kept), status_code=201)


@router.post("/filters/{name}/events")
async def run_filter(
    request: Request, principal: Reader, name: str, before: Before = None, limit: Limit = PAGE
) -> JSONResponse:
    """A page of events that meet a kept filter."""
    check_same_site(request)
    wiring, by = wiring_of(request), _by(request, principal)

    def work() -> Page:
        with wiring.database.read() as tx:
            kept = kept_filter(tx, wiring.vault, principal.id, RowId(name))
        found: Page = wiring.database.write(
            lambda tx: look(tx, wiring.audit, kept.query, by, before=before, limit=limit)
        )
        return found

    return JSONResponse(page_shape(await _in_thread(work)))


@router.delete("/filters/{name}", status_code=204)
async def remove_filter(request: Request, principal: Reader, name: str) -> Response:
    """The kept filter is gone."""
    check_same_site(request)
    wiring = wiring_of(request)
    await _in_thread(
        lambda: wiring.database.write(lambda tx: drop_filter(tx, principal.id, RowId(name)))
    )
    return Response(status_code=204)


@router.get("/reviews")
async def list_reviews(request: Request, principal: Reader, limit: Limit = PAGE) -> JSONResponse:
    """The newest sign-offs (運用の確認) with their words."""
    wiring, by = wiring_of(request), _by(request, principal)

    def work() -> tuple[ReviewWords, ...]:
        found: tuple[ReviewWords, ...] = wiring.database.write(
            lambda tx: reviews_in_words(
                tx, wiring.audit, by, open_part=wiring.vault.open_part, limit=limit
            )
        )
        return found

    return JSONResponse(
        [review_shape(one.review, comment=one.comment) for one in await _in_thread(work)]
    )


@router.get("/reviews/open")
async def open_reviews(
    request: Request,
    principal: Reader,  # noqa: ARG001 - states and checks the action
) -> JSONResponse:
    """What nobody has signed off yet, until when it is to be, and whether that is past."""
    wiring = wiring_of(request)
    within, at = timedelta(days=wiring.settings.review_days), wiring.clock()

    def work() -> Unreviewed:
        with wiring.database.read() as tx:
            return unreviewed(tx, within=within, at=at)

    return JSONResponse(unreviewed_shape(await _in_thread(work)))


@router.post("/reviews", status_code=201)
async def add_review(
    request: Request, principal: Signer, body: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """The events since the last sign-off were looked at; `comment` is sealed in the log."""
    check_same_site(request)
    below, comment = body.get("below"), str(body.get("comment", ""))
    wiring, by = wiring_of(request), _by(request, principal)

    def work() -> Review:
        verdict: Verdict = wiring.log_watch.latest(at=by.at).report.verdict
        place = below if type(below) is int else None
        found: Review = wiring.database.write(
            lambda tx: sign_off(tx, wiring.audit, by, below=place, comment=comment, verdict=verdict)
        )
        return found

    return JSONResponse(review_shape(await _in_thread(work)), status_code=201)


@router.get("/checkpoint")
async def checkpoint(
    request: Request,
    principal: Prover,  # noqa: ARG001 - states and checks the action
) -> Response:
    """The newest signed checkpoint with its cosignatures, as a C2SP note."""
    wiring = wiring_of(request)

    def work() -> str:
        with wiring.database.read() as tx:
            note = last_note(tx)
            if note is None:
                raise NotFoundError
            return cosigned_note(tx, int(note.split("\n", 2)[1]), note)

    return Response(await _in_thread(work), media_type="text/plain; charset=utf-8")


@router.get("/proofs/inclusion/{event}")
async def inclusion(
    request: Request,
    principal: Prover,  # noqa: ARG001 - states and checks the action
    event: str,
    size: Size = None,
) -> JSONResponse:
    """That an event stands in the tree of this size (RFC 9162 2.1.3); default: the signed one."""
    wiring = wiring_of(request)

    def work() -> dict[str, object]:
        with wiring.database.read() as tx:
            proof = prove_inclusion(tx, seq_of(tx, EventId(event)), size=size or _signed(tx))
        return {
            "seq": proof.seq,
            "size": proof.size,
            "leaf": proof.leaf.hex(),
            "root": proof.root.hex(),
            "path": [step.hex() for step in proof.path],
        }

    return JSONResponse(await _in_thread(work))


@router.get("/proofs/consistency")
async def consistency(
    request: Request,
    principal: Prover,  # noqa: ARG001 - states and checks the action
    old: NumberAsked,
    size: Size = None,
) -> JSONResponse:
    """That the tree of this size begins with the old one (RFC 9162 2.1.4)."""
    wiring = wiring_of(request)

    def work() -> dict[str, object]:
        with wiring.database.read() as tx:
            proof = prove_consistency(tx, old, size=size or _signed(tx))
        return {
            "old": proof.old,
            "size": proof.size,
            "old_root": proof.old_root.hex(),
            "root": proof.root.hex(),
            "path": [step.hex() for step in proof.path],
        }

    return JSONResponse(await _in_thread(work))


def _signed(tx: Any) -> int | None:
    """The size of the newest signed tree."""
    newest = CHECKPOINTS.select().order_by(CHECKPOINTS.c.size.desc()).limit(1)
    row_ = tx.execute(newest).first()
    return None if row_ is None else int(row_.size)
