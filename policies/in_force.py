"""Which policy is in force, as one row that every process watches."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, func, select

from governance.core.terms import RowId
from governance.db.types import table_of
from policies.models import PolicyEntryRow, PolicyVersionRow

ENTRY: Final = table_of(PolicyEntryRow)
VERSION: Final = table_of(PolicyVersionRow)


class EntryKind(StrEnum):
    """How a change of the policy in force came about."""

    SHIPPED = "shipped"  # the first start of an installation
    APPLIED = "applied"
    ROLLBACK = "rollback"


class EntryState(StrEnum):
    """Where a change of the policy in force stands."""

    SCHEDULED = "scheduled"
    TAKEN = "taken"
    LAPSED = "lapsed"  # another policy was taken into force before its time


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The entry that is in force: its number grows by every change."""

    number: int
    version_id: RowId
    version: str
    digest: str
    kind: EntryKind
    taken_at: datetime


_LAST = select(func.max(ENTRY.c.number)).where(ENTRY.c.state == EntryState.TAKEN.value)
_FOUND = (
    select(
        ENTRY.c.number,
        ENTRY.c.version_id,
        ENTRY.c.digest,
        ENTRY.c.kind,
        ENTRY.c.taken_at,
        VERSION.c.version,
    )
    .join(VERSION, VERSION.c.id == ENTRY.c.version_id)
    .where(ENTRY.c.number == _LAST.scalar_subquery())
)


def number_in_force(tx: Connection) -> int:
    """The number of the entry in force; 0 before the first start."""
    return int(tx.execute(_LAST).scalar() or 0)


def in_force(tx: Connection) -> InForce | None:
    """The entry in force; None before the first start."""
    row = tx.execute(_FOUND).one_or_none()
    if row is None:
        return None
    return InForce(
        number=int(row.number),
        version_id=RowId(row.version_id),
        version=row.version,
        digest=row.digest,
        kind=EntryKind(row.kind),
        taken_at=row.taken_at,
    )
