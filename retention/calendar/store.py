"""The calendar of due dates in and out: lines, what they rest on, recomputations."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import RowId, SubjectId
from governance.db.types import insert_ignore, table_of
from retention.calendar.models import CalendarRow, DueRow, RecomputeCountRow, RecomputeRow
from retention.calendar.rules import Change, Entry, State

DUE, CALENDAR = table_of(DueRow), table_of(CalendarRow)
RECOMPUTE, COUNT = table_of(RecomputeRow), table_of(RecomputeCountRow)
ONLY = 1  # the one row of the calendar
CHUNK = 500
Moved = Counter[tuple[Change, str, str, str]]  # change, rule before, rule after, month -> lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What the due dates rest on."""

    basis: str
    schedule_digest: str
    schedule_version: int
    whole: bool
    seq: int
    computed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recompute:
    """One making of all due dates anew."""

    id: RowId
    before: str | None
    after: str
    after_version: int
    basis: str
    cursor: SubjectId | None
    persons: int
    batches: int
    seq: int
    started_at: datetime
    finished_at: datetime | None
    ended_because: str | None


def hold(tx: Connection) -> None:
    """Nobody else writes the calendar until this transaction ends; before the first, anybody."""
    tx.execute(select(CALENDAR.c.id).where(CALENDAR.c.id == ONLY).with_for_update()).one_or_none()


def calendar(tx: Connection) -> Calendar | None:
    """What the due dates rest on; None before the first were made."""
    row = tx.execute(select(CALENDAR).where(CALENDAR.c.id == ONLY)).one_or_none()
    if row is None:
        return None
    return Calendar(
        basis=row.basis,
        schedule_digest=row.schedule_digest,
        schedule_version=row.schedule_version,
        whole=bool(row.whole),
        seq=row.seq,
        computed_on=row.computed_on,
    )


def set_calendar(tx: Connection, now: Calendar) -> None:
    """The due dates rest on this from here on."""
    values = {
        "basis": now.basis,
        "schedule_digest": now.schedule_digest,
        "schedule_version": now.schedule_version,
        "whole": now.whole,
        "seq": now.seq,
        "computed_on": now.computed_on,
    }
    tx.execute(insert_ignore(CALENDAR, tx.dialect.name).values(id=ONLY, **values))
    tx.execute(update(CALENDAR).where(CALENDAR.c.id == ONLY).values(**values))


# Lines


def entries_of(tx: Connection, subjects: Sequence[SubjectId]) -> tuple[Entry, ...]:
    """The stored lines of these persons."""
    found = select(DUE).where(DUE.c.subject_id.in_(list(subjects)))
    return tuple(_entry(row) for row in tx.execute(found))


def entries_between(
    tx: Connection, *, after: SubjectId | None, last: SubjectId | None
) -> tuple[Entry, ...]:
    """The stored lines of everybody after one pseudonym, up to another or to the end."""
    return tuple(_entry(row) for row in tx.execute(_between(select(DUE), after, last)))


def remove_between(tx: Connection, *, after: SubjectId | None, last: SubjectId | None) -> None:
    """The same are gone."""
    tx.execute(_between(delete(DUE), after, last))


def _between(statement: Any, after: SubjectId | None, last: SubjectId | None) -> Any:
    if after is not None:
        statement = statement.where(DUE.c.subject_id > after)
    return statement if last is None else statement.where(DUE.c.subject_id <= last)


def remove(tx: Connection, subjects: Sequence[SubjectId]) -> None:
    """These persons have no line any more."""
    tx.execute(delete(DUE).where(DUE.c.subject_id.in_(list(subjects))))


def add(tx: Connection, found: Iterable[Entry]) -> None:
    """The lines stand in the calendar."""
    rows = [
        {
            "subject_id": one.subject,
            "part": one.part,
            "decision": one.state.value,
            "rule": one.rule,
            "basis": one.basis,
            "due_on": one.due_on,
            "look_on": one.look_on,
            "fence": one.fence,
            "rows": one.rows,
        }
        for one in found
    ]
    for start in range(0, len(rows), CHUNK):
        tx.execute(insert(DUE), rows[start : start + CHUNK])


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        subject=SubjectId(row.subject_id),
        part=row.part,
        state=State(row.decision),
        rule=row.rule,
        basis=row.basis,
        due_on=row.due_on,
        look_on=row.look_on,
        fence=row.fence,
        rows=row.rows,
    )


def to_look_at(tx: Connection, *, on: date) -> set[SubjectId]:
    """Persons of whom some decision may be another on this day."""
    found = select(DUE.c.subject_id).where(DUE.c.look_on <= on).distinct()
    return set(map(SubjectId, tx.execute(found).scalars()))


