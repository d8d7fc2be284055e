"""What many readings need of the store, looked up in a few statements instead of some for each.

Who is not found here (a merged person) is looked up alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from consent import persons
from consent.many import subject_gates
from consent.persons import Mark, persons_of
from consent.types import SubjectDecision
from governance.core.terms import PurposeId, SubjectId
from governance.customers.store import TABLES, Record, record_of, with_custom
from governance.customers.upkeep.merges import parts
from governance.gateway.types import ReadRequest
from policies.snapshot import PolicySnapshot

LEAST = 8  # readings; for fewer the statements of each are as quick


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Marks, gates and rows of persons, as one transaction sees them."""

    marks: Mapping[SubjectId, Mark | None] = field(default_factory=dict)
    gates: Mapping[tuple[SubjectId, PurposeId], SubjectDecision] = field(default_factory=dict)
    rows: Mapping[tuple[str, SubjectId], Sequence[Record]] = field(default_factory=dict)

    def rows_for(self, request: ReadRequest) -> tuple[Record, ...] | None:
        """The rows that a reading asks for; None when they are to be looked up alone."""
        paged = request.after is not None or request.limit is not None
        if paged or request.subject not in self.marks:
            return None
        return tuple(
            record
            for table in request.tables
            for record in self.rows.get((table, request.subject), ())
            if request.row is None or record.id == request.row
        )


NOBODY = Crowd()


def crowd_of(
    tx: Connection, policy: PolicySnapshot, requests: Sequence[ReadRequest], *, at: datetime
) -> Crowd:
    """What these readings need; nothing of a few, which are looked up alone."""
    if len(requests) < LEAST:
        return NOBODY
    alone = _alone(tx, [request.subject for request in requests])
    gates: dict[tuple[SubjectId, PurposeId], SubjectDecision] = {}
    for name in {request.purpose for request in requests}:
        if (purpose := policy.purpose(name)) is not None:
            found = subject_gates(tx, alone, purpose, at=at)
            gates |= {(subject, purpose.id): gate.said for subject, gate in found.items()}
    rows: dict[tuple[str, SubjectId], list[Record]] = defaultdict(list)
    for table in {table for request in requests for table in request.tables}:
        for record in _records(tx, table, alone):
            rows[table, record.subject].append(record)
    return Crowd(marks=persons.marks_of(tx, alone, at=at), gates=gates, rows=rows)


def marks_of(
    tx: Connection, subjects: Sequence[SubjectId], *, at: datetime
) -> Mapping[SubjectId, Mark | None]:
    """The marks alone; nothing of a few."""
    if len(subjects) < LEAST:
        return {}
    return persons.marks_of(tx, _alone(tx, subjects), at=at)


def _alone(tx: Connection, subjects: Sequence[SubjectId]) -> tuple[SubjectId, ...]:
    """Those of them whom no merge ever touched, each once."""
    merged = persons_of(tx, subjects).merged
    return tuple(one for one in dict.fromkeys(subjects) if one not in merged)


def _records(tx: Connection, table: str, subjects: Sequence[SubjectId]) -> list[Record]:
    source = TABLES[table]
    found: list[Record] = []
    for part in parts(subjects):
        wanted = select(source).where(source.c.subject_id.in_(part)).order_by(source.c.id)
        rows = [record_of(table, row) for row in tx.execute(wanted).mappings()]
        found += with_custom(tx, rows)
    return found
