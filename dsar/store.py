"""Rows of requests in and out; history, clocks, evidence and results have no update or delete."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from dsar.case import (
    Case,
    ClockEntry,
    Dates,
    Decision,
    Evidence,
    Hold,
    Move,
    Track,
    WithheldItem,
)
from dsar.clocks import dates_of, earliest, ended_at, extension_of
from dsar.errors import RequestChangedError, RequestUnknownError
from dsar.found import label_from, label_text
from dsar.models import (
    ClockRow,
    EventRow,
    EvidenceRow,
    ItemRow,
    RequestRow,
    TrackRow,
)
from dsar.results import newest_results
from dsar.review.store import reviewed_of
from dsar.types import (
    ClockKind,
    Delivery,
    EvidenceKind,
    Ground,
    HoldGround,
    Intake,
    Outcome,
    Requester,
    RequestKind,
    Status,
)
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId, Lang, Law, RequestId, RowId, SubjectId
from governance.db.fetching import PreparedSelect
from governance.db.prepared import PreparedInsert
from governance.db.types import table_of

REQUEST, TRACK, EVENT = table_of(RequestRow), table_of(TrackRow), table_of(EventRow)
CLOCK, EVIDENCE, ITEM = table_of(ClockRow), table_of(EvidenceRow), table_of(ItemRow)
NEW_REQUEST, NEW_TRACKS = PreparedInsert(REQUEST), PreparedInsert(TRACK)
NEW_EVENTS, NEW_CLOCKS = PreparedInsert(EVENT), PreparedInsert(CLOCK)
LAST_EVENT = PreparedSelect(
    select(func.max(EVENT.c.seq)).where(EVENT.c.request_id == bindparam("request"))
)


def insert_case(
    tx: Connection, case: Case, *, words: bytes | None, lang: Lang, actor: ActorId
) -> None:
    """The new request is stored with its tracks and first clocks."""
    dates = _dates(case)
    row = {
        "id": case.id,
        "reference": case.reference,
        "requester": case.requester.value,
        "requester_id": case.requester_id,
        "intake": case.intake.value,
        "delivery": case.delivery.value,
        "lang": lang.value,
        "calendar": case.calendar,
        "policy_days": case.policy_days,
        "rule_set_version": case.rule_set_version,
        "received_at": case.received_at,
        "words": words,
        **_state(case, dates),
    }
    NEW_REQUEST.rows(tx, [row])
    tracks = [
        {"request_id": case.id, "law": t.law.value, "kind": t.kind.value, **_days(t, dates[t.law])}
        for t in case.tracks
    ]
    NEW_TRACKS.rows(tx, tracks)
    add_clocks(tx, case.id, [entry for t in case.tracks for entry in t.clocks], actor=actor)


def _dates(case: Case) -> dict[Law, Dates]:
    return {track.law: dates_of(case, track, at=case.last_at) for track in case.tracks}


def _state(case: Case, dates: Mapping[Law, Dates]) -> dict[str, Any]:
    decision = case.decision
    return {
        "subject_id": case.subject,
        "last_at": case.last_at,
        "answer_by": earliest(case, dates),
        "open": not case.closed,
        "executed": case.executed,
        "assignee": case.assignee,
        "outcome": decision.outcome.value if decision else None,
        "grounds": joined(decision.grounds) if decision else None,
        "decided_by": decision.decided_by if decision else None,
        "decided_at": decision.decided_at if decision else None,
        "approval_id": decision.approval if decision else None,
        "approved_by": decision.approved_by if decision else None,
        "approved_at": decision.approved_at if decision else None,
        "hold_ground": case.hold.ground.value if case.hold else None,
        "hold_since": case.hold.since if case.hold else None,
        "hold_until": case.hold.until if case.hold else None,
        "hold_by": case.hold.by if case.hold else None,
        "version": case.version,
    }


def _days(track: Track, dates: Dates) -> dict[str, Any]:
    return {
        "status": track.status.value,
        "rule": dates.rule,
        "act_by": dates.act_by,
        "nominal": dates.nominal,
        "legal": dates.legal,
        "policy_due": dates.policy_due,
        "suit_from": dates.suit_from,
        "extended_at": extension.at if (extension := extension_of(track.clocks)) else None,
        "ended_at": ended_at(track.clocks),
    }


def save_case(tx: Connection, case: Case, *, expected: int) -> None:
    """The case stands as given; raises RequestChangedError when somebody else was first."""
    dates = _dates(case)
    changed = tx.execute(
        update(REQUEST)
        .where(REQUEST.c.id == case.id, REQUEST.c.version == expected)
        .values(**_state(case, dates))
    )
    if changed.rowcount != 1:
        raise RequestChangedError(request=case.id)
    for track in case.tracks:
        tx.execute(
            update(TRACK)
            .where(TRACK.c.request_id == case.id, TRACK.c.law == track.law.value)
            .values(**_days(track, dates[track.law]))
        )


def append_event(
    tx: Connection,
    request: RequestId,
    *,
    event: str,
    at: datetime,
    actor: ActorId,
    moves: Sequence[Move] = (),
    ground: str | None = None,
) -> None:
    """The history has one line per moved track, or one line for a mark."""
    last = LAST_EVENT.one(tx, {"request": request})
    lines: list[dict[str, Any]] = [
        {"law": move.law.value, "source": move.source.value, "target": move.target.value}
        for move in moves
    ] or [{"law": None, "source": None, "target": None}]
    shared = {"request_id": request, "at": at, "event": event, "actor": actor, "ground": ground}
    rows = [
        {"id": new_row_id(), "seq": int(last or 0) + n, **shared, **line}
        for n, line in enumerate(lines, start=1)
    ]
    NEW_EVENTS.rows(tx, rows)


def add_clocks(
    tx: Connection, request: RequestId, entries: Iterable[ClockEntry], *, actor: ActorId
) -> None:
    """The entries are in the clock ledger."""
    rows = [
        {
            "id": new_row_id(),
            "request_id": request,
            "law": entry.law.value,
            "rule": entry.rule,
            "kind": entry.kind.value,
            "at": entry.at,
            "ground": entry.ground,
            "until": entry.until,
            "actor": actor,
        }
        for entry in entries
    ]
    NEW_CLOCKS.rows(tx, rows)


def add_evidence(tx: Connection, request: RequestId, evidence: Evidence) -> None:
    """The judgement is on file."""
    tx.execute(
        insert(EVIDENCE).values(
            id=new_row_id(),
            request_id=request,
            kind=evidence.kind.value,
            accepted=evidence.accepted,
            contact_days=evidence.contact_days,
            reason=evidence.reason,
            at=evidence.at,
            actor=evidence.by,
        )
    )


def add_items(tx: Connection, request: RequestId, decision: Decision) -> None:
    """Each withheld item is on file under the moment of its decision."""
    if decision.items:
        tx.execute(
            insert(ITEM),
            [
                {
                    "id": new_row_id(),
                    "request_id": request,
                    "field": item.field,
                    "row_id": item.row,
                    "grounds": joined(item.grounds),
                    "label": label_text(item.label),
                    "decided_at": decision.decided_at,
                }
                for item in decision.items
            ],
        )


def case_by_id(tx: Connection, request: RequestId) -> Case:
    """The case; raises RequestUnknownError."""
    row = tx.execute(select(REQUEST).where(REQUEST.c.id == request)).one_or_none()
    if row is None:
        raise RequestUnknownError
    results = newest_results(tx, request)
    return Case(
        id=RequestId(row.id),
        reference=row.reference,
        requester=Requester(row.requester),
        subject=SubjectId(row.subject_id) if row.subject_id else None,
        requester_id=SubjectId(row.requester_id),
        intake=Intake(row.intake),
        delivery=Delivery(row.delivery),
        received_at=row.received_at,
        last_at=row.last_at,
        calendar=row.calendar,
        policy_days=row.policy_days,
        rule_set_version=row.rule_set_version,
        tracks=_tracks(tx, request),
        evidence=_evidence(tx, request),
        decision=_decision(tx, row),
        sources=tuple(result.state for result in results),
        reviewed=reviewed_of(tx, request, (one.id for one in results)) if results else None,
        executed=bool(row.executed),
        assignee=ActorId(row.assignee) if row.assignee else None,
        hold=_hold(row),
        version=row.version,
    )


def _hold(row: Row[Any]) -> Hold | None:
    if row.hold_ground is None:
        return None
    return Hold(
        ground=HoldGround(row.hold_ground),
        since=row.hold_since,
        until=row.hold_until,
        by=ActorId(row.hold_by),
    )


def words_of(tx: Connection, request: RequestId) -> bytes | None:
    """The sealed words of the person who asks; None when there are none."""
    found = tx.execute(select(REQUEST.c.words).where(REQUEST.c.id == request)).scalar()
    return bytes(found) if found is not None else None


def answer_language(tx: Connection, request: RequestId) -> Lang:
    """The language in which the person is answered."""
    return Lang(tx.execute(select(REQUEST.c.lang).where(REQUEST.c.id == request)).scalar_one())


def _tracks(tx: Connection, request: RequestId) -> tuple[Track, ...]:
    clocks = tx.execute(
        select(CLOCK).where(CLOCK.c.request_id == request).order_by(CLOCK.c.at, CLOCK.c.id)
    ).all()
    tracks = tx.execute(select(TRACK).where(TRACK.c.request_id == request).order_by(TRACK.c.law))
    return tuple(
        Track(
            law=Law(track.law),
            kind=RequestKind(track.kind),
            status=Status(track.status),
            clocks=tuple(_clock(row) for row in clocks if row.law == track.law),
        )
        for track in tracks
    )


def _clock(row: Row[Any]) -> ClockEntry:
    return ClockEntry(
        law=Law(row.law),
        rule=row.rule,
        kind=ClockKind(row.kind),
        at=row.at,
        ground=row.ground,
        until=row.until,
    )


def _evidence(tx: Connection, request: RequestId) -> tuple[Evidence, ...]:
    rows = tx.execute(
        select(EVIDENCE).where(EVIDENCE.c.request_id == request).order_by(EVIDENCE.c.id)
    )
    return tuple(
        Evidence(
            kind=EvidenceKind(row.kind),
            accepted=bool(row.accepted),
            at=row.at,
            by=ActorId(row.actor),
            contact_days=row.contact_days,
            reason=row.reason,
        )
        for row in rows
    )


def _decision(tx: Connection, row: Row[Any]) -> Decision | None:
    if row.outcome is None or row.decided_by is None or row.decided_at is None:
        return None
    items = tx.execute(
        select(ITEM)
        .where(ITEM.c.request_id == row.id, ITEM.c.decided_at == row.decided_at)
        .order_by(ITEM.c.id)
    )
    return Decision(
        outcome=Outcome(row.outcome),
        grounds=grounds_of(row.grounds),
        decided_by=ActorId(row.decided_by),
        decided_at=row.decided_at,
        items=tuple(
            WithheldItem(
                field=FieldId(item.field),
                grounds=grounds_of(item.grounds),
                row=RowId(item.row_id) if item.row_id else None,
                label=label_from(item.label),
            )
            for item in items
        ),
        approved_by=ActorId(row.approved_by) if row.approved_by else None,
        approved_at=row.approved_at,
        approval=row.approval_id,
    )


def joined(grounds: Iterable[Ground]) -> str:
    """Grounds as one column."""
    return ",".join(ground.value for ground in grounds)


def grounds_of(column: str | None) -> tuple[Ground, ...]:
    """The grounds of a column."""
    return tuple(Ground(code) for code in column.split(",")) if column else ()
