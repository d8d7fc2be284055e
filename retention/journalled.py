"""What the control journal says of erasures: by which plan, and whether the key alone ended.

    plan:<id>             the person's rows went, with what sealed them
    plan:<id>/key:<rule>  by this rule the key ended; the rows stay for their own time

A line of an older program has the first form alone, and is read as that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from governance.core.terms import RowId, SubjectId
from governance.customers.store import SUBJECT
from governance.customers.subjects import SubjectState
from governance.db.fetching import PreparedSelect
from governance.jobs.journal_record import JournalEntry, JournalKind
from retention.key_ends import KEY, shredded_by
from retention.tombstones import ERASURE

IN_LIMIT: Final = 500  # values in one IN list
ERASED: Final = frozenset({JournalKind.ERASURE, JournalKind.ERASURE_LIFTED})
PLAN: Final = "plan:"
_IDS: Final[Any] = bindparam("ids", expanding=True)
_STATES: Final = PreparedSelect(
    select(SUBJECT.c.id, SUBJECT.c.state, SUBJECT.c.kept_by_law).where(SUBJECT.c.id.in_(_IDS))
)
_ERASED_AT: Final = PreparedSelect(
    select(ERASURE.c.subject_id, func.max(ERASURE.c.at, type_=ERASURE.c.at.type))
    .where(ERASURE.c.subject_id.in_(_IDS))
    .group_by(ERASURE.c.subject_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Where a person of the journal stands in this database."""

    state: str
    kept_by_law: str | None

    @property
    def whole(self) -> bool:
        """Nothing of the person has gone."""
        return self.state != SubjectState.ERASED.value

    @property
    def something(self) -> bool:
        """Something is left that an erasure can take."""
        return self.whole or self.kept_by_law is not None


def scope_of(plan: RowId, rule: str | None) -> str:
    """What the journal calls an erasure of this plan; with the rule where the key alone ends."""
    return f"{PLAN}{plan}" if rule is None else f"{PLAN}{plan}/{KEY}{rule}"


def key_ended_by(entry: JournalEntry) -> str | None:
    """The rule by which the key alone ended; None: the rows went, too."""
    return shredded_by(entry.scope.partition("/")[2])


def here_of(tx: Connection, entries: Iterable[JournalEntry]) -> dict[str, Here]:
    """Where each person of the journal stands here; whoever is not here has nothing to lose."""
    found: dict[str, Here] = {}
    for part in parts({entry.subject for entry in entries if entry.subject is not None}):
        for row in _STATES.rows(tx, {"ids": part}):
            found[row.id] = Here(state=row.state, kept_by_law=row.kept_by_law)
    return found


def erasures(
    tx: Connection, entries: Iterable[JournalEntry], here: Mapping[str, Here]
) -> dict[SubjectId, str | None]:
    """Persons who are here and were erased later than is known here, by the journal's last word.

    With the rule by which the key alone ended, where nothing else was done to them since.
    """
    last = {str(entry.event): entry for entry in entries if entry.kind in ERASED}
    said: dict[SubjectId, list[JournalEntry]] = defaultdict(list)
    for entry in last.values():
        subject = entry.subject
        if subject is None or entry.kind is JournalKind.ERASURE_LIFTED:
            continue
        if subject in here and here[subject].something:
            said[subject].append(entry)
    known: dict[str, datetime] = {}
    for part in parts(said):
        known.update((row[0], row[1]) for row in _ERASED_AT.rows(tx, {"ids": part}))
    found: dict[SubjectId, str | None] = {}
    for subject, mine in sorted(said.items()):
        later = [one for one in mine if subject not in known or known[subject] < one.at]
        rules = [key_ended_by(one) for one in sorted(later, key=lambda one: one.at)]
        if None in rules:
            found[subject] = None
        elif rules and here[subject].whole:
            found[subject] = rules[-1]
    return found


def parts(ids: Iterable[str]) -> list[list[str]]:
    """The ids in order, as many at a time as a list takes."""
    wanted = sorted(ids)
    return [wanted[start : start + IN_LIMIT] for start in range(0, len(wanted), IN_LIMIT)]
