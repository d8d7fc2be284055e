"""Who is due, who is kept, who needs a look; pure. A legal hold beats everything."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import assert_never

from governance.customers.subjects import SubjectState
from retention.duties import after, last_end, ledger_until, non_eu_review, row_keep, row_keeps
from retention.key_ends import sealed_keep
from retention.types import (
    NO_RULE,
    REQUEST,
    RESTRICTED,
    Action,
    Condition,
    Decision,
    Due,
    Ending,
    Kept,
    PersonFacts,
    Pick,
    RegisterRow,
    Review,
    Rule,
    Schedule,
    Since,
    Trigger,
    latest,
)

NO_ROW = RegisterRow(status="unknown")  # a person who wrote or works somewhere, in no register


def due(facts: PersonFacts, schedule: Schedule, *, at: date) -> Decision:
    """What becomes of the person on this day, and why."""
    if (barred := _barred(facts, schedule, at=at)) is not None:
        return barred
    if facts.state is SubjectState.ERASED:
        return _remainder(facts, schedule, at=at)
    rows = facts.rows or (NO_ROW,)
    found = combined([_row(facts, row, schedule, at=at) for row in rows])
    if isinstance(found, Due) and (duty := non_eu_review(facts, schedule, at=at)) is not None:
        return Review(
            rule=duty + Ending.NON_EU_DUTY,
            basis=found.basis,
            due_on=found.due_on,
            ledger_until=found.ledger_until,
        )
    return found


def requested(facts: PersonFacts, schedule: Schedule, *, at: date) -> Decision:
    """What becomes of a person who asked to be erased: a hold stops it, a period does not."""
    if (barred := _barred(facts, schedule, at=at)) is not None:
        return barred
    if facts.state is SubjectState.ERASED and facts.shredded is None:
        return _remainder(facts, schedule, at=at)
    last = latest(*(last_transaction(facts, row) for row in facts.rows or (NO_ROW,)))
    until = ledger_until(last, schedule, at=at)
    return Due(rule=REQUEST, basis=at, due_on=at, ledger_until=until)


def released(facts: PersonFacts, schedule: Schedule, *, at: date) -> Decision:
    """What becomes of what a hold alone kept of an erased person, now that it is released."""
    if (barred := _barred(facts, schedule, at=at)) is not None:
        return barred
    if facts.spared or facts.state is not SubjectState.ERASED:
        return Kept(rule=schedule.hold)
    return Due(rule=schedule.hold + Ending.ENDED, basis=at, due_on=at)


def _barred(facts: PersonFacts, schedule: Schedule, *, at: date) -> Decision | None:
    """Fails closed: what stands under a hold or a restriction is not deleted by a schedule."""
    rows = facts.rows or (NO_ROW,)
    last = latest(*(last_transaction(facts, row) for row in rows))
    if facts.held:
        return Kept(rule=schedule.hold, ledger_until=ledger_until(last, schedule, at=at))
    if facts.state is SubjectState.RESTRICTED:
        return Review(rule=RESTRICTED, ledger_until=ledger_until(last, schedule, at=at))
    return None


def _remainder(facts: PersonFacts, schedule: Schedule, *, at: date) -> Decision:
    """What is left of an erased person goes row by row as each duty ends."""
    if facts.shredded is not None:
        return _bare(facts, facts.shredded, schedule, at=at)
    ended = [
        one
        for one in facts.purchases
        if one.row not in facts.spared and row_keep(one, schedule, at=at) is None
    ]
    if facts.spared and not ended:
        return Kept(rule=schedule.hold)
    last = last_end(ended or facts.purchases, schedule, at=at)
    if last is None:  # no date tells how long: nothing keeps it
        return Due(rule=NO_RULE + Ending.ENDED)
    if not ended:
        return Kept(rule=last.duty, due_on=last.free_from, ledger_until=last.until)
    return Due(rule=last.duty + Ending.ENDED, due_on=last.free_from, ledger_until=last.until)


def _row(facts: PersonFacts, row: RegisterRow, schedule: Schedule, *, at: date) -> Decision:
    last = last_transaction(facts, row)
    until = ledger_until(last, schedule, at=at)
    rule = next((rule for rule in schedule.rules if matches(rule.when, facts, row)), None)
    if rule is None:
        return Review(rule=NO_RULE, ledger_until=until)
    match rule.action:
        case Action.KEEP:
            return Kept(rule=rule.id, ledger_until=until)
        case Action.DELETE:
            return replace(_by_period(rule, facts, row, schedule, at=at), ledger_until=until)
        case Action.DESTROY_KEY:
            found = _shared(facts, schedule, at=at) or _by_period(rule, facts, row, schedule, at=at)
            return replace(found, ledger_until=until)
        case Action.NULL | Action.DE_IDENTIFY:  # fails closed: the reader refuses it of a person
            return Review(rule=NO_RULE, ledger_until=until)
        case never:
            assert_never(never)


def _shared(facts: PersonFacts, schedule: Schedule, *, at: date) -> Decision | None:
    """Fails closed: the key stays as long as a hold or a duty keeps something that it seals."""
    if facts.spared:
        return Kept(rule=schedule.hold)
    keep = sealed_keep(row_keeps(facts, schedule, at=at).values())
    return None if keep is None else Kept(rule=keep.duty, due_on=keep.free_from)


def _bare(facts: PersonFacts, id_: str, schedule: Schedule, *, at: date) -> Decision:
    """The rows of a person whose key has ended go when the rule's time for rows is over."""
    rule = schedule.rule(id_)
    if rule is None or rule.rows is None:  # fails closed: another schedule, which does not say
        return Review(rule=NO_RULE)
    last = replace(rule, period=rule.rows)
    found = combined(
        [_by_period(last, facts, row, schedule, at=at) for row in facts.rows or (NO_ROW,)]
    )
    return replace(found, rule=id_ + Ending.ENDED) if isinstance(found, Due) else found


