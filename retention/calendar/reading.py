"""Reads who is due by the calendar; who relies on it reads nobody but those who may be."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from governance.core.terms import SubjectId
from retention.calendar import changes, store
from retention.calendar.rules import basis_of
from retention.facts import PAGE, covered_of, facts_of
from retention.types import DecisionKind, PersonFacts, Schedule

Counts = Counter[tuple[DecisionKind, str]]


@dataclass(slots=True, kw_only=True)
class ByCalendar:
    """Persons who may be due, page by page, and how many of each decision are not among them."""

    schedule: Schedule
    on: date
    wanted: tuple[SubjectId, ...]
    resting: Counts = field(default_factory=Counter)

    def pages(self, tx: Connection) -> Iterator[tuple[PersonFacts, ...]]:
        """Facts of everybody of whom a decision may be another than the stored one."""
        for start in range(0, len(self.wanted), PAGE):
            part = self.wanted[start : start + PAGE]
            for entry in store.entries_of(tx, part):
                if not entry.part:
                    self.resting[DecisionKind(entry.state.value), entry.rule] -= 1
            yield facts_of(tx, covered_of(tx, self.schedule.covers, part), at=self.on)


def by_calendar(tx: Connection, schedule: Schedule, *, on: date) -> ByCalendar | None:
    """Fails closed: None where the calendar is not whole, of another basis or of a later day."""
    known = store.calendar(tx)
    if known is None or not known.whole or known.computed_on > on:
        return None
    if known.basis != basis_of(schedule, on=on):
        return None
    wanted = store.to_look_at(tx, on=on) | changes.written_since(tx, known.seq)
    stored = store.counts(tx)
    resting = Counter({(DecisionKind(kind), rule): n for (kind, rule), n in stored.items()})
    return ByCalendar(schedule=schedule, on=on, wanted=tuple(sorted(wanted)), resting=resting)
