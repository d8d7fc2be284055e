"""Which columns of the register tell a person's own act, for the day of their last one."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import Connection

from consent.activity import note_acts
from governance.core.terms import ActorId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import Record

ACT_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"purchase": "purchased_on", "person": "last_purchase_on"}
)


def note_rows(
    tx: Connection, ports: Ports, records: Iterable[Record], *, by: ActorId, at: datetime
) -> None:
    """The persons of these rows were active on the days that the rows tell."""
    if acts := acts_of(records):
        note_acts(tx, ports, acts, by=by, at=at)


def acts_of(records: Iterable[Record]) -> dict[SubjectId, date]:
    """The latest day on which each person did something, by these rows."""
    found: dict[SubjectId, date] = {}
    for record in records:
        column = ACT_COLUMNS.get(record.table)
        day = record.clear.get(column) if column is not None else None
        if isinstance(day, date) and day > found.get(record.subject, date.min):
            found[record.subject] = day
    return found
