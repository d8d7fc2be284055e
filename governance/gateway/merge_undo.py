"""Makes one person two again inside a transaction, by the merge's history read backwards.

A value that somebody corrected since the merge stays; what the merge had put there goes back to
what it was. Holds that came since stand on both, since nobody knows whom they meant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId
from governance.crypto.values import Plain
from governance.customers import store
from governance.customers.catalogue import Storage, catalogue
from governance.customers.changes import counter
from governance.customers.holds.codes import written
from governance.customers.holds.types import What
from governance.customers.store import HOLD, LAW, SUBJECT
from governance.customers.subjects import AgeBand, SubjectState
from governance.customers.upkeep.choosing import youngest
from governance.customers.upkeep.company_merges import CompanyMerge
from governance.customers.upkeep.merges import TRACE, Merge, Trace, TraceKind, parts, traces_of
from governance.gateway import merge_moves as moves
from governance.gateway.intake.tokens import Indexer
from governance.gateway.merge_apply import write_values
from governance.gateway.merge_types import (
    LaterRowsError,
    MergeNotNewestError,
    MergeUndoneError,
    MergeUnknownError,
    Side,
)
from governance.keys.vault import FieldVault

BEFORE, AFTER = FieldId("merge_trace.before"), FieldId("merge_trace.after")
RENAMED = "other_subject_id"
AnyMerge = TypeVar("AnyMerge", Merge, CompanyMerge)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLine:
    """A standing hold with all its columns."""

    columns: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The hold's id."""
        return str(self.columns["id"])

    @property
    def matter(self) -> str:
        """What it is for and what it covers, as the journal says it."""
        what = What(
            table=self.columns["held_table"],
            field=self.columns["field"],
            row=self.columns["held_row"],
        )
        return written(str(self.columns["matter"]), what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """Rows that came since the merge and are the absorbed one's, by table."""

    rows: Mapping[str, Sequence[RowId]]
    later: int  # how many rows came since, whoever has them now


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What undoing one merge works with."""

    vault: FieldVault = field(repr=False)
    indexer: Indexer = field(repr=False)
    merge: Merge
    at: datetime


def open_holds(tx: Connection, subject: str) -> list[HoldLine]:
    """The holds that stand on a person."""
    wanted = select(HOLD).where(HOLD.c.subject_id == subject, HOLD.c.released_at.is_(None))
    return [HoldLine(columns=dict(row)) for row in tx.execute(wanted).mappings()]


def later_holds(tx: Connection, merge: Merge) -> tuple[HoldLine, ...]:
    """Copies, for the absorbed person, of holds that were placed while the two were one."""
    moved = {trace.record for trace in traces_of(tx, merge.id)}
    fresh = [
        hold
        for hold in open_holds(tx, merge.survivor)
        if hold.id not in moved and hold.columns["placed_at"] > merge.merged_at
    ]
    return tuple(
        HoldLine(columns={**hold.columns, "id": new_row_id(), "subject_id": merge.absorbed})
        for hold in fresh
    )


def moved_holds(tx: Connection, merge: Merge) -> tuple[HoldLine, ...]:
    """Standing holds that the merge had brought to the survivor."""
    moved = {trace.record for trace in traces_of(tx, merge.id) if trace.table == "legal_hold"}
    return tuple(hold for hold in open_holds(tx, merge.survivor) if hold.id in moved)


def absorbed_rows(
    tx: Connection,
    owned: Mapping[str, Any],
    merge: Merge | CompanyMerge,
    traces: Sequence[Trace],
    said: Mapping[RowId, Side],
    rest: Side | None,
) -> Theirs:
    """Whose the rows are that came since; raises LaterRowsError when one is nobody's."""
    found = moves.later_rows(tx, owned, merge.survivor, since=merge.id, known=traces)
    rows: dict[str, list[RowId]] = defaultdict(list)
    open_ = 0
    for name, row in found:
        side = said.get(row, rest)
        open_ += side is None
        if side is Side.ABSORBED:
            rows[name].append(row)
    if open_:
        raise LaterRowsError(count=open_, merge=merge.id)
    return Theirs(rows=rows, later=len(found))


def undoable(found: AnyMerge | None, of: Callable[[AnyMerge], Iterable[AnyMerge]]) -> AnyMerge:
    """The standing merge on which no later one of the same survivor stands; raises what forbids."""
    if found is None:
        raise MergeUnknownError
    if not found.stands:
        raise MergeUndoneError
    newer = [merge for merge in of(found) if merge.stands and merge.id > found.id]
    if newer:
        raise MergeNotNewestError(newer=newer[-1].id)
    return found


def part(
    tx: Connection,
    undo: Undo,
    traces: Sequence[Trace],
    later: Mapping[str, Sequence[RowId]],
    *,
    copies: Sequence[HoldLine],
) -> int:
    """How many rows went back; both persons stand as they did, with what came since."""
    undo.indexer.look()
    merge = undo.merge
    _restore(tx, undo, [trace for trace in traces if trace.kind is TraceKind.CHANGED])
    added = [trace.record for trace in traces if trace.kind is TraceKind.ADDED]
    for some in parts(added):
        tx.execute(delete(LAW).where(LAW.c.id.in_(some)))
    tx.execute(delete(TRACE).where(TRACE.c.merge_id == merge.id))
    back: dict[str, list[RowId]] = defaultdict(list)
    for trace in traces:
        if trace.kind is TraceKind.MOVED:
            back[trace.table].append(trace.record)
    for name, rows in later.items():
        back[name] += rows
    for name, rows in back.items():
        if name in moves.FOLLOWS:
            moves.send(tx, name, rows, to=merge.absorbed)
            continue
        records = [r for r in moves.records(tx, name, rows) if r.subject == merge.survivor]
        moves.hand_over(tx, undo.vault, name, records, to=merge.absorbed)
        if name == "person":
            moves.candidates_name(tx, [r.id for r in records], subject=merge.absorbed)
    if copies:
        tx.execute(insert(HOLD), [dict(hold.columns) for hold in copies])
    _states(tx, merge)
    return sum(len(rows) for rows in back.values())


def _restore(tx: Connection, undo: Undo, traces: Sequence[Trace]) -> None:
    """What the merge had changed is as it was, unless somebody changed it since."""
    renamed = [trace.record for trace in traces if trace.field == RENAMED]
    moves.name_again(tx, renamed, subject=undo.merge.absorbed)
    lines = [trace for trace in traces if trace.field not in (None, RENAMED)]
    held = {r.id: r.sealed for r in moves.records(tx, "merge_trace", [line.id for line in lines])}
    opened = undo.vault.open_rows([(line.id, held[line.id]) for line in lines])
    for line, values in zip(lines, opened, strict=True):
        old = values[BEFORE].value if BEFORE in values else None
        new = values[AFTER].value if AFTER in values else None
        _put_back(tx, undo, line, old, new)


def _put_back(
    tx: Connection, undo: Undo, line: Trace, old: Plain | None, new: Plain | None
) -> None:
    record = store.record_by_id(tx, line.table, line.record)
    name = FieldId(line.field or "")
    if record is None or record.subject != undo.merge.survivor:
        return
    column = name.partition(".")[2]
    if catalogue().fields[name].storage is Storage.CLEAR:
        if record.clear[column] == new:
            write_values(tx, undo.vault, undo.indexer, record, {}, clear={column: old})
        return
    cells = {name: record.sealed[name]} if name in record.sealed else {}
    opened = undo.vault.open_row(record.id, cells)
    current = opened[name].value if name in opened else None
    if current == new:
        write_values(tx, undo.vault, undo.indexer, record, {name: old}, clear={})


def _states(tx: Connection, merge: Merge) -> None:
    """State and band as before; a restriction that came since stands on both."""
    wanted = select(SUBJECT).where(SUBJECT.c.id.in_((merge.survivor, merge.absorbed)))
    rows = {row.id: row for row in tx.execute(wanted)}
    mine, theirs = rows[merge.survivor], rows[merge.absorbed]
    before, restricted = merge.before, SubjectState.RESTRICTED.value
    values: dict[str, Any] = {"fence": SUBJECT.c.fence + 1}
    others: dict[str, Any] = {"fence": SUBJECT.c.fence + 1}
    if mine.state == restricted != before.state:
        if merge_brought_it(mine.restricted_at, theirs, merge):
            values |= {"state": before.state, "restricted_at": before.restricted_at}
        else:
            others |= {"state": restricted, "restricted_at": mine.restricted_at}
    united = youngest(AgeBand(b or AgeBand.UNKNOWN.value) for b in (before.band, theirs.birth_band))
    if mine.birth_band == united.value:
        values |= {"birth_band": before.band, "guardian_verified": before.guardian}
    tx.execute(update(SUBJECT).where(SUBJECT.c.id == merge.survivor).values(**values))
    tx.execute(update(SUBJECT).where(SUBJECT.c.id == merge.absorbed).values(**others))
    counter.note(tx, (merge.survivor, merge.absorbed))


def merge_brought_it(restricted_at: datetime | None, theirs: Any, merge: Merge) -> bool:
    """Whether the survivor is restricted because the absorbed person was, and for nothing since."""
    if theirs.state != SubjectState.RESTRICTED.value:
        return False
    return restricted_at == (theirs.restricted_at or merge.merged_at)
