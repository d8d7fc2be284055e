"""Who may still go as a plan says, asked right before they go, and why others are left alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.terms import KeyClass, RowId, SubjectId
from governance.customers.subjects import SubjectState
from governance.keys import store as keys
from governance.keys.ring import KeyRing
from governance.keys.types import KeyState
from retention import rules
from retention.duties import after, row_keeps
from retention.erasure import Doomed
from retention.facts import facts_of, keeping_facts_of
from retention.key_ends import shredded_by, shreds
from retention.merged import merged_into
from retention.plans import Ground, Item, Plan, keep_lines
from retention.types import Due, PersonFacts, RowKeep, Schedule

Seen = dict[RowId, tuple[PersonFacts, Doomed | str]]  # by item: the facts, and what followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """The persons of a batch: who goes, and who is left alone."""

    goes: tuple[tuple[Item, Doomed], ...]
    skipped: dict[str, list[RowId]]  # reason -> items


def fitting(
    tx: Connection,
    ring: KeyRing,
    plan: Plan,
    schedule: Schedule,
    items: Sequence[Item],
    *,
    at: datetime,
    seen: Seen | None = None,
) -> Fitting:
    """Who may still go as planned, and who is left alone for what reason.

    Facts are read anew each time; `seen` keeps what followed from the same facts before.
    """
    memory = {} if seen is None else seen
    subjects = [item.subject for item in items]
    opening: frozenset[SubjectId] | None = None
    if plan.ground is Ground.RESTORE:  # decided before: what a duty keeps is all there is to ask
        found, opening = keeping_facts_of(tx, subjects), open_keys(ring, subjects)
    else:
        found = facts_of(tx, subjects, at=plan.cutoff)
    known = {facts.subject: facts for facts in found}
    goes: list[tuple[Item, Doomed]] = []
    skipped: dict[str, list[RowId]] = {}
    for item in items:
        facts = known.get(item.subject)
        if facts is None:
            skipped.setdefault("unknown", []).append(item.id)
            continue
        before = memory.get(item.id)
        if before is not None and before[0] == facts:
            outcome = before[1]
        else:
            readable = opening is None or item.subject in opening
            outcome = _outcome(facts, item, plan, schedule, readable=readable, at=at)
            memory[item.id] = facts, outcome
        if isinstance(outcome, Doomed):
            goes.append((item, outcome))
        else:
            skipped.setdefault(outcome, []).append(item.id)
    return Fitting(goes=(*goes, *merged_into(tx, goes)), skipped=skipped)


def _outcome(
    facts: PersonFacts, item: Item, plan: Plan, schedule: Schedule, *, readable: bool, at: datetime
) -> Doomed | str:
    """What goes of the person, or why nothing does."""
    keeps = row_keeps(facts, schedule, at=plan.cutoff)
    if (reason := _changed(facts, item, plan, schedule, keeps)) is not None:
        return reason
    return _doomed(facts, item, schedule, keeps, readable=readable, at=at)


def _doomed(
    facts: PersonFacts,
    item: Item,
    schedule: Schedule,
    keeps: Mapping[RowId, RowKeep],
    *,
    readable: bool,
    at: datetime,
) -> Doomed:
    rule = schedule.rule(item.rule)
    suppress = rule.suppress if rule is not None else None
    until = None
    if suppress is not None:
        until = after(at.astimezone(JST).date(), suppress.period, schedule.overflow)
    again = shredded_by(item.rule)  # at a restore: the key alone ended, by this rule
    return Doomed(
        subject=item.subject,
        erased_before=facts.state is SubjectState.ERASED,
        keeps=keeps,
        suppress=suppress.fields if suppress is not None else (),
        suppress_until=until,
        rule=again or item.rule,
        readable=readable,
        shreds=again is not None or shreds(rule, facts),
    )


def open_keys(ring: KeyRing, subjects: Iterable[SubjectId]) -> frozenset[SubjectId]:
    """Those whose values can still be opened and sealed anew: no erasure ended their keys."""
    with ring.db.read() as tx:
        alive = keys.in_state(tx, subjects, KeyClass.ACTIVE, KeyState.ACTIVE)
        return alive - keys.in_state(tx, alive, KeyClass.KEPT, KeyState.DESTROYED)


def _changed(
    facts: PersonFacts,
    item: Item,
    plan: Plan,
    schedule: Schedule,
    keeps: Mapping[RowId, RowKeep],
) -> str | None:
    """Why the person is not what the plan says any more; None: still due in the same way."""
    cutoff = plan.cutoff
    if facts.held:
        return "held"
    match plan.ground:
        case Ground.RESTORE:  # decided before; what the older database says of it counts nothing
            return None
        case Ground.SCHEDULE:
            now = rules.due(facts, schedule, at=cutoff)
        case Ground.REQUEST:
            now = rules.requested(facts, schedule, at=cutoff)
        case Ground.RELEASE:
            now = rules.released(facts, schedule, at=cutoff)
    if facts.fence != item.fence:
        return "fence"
    same = (now.rule, now.basis, now.due_on) == (item.rule, item.basis, item.due_on)
    if not isinstance(now, Due) or not same:
        return "decision"
    if keep_lines(keeps) != item.keeps:
        return "kept_fields"
    return None
