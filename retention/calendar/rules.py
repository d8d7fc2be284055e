"""Until when a decision stands if nobody writes anything, and what a change of it is; pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256

from governance.core.terms import SubjectId
from governance.customers.catalogue import catalogue
from policies.law.in_force import law_in_force, rule_set
from retention.parts.lines import MY_NUMBER
from retention.parts.types import Met
from retention.types import Decision, Kept, PersonFacts, Schedule


class State(StrEnum):
    """What is known of a person or of a line about the person's rows."""

    DUE = "due"
    KEPT = "kept"
    REVIEW = "review"
    HELD = "held"  # a line that is over, of rows that a hold keeps


class Change(StrEnum):
    """What another schedule or law made of a day."""

    NEWLY_DUE = "newly_due"  # over now, and was not
    NO_LONGER_DUE = "no_longer_due"
    MOVED = "moved"  # to another day, or to one at all
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the calendar: a person's, or a line about the person's rows."""

    subject: SubjectId
    part: str  # empty: the person
    state: State
    rule: str
    basis: date | None
    due_on: date | None
    look_on: date | None  # from this day on the decision may be another; None: only a writing is
    fence: int
    rows: int = 0

    @property
    def goes_on(self) -> date | None:
        """The day from which something goes by itself."""
        return self.due_on if self.state in (State.DUE, State.KEPT) else None


def entries(
    facts: PersonFacts, decision: Decision, mets: Iterable[Met], *, at: date
) -> tuple[Entry, ...]:
    """The person's lines of the calendar as this day sees them."""
    person = Entry(
        subject=facts.subject,
        part="",
        state=State(decision.kind.value),
        rule=decision.rule,
        basis=decision.basis,
        due_on=decision.due_on,
        look_on=_look_on(facts, decision, at=at),
        fence=facts.fence,
    )
    return (person, *(_line(facts, one, at=at) for one in mets))


def _look_on(facts: PersonFacts, decision: Decision, *, at: date) -> date | None:
    """Who is due or to be looked at is looked at by every plan; who is kept when a day changes it.

    `moves_on` also covers conditions and events that the calendar alone makes true.
    """
    if not isinstance(decision, Kept):
        return at
    days = (decision.due_on, facts.moves_on)
    return min((day for day in days if day is not None and day > at), default=None)


def _line(facts: PersonFacts, one: Met, *, at: date) -> Entry:
    day: date | None
    if one.rows:
        state, day, rows = State.DUE, one.due_on, len(one.rows)
    elif one.held:
        state, day, rows = State.HELD, one.held_on, one.held
    else:
        state, day, rows = State.KEPT, one.next_on, 0
    return Entry(
        subject=facts.subject,
        part=one.part.id,
        state=state,
        rule=one.part.id,
        basis=None,
        due_on=day,
        look_on=one.next_on if state is State.KEPT else at,
        fence=facts.fence,
        rows=rows,
    )


def basis_of(schedule: Schedule, *, on: date) -> str:
    """What all due dates of a day rest on: the schedule, the law of the day, fields of My Number.

    Another value makes every one of them anew; nobody relies on those of the old one.
    """
    book, law = law_in_force(), rule_set(on)
    fields = sorted(f.id for f in catalogue().fields.values() if f.category == MY_NUMBER)
    said = [
        schedule.digest,
        book.digest,
        *sorted(book.switched_on),
        *sorted((*law.rules, *law.obligations, *law.retention_rules)),
        *fields,
    ]
    return sha256("\n".join(said).encode()).hexdigest()


def change(before: Entry | None, after: Entry | None, *, at: date) -> tuple[Change, str, str, str]:
    """What became of a day as this day sees it: kind, rule before and after, and the month."""
    old = before.goes_on if before is not None else None
    new = after.goes_on if after is not None else None
    rules = before.rule if before is not None else "", after.rule if after is not None else ""
    month = (new or old or date.min).isoformat()[:7] if new or old else ""
    was, now = (day is not None and day <= at for day in (old, new))
    if now and not was:
        return Change.NEWLY_DUE, *rules, month
    if was and not now:
        return Change.NO_LONGER_DUE, *rules, month
    if old != new:
        return Change.MOVED, *rules, month
    return Change.SAME, *rules, month


def moves(
    before: Iterable[Entry], after: Iterable[Entry], *, at: date
) -> Counter[tuple[Change, str, str, str]]:
    """What became of every line's day; of who goes as a whole the rows are not told beside."""
    old = {(one.subject, one.part): one for one in before}
    new = {(one.subject, one.part): one for one in after}
    whole = {one.subject for one in (*old.values(), *new.values()) if _whole(one)}
    keys = [key for key in {*old, *new} if not (key[1] and key[0] in whole)]
    return Counter(change(old.get(key), new.get(key), at=at) for key in keys)


def _whole(entry: Entry) -> bool:
    return not entry.part and entry.state is State.DUE
