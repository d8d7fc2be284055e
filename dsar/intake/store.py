"""Rows of intake in and out: forms being filled in, filings, fees."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from dsar.case import Case
from dsar.intake.models import DraftRow, FeeRow, FilingRow
from dsar.intake.types import FeeState, Scope, Source, StopGround
from dsar.models import RequestRow, TrackRow
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RequestId, RowId, SubjectId
from governance.db.types import insert_ignore, table_of

DRAFT, FILING, FEE = table_of(DraftRow), table_of(FilingRow), table_of(FeeRow)
REQUEST, TRACK = table_of(RequestRow), table_of(TrackRow)
FILE_ONCE = {
    dialect: insert_ignore(FILING, dialect).returning(FILING.c.request_id)
    for dialect in ("sqlite", "postgresql")
}
DRAFT_BLOB: Final = "dsar_draft"
ALIKE_WITHIN: Final = timedelta(days=90)  # requests further apart are two wishes
ALIKE_MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One form being filled in, or the way back to what was filed by it."""

    id: RowId
    actor: ActorId
    expires_at: datetime
    request: RequestId | None
    answers: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """How a request came."""

    request: RequestId
    source: Source
    filed_by: ActorId
    scope: tuple[Scope, ...]
    ground: StopGround | None
    claimed: SubjectId | None
    claim: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One step of a request's fee."""

    state: FeeState
    yen: int
    at: datetime
    by: ActorId


def insert_draft(tx: Connection, draft: Draft, *, digest: str, at: datetime) -> None:
    """The form can be filled in by whoever holds the secret of this digest."""
    tx.execute(
        insert(DRAFT).values(
            id=draft.id,
            digest=digest,
            actor=draft.actor,
            answers=draft.answers,
            created_at=at,
            expires_at=draft.expires_at,
            request_id=draft.request,
        )
    )


def draft_by_digest(
    tx: Connection, digest: str, *, at: datetime, lock: bool = False
) -> Draft | None:
    """The form of this secret while it lasts."""
    wanted = select(DRAFT).where(DRAFT.c.digest == digest, DRAFT.c.expires_at > at)
    row = tx.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        return None
    return Draft(
        id=RowId(row.id),
        actor=ActorId(row.actor),
        expires_at=row.expires_at,
        request=RequestId(row.request_id) if row.request_id else None,
        answers=row.answers,
    )


def save_answers(tx: Connection, draft: RowId, answers: bytes) -> bool:
    """Whether the form, not yet filed, holds these answers now."""
    kept = update(DRAFT).where(DRAFT.c.id == draft, DRAFT.c.request_id.is_(None))
    return tx.execute(kept.values(answers=answers)).rowcount == 1


def file_draft(tx: Connection, draft: RowId, request: RequestId, *, until: datetime) -> bool:
    """Whether this request is the one that the form became; its answers are gone from here."""
    filed = update(DRAFT).where(DRAFT.c.id == draft, DRAFT.c.request_id.is_(None))
    done = tx.execute(filed.values(request_id=request, answers=None, expires_at=until))
    return done.rowcount == 1


def forget_drafts(tx: Connection, *, at: datetime, limit: int) -> int:
    """How many forms and ways back that passed their day are gone."""
    old = select(DRAFT.c.id).where(DRAFT.c.expires_at <= at).limit(limit)
    return tx.execute(delete(DRAFT).where(DRAFT.c.id.in_(old))).rowcount


def insert_filing(tx: Connection, filed: Filed, *, once: str | None) -> bool:
    """Whether it is on file now how the request came; False when this was filed before."""
    done = tx.execute(
        FILE_ONCE[tx.dialect.name],
        {
            "request_id": filed.request,
            "source": filed.source.value,
            "filed_by": filed.filed_by,
            "once": once,
            "scope": ",".join(one.value for one in filed.scope),
            "ground": filed.ground.value if filed.ground else None,
            "claimed_id": filed.claimed,
            "claim": filed.claim,
        },
    )
    return done.scalar_one_or_none() is not None


def filed_once(tx: Connection, once: Iterable[str]) -> dict[str, RequestId]:
    """Which of these marks were filed before, and as what."""
    rows = tx.execute(select(FILING.c.once, FILING.c.request_id).where(FILING.c.once.in_([*once])))
    return {row.once: RequestId(row.request_id) for row in rows}


def filing_of(tx: Connection, request: RequestId) -> Filed | None:
    """How the request came; None for one that was entered before filings were kept."""
    row = tx.execute(select(FILING).where(FILING.c.request_id == request)).one_or_none()
    return _filed(row) if row is not None else None


def _filed(row: Row[Any]) -> Filed:
    return Filed(
        request=RequestId(row.request_id),
        source=Source(row.source),
        filed_by=ActorId(row.filed_by),
        scope=tuple(Scope(code) for code in row.scope.split(",")),
        ground=StopGround(row.ground) if row.ground else None,
        claimed=SubjectId(row.claimed_id) if row.claimed_id else None,
        claim=row.claim,
    )


def alike(tx: Connection, case: Case, filed: Filed) -> tuple[RequestId, ...]:
    """Other requests for the same right that name the same person or contact, oldest first.

    Looked for when an officer looks, never at intake: there it would take longer for a person whom
    others have named.
    """
    persons = {one for one in (case.subject, filed.claimed) if one is not None}
    rows = tx.execute(
        select(REQUEST.c.id)
        .join_from(REQUEST, FILING, FILING.c.request_id == REQUEST.c.id, isouter=True)
        .join(TRACK, TRACK.c.request_id == REQUEST.c.id)
        .where(or_(FILING.c.claimed_id.in_(persons), REQUEST.c.subject_id.in_(persons)))
        .where(TRACK.c.kind.in_([track.kind.value for track in case.tracks]))
        .where(REQUEST.c.id != case.id, REQUEST.c.received_at > case.received_at - ALIKE_WITHIN)
        .distinct()
        .order_by(REQUEST.c.id)
        .limit(ALIKE_MOST)
    )
    return tuple(RequestId(row.id) for row in rows)


def add_fee(tx: Connection, request: RequestId, fee: Fee) -> None:
    """One more step of the fee."""
    tx.execute(
        insert(FEE).values(
            id=new_row_id(),
            request_id=request,
            state=fee.state.value,
            yen=fee.yen,
            at=fee.at,
            actor=fee.by,
        )
    )


def fees_of(tx: Connection, request: RequestId) -> tuple[Fee, ...]:
    """Every step of the fee, in order; none when no fee was ever quoted."""
    rows = tx.execute(select(FEE).where(FEE.c.request_id == request).order_by(FEE.c.id))
    return tuple(
        Fee(state=FeeState(row.state), yen=row.yen, at=row.at, by=ActorId(row.actor))
        for row in rows
    )
