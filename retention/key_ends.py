"""Where a rule ends a person's data key while the rows stay, and what forbids it; pure.

A person has one key for all that is sealed in the live store, so the key ends for the person as a
whole, or not at all.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from governance.customers.catalogue import Storage, catalogue
from governance.customers.subjects import SubjectKind
from retention.duties import after
from retention.types import (
    Action,
    Keep,
    Overflow,
    Part,
    Period,
    PersonFacts,
    RowKeep,
    Rule,
    Schedule,
)

KEY: Final = "key:"  # in front of a rule's id, where the id of a duty would stand


def shredded_by(kept_by_law: str | None) -> str | None:
    """The rule that ended the key of an erased person whose rows stay; None for everybody else."""
    found = (kept_by_law or "").partition(KEY)
    return found[2] if found[0] == "" and found[1] else None


def shreds(rule: Rule | None, facts: PersonFacts) -> bool:
    """Whether this is what the rule does with the person; once only."""
    return rule is not None and rule.action is Action.DESTROY_KEY and facts.shredded is None


def sealed_keep(keeps: Iterable[RowKeep]) -> Keep | None:
    """The last to end of what must stay under the key that would end."""
    known = catalogue().fields
    found = [
        keep
        for row in keeps
        for name, keep in row.fields.items()
        if name not in known or known[name].storage is Storage.SEALED
    ]
    return max(found, key=lambda keep: keep.free_from, default=None)


def conflict(rule: Rule, schedule: Schedule) -> str | None:
    """The line of the schedule that keeps sealed fields of whom the rule is about; None: none.

    Fails closed: what a law makes keep and what ends would stand under one key.
    """
    known, kinds = catalogue().fields, rule.when.kinds or schedule.covers
    for duty in schedule.duties if SubjectKind.CUSTOMER in kinds else ():  # they keep purchases
        if any(known[name].storage is Storage.SEALED for name in duty.fields):
            return duty.id
    keeps = (part for part in schedule.parts if part.action is Action.KEEP)
    return next((part.id for part in keeps if _meets(part, kinds)), None)


def _meets(part: Part, kinds: frozenset[SubjectKind]) -> bool:
    return not part.when.kinds or bool(part.when.kinds & kinds)


def outlasts(rows: Period | None, key: Period | None) -> bool:
    """Whether the rows stay longer than the key."""
    if rows is None or key is None:
        return False
    day = date(2000, 1, 1)
    return after(day, rows, Overflow.MONTH_END) > after(day, key, Overflow.MONTH_END)
