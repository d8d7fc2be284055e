"""Which rows and fields of a person are over while the person stays; pure.

A hold beats everything, a duty keeps its fields, and a line that keeps binds the lines after it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from governance.core.terms import FieldId, RowId
from governance.customers.subjects import SubjectState
from policies.law.in_force import rule_set
from policies.law.keeping import retention as law_retention
from retention.duties import after, row_keeps
from retention.parts.types import Met, MetRow, PartFacts, RowFacts
from retention.rules import NO_ROW, event_day, matches, picked
from retention.types import (
    Action,
    Part,
    PersonFacts,
    Schedule,
    Since,
    Trigger,
    latest,
)

OWN: Mapping[str, frozenset[Trigger]] = {  # what a row itself must say, whatever its person does
    "inquiry": frozenset({Trigger.TASK_ENDED, Trigger.LAST_INQUIRY}),
    "inquiry_message": frozenset({Trigger.TASK_ENDED, Trigger.LAST_INQUIRY}),
    "deal": frozenset({Trigger.TASK_ENDED, Trigger.LAST_DEAL}),
    "purchase": frozenset({Trigger.TASK_ENDED, Trigger.LAST_TRANSACTION, Trigger.CONTRACT_ENDED}),
    "subscription": frozenset(
        {Trigger.TASK_ENDED, Trigger.LAST_TRANSACTION, Trigger.CONTRACT_ENDED}
    ),
    "person": frozenset({Trigger.REGISTERED, Trigger.WITHDRAWN}),
}
Protected = dict[RowId, dict[FieldId, date]]  # what stays, until when


def met(
    parts: Iterable[Part], facts: PersonFacts, known: PartFacts, schedule: Schedule, *, at: date
) -> tuple[Met, ...]:
    """What each line meets of this person on this day; lines that meet nothing are among them."""
    if facts.state is not SubjectState.ACTIVE:  # restricted: only stored; erased: nothing is left
        return ()
    keeps = row_keeps(facts, schedule, at=at)
    protected: Protected = {
        row: {name: one.free_from for name, one in keep.fields.items()}
        for row, keep in keeps.items()
    }
    found = []
    for part in parts:
        rows = known.rows.get(part.table, ())
        if not _applies(part, facts):
            continue
        if part.action is Action.KEEP:
            _protect(part, facts, known, rows, schedule, protected, at=at)
        else:
            found.append(_met(part, facts, known, rows, schedule, protected, at=at))
    return tuple(found)


def _applies(part: Part, facts: PersonFacts) -> bool:
    return any(matches(part.when, facts, row) for row in facts.rows or (NO_ROW,))


def _protect(
    part: Part,
    facts: PersonFacts,
    known: PartFacts,
    rows: Sequence[RowFacts],
    schedule: Schedule,
    protected: Protected,
    *,
    at: date,
) -> None:
    """Fails closed: without a day to count from the fields stay for good."""
    for row in rows:
        ends = _kept_until(part, facts, known, row, schedule, at=at)
        if ends is None or ends > at:
            mine = protected.setdefault(row.row, {})
            for name in part.fields:
                mine[name] = max(ends or date.max, mine.get(name, date.min))


def _kept_until(
    part: Part,
    facts: PersonFacts,
    known: PartFacts,
    row: RowFacts,
    schedule: Schedule,
    *,
    at: date,
) -> date | None:
    """The first day on which the line keeps nothing of the row any more."""
    ends = _ends(part, facts, known, row, schedule)
    if ends is None or part.law is None:
        return ends
    rule = rule_set(at).retention_rules.get(part.law)
    return law_retention(rule, ends).purge_from if rule is not None else None


def _met(
    part: Part,
    facts: PersonFacts,
    known: PartFacts,
    rows: Sequence[RowFacts],
    schedule: Schedule,
    protected: Protected,
    *,
    at: date,
) -> Met:
    due: list[MetRow] = []
    held, kept, coming = list[date](), 0, list[date]()
    for row in rows:
        going = _going(part, row)
        if going is None:
            continue
        ends = _ends(part, facts, known, row, schedule)
        if ends is None:
            continue
        if ends > at:
            coming.append(ends)
            continue
        under_hold = _under_hold(row, going, facts)
        until = protected.get(row.row, {})
        stays = going & until.keys()
        coming += [until[name] for name in stays if until[name] < date.max]
        if under_hold:
            held.append(ends)
        kept += bool(stays - under_hold)
        left = going - under_hold - stays
        if _needed(part, row, facts):
            kept += 1
        elif left and (part.action is Action.NULL or left == going):
            due.append(_row(part, row, left, ends))
    return Met(
        part=part,
        rows=tuple(due),
        held=len(held),
        kept=kept,
        held_on=min(held, default=None),
        next_on=min(coming, default=None),
    )


def _needed(part: Part, row: RowFacts, facts: PersonFacts) -> bool:
    """Whether the whole row of a purchase must stay: it is open, or tells when it was last.

    Without the last transaction a person would be due by an older day than the true one.
    """
    if part.table != "purchase" or part.action is Action.NULL:
        return False
    told = [one.last_purchase_on for one in facts.rows] + [plan.last_on for plan in facts.plans]
    last = latest(*(one.last_on for one in facts.purchases))
    mine = row.days.get(Trigger.LAST_TRANSACTION)
    alone = mine is None or (mine == last and (latest(*told) or date.min) < mine)
    return row.bound or alone or Trigger.TASK_ENDED not in row.days


def _row(part: Part, row: RowFacts, fields: frozenset[FieldId], ends: date) -> MetRow:
    match part.action:
        case Action.NULL:
            return MetRow(row=row.row, due_on=ends, fields=fields)
        case Action.DE_IDENTIFY:
            values = tuple((name, row.values.get(name, "")) for name in part.fields)
            return MetRow(row=row.row, due_on=ends, values=values)
        case _:
            return MetRow(row=row.row, due_on=ends)


def _going(part: Part, row: RowFacts) -> frozenset[FieldId] | None:
    """What the line takes of the row; None when it took it before."""
    if part.action is not Action.NULL:
        return row.filled | {FieldId(f"{part.table}.id")}
    return row.filled & {*part.fields} or None


def _under_hold(row: RowFacts, going: frozenset[FieldId], facts: PersonFacts) -> frozenset[FieldId]:
    """A hold on the person keeps all, one on rows or fields what it names."""
    if facts.held:
        return going
    spared = facts.spared.get(row.row)
    return going & spared.fields.keys() if spared is not None else frozenset()


def _ends(
    part: Part, facts: PersonFacts, known: PartFacts, row: RowFacts, schedule: Schedule
) -> date | None:
    """The day on which the row's time is over; None when nothing started it."""
    if part.since is None:
        return None
    basis = _started(part, part.since, facts, known, row)
    return None if basis is None else after(basis, part.period, schedule.overflow)