def _by_period(
    rule: Rule, facts: PersonFacts, row: RegisterRow, schedule: Schedule, *, at: date
) -> Decision:
    if rule.since is None or rule.period is None:
        return Review(rule=rule.id + Ending.NO_DATE)
    basis = started(rule.since, facts, row)
    if basis is None:
        return Review(rule=rule.id + Ending.NO_DATE)
    ends = after(basis, rule.period, schedule.overflow)
    if ends <= at:
        return Due(rule=rule.id, basis=basis, due_on=ends)
    return Kept(rule=rule.id + Ending.NOT_YET, basis=basis, due_on=ends)


def matches(when: Condition, facts: PersonFacts, row: RegisterRow) -> bool:
    """Whether every part of the condition holds."""
    asked: tuple[tuple[bool | None, bool], ...] = (
        (when.unpaid, any(purchase.unpaid for purchase in facts.purchases)),
        (when.running_contract, _runs(facts)),
        (when.transactions, last_transaction(facts, row) is not None),
    )
    return (
        (not when.statuses or row.status in when.statuses)
        and (not when.kinds or facts.kind in when.kinds)
        and all(wanted is None or wanted is found for wanted, found in asked)
    )


def _runs(facts: PersonFacts) -> bool:
    """Whether any contract is in force, in the purchases or as a subscription of its own."""
    return any(one.running for one in facts.purchases) or any(plan.running for plan in facts.plans)


def last_transaction(facts: PersonFacts, row: RegisterRow) -> date | None:
    """The latest of the register's last purchase and of all purchases and subscriptions."""
    plans = (plan.last_on for plan in facts.plans)
    return latest(row.last_purchase_on, *(one.last_on for one in facts.purchases), *plans)


def started(since: Since, facts: PersonFacts, row: RegisterRow) -> date | None:
    """The day from which the period runs; None when no date can be used."""
    days = [day for name in since.triggers if (day := event_day(name, facts, row)) is not None]
    return picked(since.pick, days)


def picked(pick: Pick, days: Sequence[date]) -> date | None:
    """The day that counts of those that are known, in the order of their events."""
    match pick:
        case Pick.LATEST:
            return max(days, default=None)
        case Pick.FIRST:
            return days[0] if days else None
        case never:
            assert_never(never)


def event_day(name: Trigger, facts: PersonFacts, row: RegisterRow) -> date | None:
    """The day of one event."""
    match name:
        case Trigger.REGISTERED:
            day = row.registered_on
        case Trigger.LAST_TRANSACTION:
            day = last_transaction(facts, row)
        case Trigger.WITHDRAWN:
            day = row.withdrawn_on
        case Trigger.CONTRACT_ENDED:
            ends = (plan.ended_on for plan in facts.plans)
            day = latest(*(purchase.cancelled_on for purchase in facts.purchases), *ends)
        case Trigger.CONSENT_WITHDRAWN:
            day = facts.consent_withdrawn_on
        case Trigger.LAST_INQUIRY:
            day = facts.inquiry_on
        case Trigger.LAST_DEAL:
            day = facts.deal_on
        case Trigger.TASK_ENDED:
            day = facts.task_ended_on
        case Trigger.RECORDED:  # of rows alone
            day = None
        case never:
            assert_never(never)
    return day


def combined(found: Sequence[Decision]) -> Decision:
    """One answer from several rows of a person: kept if any is kept, else review, else due."""
    until = latest(*(decision.ledger_until for decision in found))
    for kind in (Kept, Review, Due):
        same = [decision for decision in found if isinstance(decision, kind)]
        if same:
            last = max(same, key=lambda one: (one.due_on is None, one.due_on or date.min))
            return replace(last, ledger_until=until)
    raise ValueError("no decision to combine")