def passed(tx: Connection, *, on: date, limit: int) -> tuple[SubjectId, ...]:
    """Persons who were kept until a day that has come."""
    waiting = DUE.c.look_on <= on, DUE.c.decision == State.KEPT.value
    found = select(DUE.c.subject_id).where(*waiting).distinct().limit(limit)
    return tuple(map(SubjectId, tx.execute(found).scalars()))


def counts(tx: Connection) -> Counter[tuple[str, str]]:
    """Persons by stored decision and rule."""
    groups = DUE.c.decision, DUE.c.rule
    found = select(*groups, func.count()).where(DUE.c.part == "").group_by(*groups)
    return Counter({(decision, rule): n for decision, rule, n in tx.execute(found)})


def coming(tx: Connection) -> Counter[tuple[str, str]]:
    """Lines by month and rule of what is due, or will be by time alone."""
    going = DUE.c.decision.in_((State.DUE.value, State.KEPT.value)), DUE.c.due_on.is_not(None)
    groups = DUE.c.due_on, DUE.c.rule
    found = select(*groups, func.count()).where(*going).group_by(*groups)
    total: Counter[tuple[str, str]] = Counter()
    for day, rule, n in tx.execute(found):
        total[day.isoformat()[:7], rule] += n
    return total


# Recomputations


def enter(tx: Connection, made: Recompute) -> None:
    """The recomputation has begun."""
    tx.execute(
        insert(RECOMPUTE).values(
            id=made.id,
            before=made.before,
            after=made.after,
            after_version=made.after_version,
            basis=made.basis,
            cursor=made.cursor,
            persons=made.persons,
            batches=made.batches,
            seq=made.seq,
            started_at=made.started_at,
        )
    )


def running(tx: Connection) -> Recompute | None:
    """The recomputation that is not at its end."""
    found = select(RECOMPUTE).where(RECOMPUTE.c.finished_at.is_(None)).limit(1)
    row = tx.execute(found).one_or_none()
    return None if row is None else _recompute(row)


def recomputes(tx: Connection, *, limit: int = 10) -> tuple[Recompute, ...]:
    """The newest recomputations."""
    newest = select(RECOMPUTE).order_by(RECOMPUTE.c.started_at.desc(), RECOMPUTE.c.id.desc())
    return tuple(_recompute(row) for row in tx.execute(newest.limit(limit)))


def move(tx: Connection, run: RowId, *, cursor: SubjectId | None, persons: int) -> None:
    """The recomputation is so much further."""
    values = {"persons": RECOMPUTE.c.persons + persons, "batches": RECOMPUTE.c.batches + 1}
    mine = update(RECOMPUTE).where(RECOMPUTE.c.id == run)
    tx.execute(mine.values(**values, **({} if cursor is None else {"cursor": cursor})))


def end(tx: Connection, run: RowId, *, because: str, at: datetime) -> None:
    """The recomputation is at its end."""
    mine = update(RECOMPUTE).where(RECOMPUTE.c.id == run)
    tx.execute(mine.values(finished_at=at, ended_because=because))


def count_moves(tx: Connection, run: RowId, moved: Moved) -> None:
    """What the recomputation changed, added to what it changed before."""
    for (kind, before, after, month), n in moved.items():
        key = {"change": kind.value, "rule_before": before, "rule_after": after, "month": month}
        fresh = insert_ignore(COUNT, tx.dialect.name)
        tx.execute(fresh.values(id=new_row_id(), recompute_id=run, persons=0, **key))
        mine = [COUNT.c[name] == value for name, value in key.items()]
        raised = update(COUNT).where(COUNT.c.recompute_id == run, *mine)
        tx.execute(raised.values(persons=COUNT.c.persons + n))


def moves_of(tx: Connection, run: RowId) -> Mapping[tuple[Change, str, str, str], int]:
    """What a recomputation changed, by kind, rule before and after, and month."""
    names = COUNT.c.change, COUNT.c.rule_before, COUNT.c.rule_after, COUNT.c.month
    found = select(*names, COUNT.c.persons).where(COUNT.c.recompute_id == run).order_by(*names)
    return {(Change(kind), *rest): n for kind, *rest, n in tx.execute(found)}


def _recompute(row: Row[Any]) -> Recompute:
    return Recompute(
        id=RowId(row.id),
        before=row.before,
        after=row.after,
        after_version=row.after_version,
        basis=row.basis,
        cursor=None if row.cursor is None else SubjectId(row.cursor),
        persons=row.persons,
        batches=row.batches,
        seq=row.seq,
        started_at=row.started_at,
        finished_at=row.finished_at,
        ended_because=row.ended_because,
    )
