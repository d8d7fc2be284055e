"""How many people a change of the policy concerns, counted on what the store holds now.

A person is concerned by a purpose when the third gate lets it pass now, before or after the
change, and some cell of the purpose changes; or when the third gate itself answers otherwise,
because basis, notice, expiry or the like changes. Without a channel the most restrictive one
counts. Everybody is decided alone, in batches, so the memory is that of one batch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from consent.many import subject_gates
from consent.types import SubjectDecision
from governance.core.terms import PurposeId, SubjectId
from governance.customers.store import SUBJECT
from governance.db.engine import Database
from policies.admin.diff import PolicyDiff
from policies.purposes import PurposeRecord

BATCH: Final = 1_000  # persons decided in one handful of statements
OF_THE_GATE: Final = frozenset(  # attributes that the second gate reads
    {"categories", "recipients", "channels", "countries"}
)


@dataclass(slots=True, kw_only=True)
class Concerned:
    """Persons of the store, those whose answer changes, and those by purpose."""

    persons: int = 0
    total: int = 0
    by_purpose: dict[PurposeId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Touched:
    """One purpose before and after, and whether cells or the second gate changed."""

    before: PurposeRecord | None
    after: PurposeRecord | None
    opens: bool


def concerned(
    database: Database,
    diff: PolicyDiff,
    *,
    at: datetime,
    told: Callable[[int], None] = lambda _persons: None,
) -> Concerned:
    """The people whose answer some change alters; `told` hears of the progress."""
    found, touched = Concerned(), _touched(diff)
    found.by_purpose = dict.fromkeys(touched, 0)
    with database.read() as tx:
        last = ""
        while batch := _after(tx, last):
            last = batch[-1]
            _count(tx, batch, touched, found, at=at)
            told(found.persons)
    return found


def _touched(diff: PolicyDiff) -> Mapping[PurposeId, _Touched]:
    opens = {change.purpose for change in diff.changes}
    opens |= {c.purpose for c in diff.purposes if c.attribute is None or c.attribute in OF_THE_GATE}
    return {
        purpose: _Touched(
            before=diff.before.purposes.get(purpose),
            after=diff.after.purposes.get(purpose),
            opens=purpose in opens,
        )
        for purpose in sorted(diff.touched())
    }


def _after(tx: Connection, last: str) -> list[SubjectId]:
    query = select(SUBJECT.c.id).where(SUBJECT.c.id > last).order_by(SUBJECT.c.id).limit(BATCH)
    return [SubjectId(row) for row in tx.execute(query).scalars()]


def _count(
    tx: Connection,
    batch: Sequence[SubjectId],
    touched: Mapping[PurposeId, _Touched],
    found: Concerned,
    *,
    at: datetime,
) -> None:
    living, anyone = set[SubjectId](), set[SubjectId]()
    for purpose, one in touched.items():
        before = _decided(tx, batch, one.before, at=at)
        same = one.after == one.before
        after = before if same else _decided(tx, batch, one.after, at=at)
        living |= before.keys() | after.keys()
        for subject in before.keys() | after.keys():
            was, now = before.get(subject), after.get(subject)
            if _differs(was, now) or (one.opens and (_passes(was) or _passes(now))):
                found.by_purpose[purpose] += 1
                anyone.add(subject)
    found.persons += len(living)
    found.total += len(anyone)


def _decided(
    tx: Connection, batch: Sequence[SubjectId], purpose: PurposeRecord | None, *, at: datetime
) -> Mapping[SubjectId, SubjectDecision]:
    if purpose is None:
        return {}
    gates = subject_gates(tx, batch, purpose, at=at)
    return {subject: said for subject, (mark, said) in gates.items() if mark is not None}


def _passes(decision: SubjectDecision | None) -> bool:
    return decision is not None and bool(decision)


def _differs(was: SubjectDecision | None, now: SubjectDecision | None) -> bool:
    """Whether the person is let pass by one of the two alone."""
    return _passes(was) is not _passes(now)