def _started(
    part: Part, since: Since, facts: PersonFacts, known: PartFacts, row: RowFacts
) -> date | None:
    days = (_day(name, part, facts, known, row) for name in since.triggers)
    return picked(since.pick, [day for day in days if day is not None])


def _day(
    name: Trigger, part: Part, facts: PersonFacts, known: PartFacts, row: RowFacts
) -> date | None:
    """The row's own day of the event, or its person's where rows of the table have none."""
    if name is Trigger.CONSENT_WITHDRAWN and part.purposes:
        if not {*part.purposes} <= known.ended.keys():  # one of them still stands
            return None
        return max(known.ended[purpose] for purpose in part.purposes)
    if name is Trigger.RECORDED or name in OWN.get(part.table, frozenset()):
        return row.days.get(name)
    return latest(*(event_day(name, facts, one) for one in facts.rows or (NO_ROW,)))


def shared(found: Iterable[tuple[str, Met]]) -> Mapping[tuple[str, tuple[str, ...]], int]:
    """How many persons stand behind each group of rows that a line would count."""
    persons: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for subject, one in found:
        for row in one.rows if one.action is Action.DE_IDENTIFY else ():
            persons[one.part.id, tuple(word for _, word in row.values)].add(subject)
    return {group: len(who) for group, who in persons.items()}
