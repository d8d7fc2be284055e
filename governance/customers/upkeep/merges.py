"""Which pseudonyms are one person now, and what each merge moved: rows in and out.

A merge is one row. While it stands, the absorbed pseudonym answers as the survivor; when it is
undone, the row stays as history.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, bindparam, insert, or_, select, update

from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers.upkeep.models import MergeEntry, MergeTraceRow
from governance.db.fetching import PreparedSelect
from governance.db.types import table_of

MERGE, TRACE = table_of(MergeEntry), table_of(MergeTraceRow)
IN_LIMIT = 500  # values in one IN list


class MergeState(StrEnum):
    """Whether two pseudonyms are one person."""

    MERGED = "merged"
    UNDONE = "undone"


class TraceKind(StrEnum):
    """What a merge did to a row."""

    MOVED = "moved"  # it is the survivor's now
    CHANGED = "changed"  # one field of it was set to the chosen value
    ADDED = "added"  # it was made by the merge


_ABSORBED: Final = PreparedSelect(
    select(MERGE.c.absorbed_id, MERGE.c.survivor_id).where(
        MERGE.c.survivor_id.in_(bindparam("survivors", expanding=True)),
        MERGE.c.state == MergeState.MERGED.value,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a person stood before a merge united them with another."""

    state: str
    restricted_at: datetime | None
    band: str | None
    guardian: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two pseudonyms taken as one person."""

    id: RowId
    survivor: SubjectId
    absorbed: SubjectId
    state: MergeState
    consent_seq: int
    undone_seq: int | None
    left: RowId
    right: RowId
    before: Standing
    merged_by: ActorId
    merged_at: datetime
    undone_by: ActorId | None = None
    undone_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """True until it is undone."""
        return self.state is MergeState.MERGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One thing that a merge did; the values beside it stay sealed in the table."""

    id: RowId
    kind: TraceKind
    table: str
    record: RowId
    field: str | None


def enter(tx: Connection, merge: Merge) -> None:
    """The two are one person from now on."""
    tx.execute(
        insert(MERGE).values(
            id=merge.id,
            survivor_id=merge.survivor,
            absorbed_id=merge.absorbed,
            state=merge.state.value,
            consent_seq=merge.consent_seq,
            left_id=merge.left,
            right_id=merge.right,
            survivor_state=merge.before.state,
            survivor_restricted_at=merge.before.restricted_at,
            survivor_band=merge.before.band,
            survivor_guardian=merge.before.guardian,
            merged_by=merge.merged_by,
            merged_at=merge.merged_at,
        )
    )


def end(tx: Connection, merge: RowId, *, by: ActorId, seq: int, at: datetime) -> bool:
    """Whether this call undid the merge; False when another did before."""
    return ended(tx, MERGE, merge, by=by, at=at, undone_seq=seq)


def ended(
    tx: Connection, register: Table, merge: RowId, *, by: ActorId, at: datetime, **more: int
) -> bool:
    """Whether this call undid a merge of that register (of persons, of companies)."""
    mine = update(register).where(
        register.c.id == merge, register.c.state == MergeState.MERGED.value
    )
    values = {"state": MergeState.UNDONE.value, "undone_by": by, "undone_at": at, **more}
    return tx.execute(mine.values(**values)).rowcount == 1


def merge_by_id(tx: Connection, merge: str) -> Merge | None:
    """One merge, standing or undone."""
    row = tx.execute(select(MERGE).where(MERGE.c.id == merge)).one_or_none()
    return None if row is None else _merge(row)


def merges_of(tx: Connection, subject: SubjectId) -> tuple[Merge, ...]:
    """Every merge that this pseudonym took part in, oldest first."""
    mine = or_(MERGE.c.survivor_id == subject, MERGE.c.absorbed_id == subject)
    rows = tx.execute(select(MERGE).where(mine).order_by(MERGE.c.id))
    return tuple(_merge(row) for row in rows)


def all_merges(tx: Connection, *, limit: int) -> tuple[Merge, ...]:
    """The newest merges first."""
    rows = tx.execute(select(MERGE).order_by(MERGE.c.id.desc()).limit(limit))
    return tuple(_merge(row) for row in rows)


def survivor_of(tx: Connection, subject: SubjectId) -> SubjectId:
    """The pseudonym under which this person stands now; itself when it was never absorbed."""
    return SubjectId(standing_under(tx, MERGE, subject))


def standing_under(tx: Connection, register: Table, one: str) -> str:
    """Under what this one stands by the merges of that register, chains followed."""
    seen = {one}
    while True:
        found = tx.execute(
            select(register.c.survivor_id).where(
                register.c.absorbed_id == one, register.c.state == MergeState.MERGED.value
            )
        ).scalar()
        if found is None or found in seen:
            return one
        one = found
        seen.add(one)


def absorbed_by(tx: Connection, subjects: Iterable[SubjectId]) -> dict[SubjectId, SubjectId]:
    """Absorbed pseudonyms, each with the one of these that it stands under now, chains included."""
    home = {subject: subject for subject in subjects}
    found: dict[SubjectId, SubjectId] = {}
    level = list(home)
    while level:
        following: list[SubjectId] = []
        for start in range(0, len(level), IN_LIMIT):
            part = {"survivors": level[start : start + IN_LIMIT]}
            for absorbed, survivor in _ABSORBED.rows(tx, part):
                if absorbed not in found:
                    found[SubjectId(absorbed)] = home[SubjectId(survivor)]
                    following.append(SubjectId(absorbed))
        home |= {subject: found[subject] for subject in following}
        level = following
    return found


def circle(tx: Connection, subject: SubjectId) -> tuple[SubjectId, ...]:
    """Every pseudonym of the person who stands under this one."""
    return (subject, *sorted(absorbed_by(tx, [subject])))


def traces_of(tx: Connection, merge: RowId) -> tuple[Trace, ...]:
    """What the merge did, in the order in which it did it."""
    columns = (TRACE.c.id, TRACE.c.kind, TRACE.c.source_table, TRACE.c.record_id, TRACE.c.field)
    rows = tx.execute(select(*columns).where(TRACE.c.merge_id == merge).order_by(TRACE.c.id))
    return tuple(
        Trace(
            id=RowId(row.id),
            kind=TraceKind(row.kind),
            table=row.source_table,
            record=RowId(row.record_id),
            field=row.field,
        )
        for row in rows
    )


def parts(ids: Sequence[Any]) -> list[list[Any]]:
    """The ids in lists that one statement takes."""
    return [list(ids[start : start + IN_LIMIT]) for start in range(0, len(ids), IN_LIMIT)]


def _merge(row: Row[Any]) -> Merge:
    return Merge(
        id=RowId(row.id),
        survivor=SubjectId(row.survivor_id),
        absorbed=SubjectId(row.absorbed_id),
        state=MergeState(row.state),
        consent_seq=row.consent_seq,
        undone_seq=row.undone_seq,
        left=RowId(row.left_id),
        right=RowId(row.right_id),
        before=Standing(
            state=row.survivor_state,
            restricted_at=row.survivor_restricted_at,
            band=row.survivor_band,
            guardian=bool(row.survivor_guardian),
        ),
        merged_by=ActorId(row.merged_by),
        merged_at=row.merged_at,
        undone_by=None if row.undone_by is None else ActorId(row.undone_by),
        undone_at=row.undone_at,
    )
