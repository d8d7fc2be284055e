"""Which rows of the register are one company now, and what each merge moved: rows in and out.

While a merge stands, the absorbed row answers as the survivor; no value of a person is in it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, delete, insert, or_, select

from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.customers.upkeep.merges import MergeState, Trace, TraceKind, ended, standing_under
from governance.customers.upkeep.models import CompanyMergeEntry, CompanyTraceRow
from governance.db.types import table_of

MERGE, TRACE = table_of(CompanyMergeEntry), table_of(CompanyTraceRow)
ABSORBED = select(MERGE.c.absorbed_id).where(MERGE.c.state == MergeState.MERGED.value)
Fact = str | int | bool | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyMerge:
    """Two rows taken as one company."""

    id: RowId
    survivor: RowId
    absorbed: RowId
    state: MergeState
    left: RowId
    right: RowId
    merged_by: ActorId
    merged_at: datetime
    undone_by: ActorId | None = None
    undone_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """True until it is undone."""
        return self.state is MergeState.MERGED


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyTrace:
    """One thing that a merge did, with the fact that stood there before and after."""

    trace: Trace
    before: Fact
    after: Fact


def enter(tx: Connection, merge: CompanyMerge) -> None:
    """The two are one company from now on."""
    tx.execute(
        insert(MERGE).values(
            id=merge.id,
            survivor_id=merge.survivor,
            absorbed_id=merge.absorbed,
            state=merge.state.value,
            left_id=merge.left,
            right_id=merge.right,
            merged_by=merge.merged_by,
            merged_at=merge.merged_at,
        )
    )


def end(tx: Connection, merge: RowId, *, by: ActorId, at: datetime) -> bool:
    """Whether this call undid the merge; False when another did before."""
    return ended(tx, MERGE, merge, by=by, at=at)


def merge_by_id(tx: Connection, merge: str) -> CompanyMerge | None:
    """One merge, standing or undone."""
    row = tx.execute(select(MERGE).where(MERGE.c.id == merge)).one_or_none()
    return None if row is None else _merge(row)


def merges_of(tx: Connection, company: RowId) -> tuple[CompanyMerge, ...]:
    """Every merge that this row took part in, oldest first."""
    mine = or_(MERGE.c.survivor_id == company, MERGE.c.absorbed_id == company)
    return tuple(_merge(row) for row in tx.execute(select(MERGE).where(mine).order_by(MERGE.c.id)))


def all_merges(tx: Connection, *, limit: int) -> tuple[CompanyMerge, ...]:
    """The newest merges first."""
    rows = tx.execute(select(MERGE).order_by(MERGE.c.id.desc()).limit(limit))
    return tuple(_merge(row) for row in rows)


def standing_company(tx: Connection, company: RowId) -> RowId:
    """The row under which this company stands now; itself when it was never absorbed."""
    return RowId(standing_under(tx, MERGE, company))


def standing_companies(tx: Connection) -> Mapping[RowId, RowId]:
    """Every absorbed row with the one that it stands under now, chains followed."""
    wanted = select(MERGE.c.absorbed_id, MERGE.c.survivor_id)
    pairs = tx.execute(wanted.where(MERGE.c.state == MergeState.MERGED.value)).all()
    home = {RowId(absorbed): RowId(survivor) for absorbed, survivor in pairs}
    return {absorbed: _last(home, survivor) for absorbed, survivor in home.items()}


def one_with(tx: Connection, rows: Sequence[RowId]) -> Mapping[RowId, RowId]:
    """Every row that is one company with one of these, and the one that it stands under now."""
    home: dict[RowId, RowId] = {}
    seen, new = set(rows), list(rows)
    standing = MERGE.c.state == MergeState.MERGED.value
    while new:
        near = or_(MERGE.c.absorbed_id.in_(new), MERGE.c.survivor_id.in_(new))
        pairs = tx.execute(select(MERGE.c.absorbed_id, MERGE.c.survivor_id).where(standing, near))
        found = {RowId(absorbed): RowId(survivor) for absorbed, survivor in pairs}
        home |= found
        new = [row for row in {*found, *found.values()} if row not in seen]
        seen.update(new)
    return {row: _last(home, row) for row in seen}


def _last(home: Mapping[RowId, RowId], row: RowId) -> RowId:
    while (further := home.get(row)) is not None:
        row = further
    return row


def note(tx: Connection, merge: RowId, traces: Sequence[CompanyTrace]) -> None:
    """The history of the merge is on file."""
    if traces:
        tx.execute(
            insert(TRACE),
            [
                {
                    "id": one.trace.id,
                    "merge_id": merge,
                    "kind": one.trace.kind.value,
                    "source_table": one.trace.table,
                    "record_id": one.trace.record,
                    "field": one.trace.field,
                    "before": _told(one.before),
                    "after": _told(one.after),
                }
                for one in traces
            ],
        )


def made(
    kind: TraceKind,
    table: str,
    record: RowId,
    *,
    field: str | None = None,
    before: Fact = None,
    after: Fact = None,
) -> CompanyTrace:
    """A line of a merge's history."""
    trace = Trace(id=new_row_id(), kind=kind, table=table, record=record, field=field)
    return CompanyTrace(trace=trace, before=before, after=after)


def traces_of(tx: Connection, merge: RowId) -> tuple[CompanyTrace, ...]:
    """What the merge did, in the order in which it did it."""
    rows = tx.execute(select(TRACE).where(TRACE.c.merge_id == merge).order_by(TRACE.c.id))
    return tuple(
        CompanyTrace(
            trace=Trace(
                id=RowId(row.id),
                kind=TraceKind(row.kind),
                table=row.source_table,
                record=RowId(row.record_id),
                field=row.field,
            ),
            before=_fact(row.before),
            after=_fact(row.after),
        )
        for row in rows
    )


def forget(tx: Connection, merge: RowId) -> None:
    """The history of an undone merge is no longer needed; the merge itself stays on file."""
    tx.execute(delete(TRACE).where(TRACE.c.merge_id == merge))


def _told(fact: Fact) -> str | None:
    if fact is None:
        return None
    shape = {"day": fact.isoformat()} if isinstance(fact, date) else fact
    return json.dumps(shape, ensure_ascii=False)


def _fact(told: str | None) -> Fact:
    shape = None if told is None else json.loads(told)
    return date.fromisoformat(shape["day"]) if isinstance(shape, dict) else shape


def _merge(row: Row[tuple[object, ...]]) -> CompanyMerge:
    return CompanyMerge(
        id=RowId(row.id),
        survivor=RowId(row.survivor_id),
        absorbed=RowId(row.absorbed_id),
        state=MergeState(row.state),
        left=RowId(row.left_id),
        right=RowId(row.right_id),
        merged_by=ActorId(row.merged_by),
        merged_at=row.merged_at,
        undone_by=None if row.undone_by is None else ActorId(row.undone_by),
        undone_at=row.undone_at,
    )
