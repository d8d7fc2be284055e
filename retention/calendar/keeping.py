"""Keeps the calendar of due dates: page by page anew under another schedule or law, then by change.

Each step is one transaction of the caller, with the cursor, the counts and the lines in it, so
that a killed step leaves nothing half done and the next one goes on where it stood.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from governance.core.ids import new_row_id
from governance.core.terms import SubjectId
from governance.customers.changes.counter import head
from governance.jobs.types import Step
from retention import rules
from retention import store as schedules
from retention.access import today
from retention.calendar import changes, store
from retention.calendar.rules import Change, Entry, basis_of, entries, moves
from retention.calendar.store import Calendar, Moved, Recompute
from retention.facts import covered_after, covered_of, facts_of
from retention.parts.looking import met_of
from retention.parts.types import Met
from retention.types import Due, Schedule

PAGE: Final = 500  # persons of one step
RENEWED: Final = timedelta(days=30)  # a line that no writing moved is looked at again, the latest
DONE, SUPERSEDED = "done", "superseded"


def step(tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:
    """The next persons are in the calendar as this day sees them; finished when all are.

    Steps of two processes, whose runs may overlap, follow one another.
    """
    store.hold(tx)
    schedule, day = schedules.in_force(tx), today(at)
    basis, known, run = basis_of(schedule, on=day), store.calendar(tx), store.running(tx)
    if run is not None and run.basis != basis:
        store.end(tx, run.id, because=SUPERSEDED, at=at)
        run = None
    fresh = known is not None and known.whole and known.basis == basis
    if run is None and (not fresh or _aged(tx, at=at)):
        run = _begin(tx, schedule, basis, known, day=day, at=at)
    most = min(limit, PAGE)
    if run is not None:
        return _page(tx, schedule, run, day=day, limit=most, cursor=cursor, at=at)
    if known is None:
        raise ValueError("a calendar that is not being made is there")
    return _changes(tx, schedule, known, day=day, limit=most, cursor=cursor)


def _aged(tx: Connection, *, at: datetime) -> bool:
    """Whether all of it was made so long ago that it is made anew to be sure of every line."""
    newest = store.recomputes(tx, limit=1)
    return bool(newest) and at - newest[0].started_at > RENEWED


def _begin(
    tx: Connection,
    schedule: Schedule,
    basis: str,
    known: Calendar | None,
    *,
    day: date,
    at: datetime,
) -> Recompute:
    """Nobody relies on the calendar until it is whole again."""
    made = Recompute(
        id=new_row_id(),
        before=known.schedule_digest if known is not None else None,
        after=schedule.digest,
        after_version=schedule.version,
        basis=basis,
        cursor=None,
        persons=0,
        batches=0,
        seq=head(tx),  # what is written from here on is found as a change
        started_at=at,
        finished_at=None,
        ended_because=None,
    )
    store.set_calendar(tx, _calendar(schedule, made, day=day, whole=False))  # waits for others
    if (begun := store.running(tx)) is not None and begun.basis == basis:
        return begun
    store.enter(tx, made)
    return made


def _calendar(schedule: Schedule, run: Recompute, *, day: date, whole: bool) -> Calendar:
    return Calendar(
        basis=run.basis,
        schedule_digest=schedule.digest,
        schedule_version=schedule.version,
        whole=whole,
        seq=run.seq,
        computed_on=day,
    )


def _page(
    tx: Connection,
    schedule: Schedule,
    run: Recompute,
    *,
    day: date,
    limit: int,
    cursor: str | None,
    at: datetime,
) -> Step:
    """The next persons of a recomputation, with what it changed of their days."""
    page = covered_after(tx, schedule.covers, after=run.cursor, limit=limit)
    last = page[-1] if len(page) == limit else None  # None: everybody that is left
    before = store.entries_between(tx, after=run.cursor, last=last)
    store.remove_between(tx, after=run.cursor, last=last)
    now = looked_at(tx, schedule, page, day=day)
    store.add(tx, now)
    store.count_moves(tx, run.id, _moved(before, now, day=day))
    store.move(tx, run.id, cursor=last, persons=len(page))
    if last is None:
        store.end(tx, run.id, because=DONE, at=at)
        store.set_calendar(tx, _calendar(schedule, run, day=day, whole=True))
    return Step(done=len(page), cursor=cursor, finished=False)  # changes of meanwhile come next


def _moved(before: Sequence[Entry], now: Sequence[Entry], *, day: date) -> Moved:
    moved: Moved = moves(before, now, at=day)
    for key in [key for key in moved if key[0] is Change.SAME]:  # a total is enough
        moved[Change.SAME, "", "", ""] += moved.pop(key)
    return +moved


def _changes(
    tx: Connection,
    schedule: Schedule,
    known: Calendar,
    *,
    day: date,
    limit: int,
    cursor: str | None,
) -> Step:
    """Persons of whom something was written, then those whose day has come."""
    taken = changes.take(tx, known.seq, limit=limit)
    wanted = sorted(taken.subjects) or sorted(store.passed(tx, on=day, limit=limit))
    for start in range(0, len(wanted), PAGE):
        part = wanted[start : start + PAGE]
        store.remove(tx, part)
        store.add(tx, looked_at(tx, schedule, covered_of(tx, schedule.covers, part), day=day))
    moved = replace(known, seq=taken.seq, computed_on=max(day, known.computed_on))
    if moved != known:
        store.set_calendar(tx, moved)
    return Step(done=len(wanted), cursor=cursor, finished=not wanted and taken.seq == head(tx))


def looked_at(
    tx: Connection, schedule: Schedule, subjects: Sequence[SubjectId], *, day: date
) -> tuple[Entry, ...]:
    """The lines of these persons; of one who goes as a whole none about rows."""
    decided = [
        (facts, rules.due(facts, schedule, at=day)) for facts in facts_of(tx, subjects, at=day)
    ]
    stays = [facts for facts, decision in decided if not isinstance(decision, Due)]
    mets: dict[SubjectId, list[Met]] = {}
    for facts, one in met_of(tx, schedule, stays, at=day):
        mets.setdefault(facts.subject, []).append(one)
    return tuple(
        entry
        for facts, decision in decided
        for entry in entries(facts, decision, mets.get(facts.subject, ()), at=day)
    )
