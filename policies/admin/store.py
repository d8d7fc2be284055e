"""Rows of policy versions and of what is in force since when."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from audit.actions import EventCode
from audit.models import EVENTS
from audit.types import Outcome
from governance.core.terms import ActorId, RowId
from policies.admin.types import Entry, StoredVersion
from policies.in_force import ENTRY, VERSION, EntryKind, EntryState

OBJECT = "policy"  # object type of the events about what is in force
_ENTRIES = select(ENTRY, VERSION.c.version).join(VERSION, VERSION.c.id == ENTRY.c.version_id)


def add_version(tx: Connection, stored: StoredVersion) -> None:
    """The documents are stored."""
    values = asdict(stored)
    values["documents"] = values.pop("content")
    tx.execute(insert(VERSION).values(values))


def version_by_digest(tx: Connection, digest: str) -> StoredVersion | None:
    """The stored documents with this digest."""
    row = tx.execute(select(VERSION).where(VERSION.c.digest == digest)).one_or_none()
    return None if row is None else _version(row)


def version_by_id(tx: Connection, version: RowId) -> StoredVersion | None:
    """The stored documents under this id."""
    row = tx.execute(select(VERSION).where(VERSION.c.id == version)).one_or_none()
    return None if row is None else _version(row)


def hold_in_force(tx: Connection) -> None:
    """Nobody else changes what is in force before this transaction ends; read it after this."""
    newest = select(ENTRY.c.number).where(ENTRY.c.state == EntryState.TAKEN.value)
    tx.execute(newest.order_by(ENTRY.c.number.desc()).limit(1).with_for_update()).all()


def add_entry(tx: Connection, entry: Entry) -> None:
    """The change is on file."""
    values = asdict(entry) | {"kind": entry.kind.value, "state": entry.state.value}
    del values["version"]
    tx.execute(insert(ENTRY).values(values))


def last_number(tx: Connection) -> int:
    """The number of the last change on file, taken or not."""
    return int(tx.execute(select(func.max(ENTRY.c.number))).scalar() or 0)


def entries(tx: Connection) -> tuple[Entry, ...]:
    """Every change on file, the newest first."""
    return tuple(_entry(row) for row in tx.execute(_ENTRIES.order_by(ENTRY.c.number.desc())))


def entry_by_number(tx: Connection, number: int) -> Entry | None:
    """The change with this number."""
    row = tx.execute(_ENTRIES.where(ENTRY.c.number == number)).one_or_none()
    return None if row is None else _entry(row)


def due_entry(tx: Connection, *, at: datetime) -> Entry | None:
    """The earliest scheduled change whose time has come."""
    query = _ENTRIES.where(
        ENTRY.c.state == EntryState.SCHEDULED.value, ENTRY.c.effective_from <= at
    )
    row = tx.execute(query.order_by(ENTRY.c.effective_from, ENTRY.c.number).limit(1)).one_or_none()
    return None if row is None else _entry(row)


def move_entry(tx: Connection, number: int, state: EntryState, *, at: datetime | None) -> bool:
    """Whether this call moved the scheduled change; of many callers one does."""
    moved = (
        update(ENTRY)
        .where(ENTRY.c.number == number, ENTRY.c.state == EntryState.SCHEDULED.value)
        .values(state=state.value, taken_at=at)
    )
    return tx.execute(moved).rowcount == 1


def lapse_scheduled(tx: Connection, *, but: int) -> int:
    """How many other scheduled changes lapsed, because the one with this number was taken."""
    lapsed = (
        update(ENTRY)
        .where(ENTRY.c.number != but, ENTRY.c.state == EntryState.SCHEDULED.value)
        .values(state=EntryState.LAPSED.value)
    )
    return tx.execute(lapsed).rowcount


def number_in_log(tx: Connection) -> int | None:
    """The number that the log's last entry about the policy in force names; None without one."""
    query = (
        select(EVENTS.c.object_id)
        .where(
            EVENTS.c.action == EventCode.POLICY_APPLIED.value,
            EVENTS.c.outcome == Outcome.DONE.value,
            EVENTS.c.object_type == OBJECT,
        )
        .order_by(EVENTS.c.id.desc())
        .limit(1)
    )
    found = tx.execute(query).scalar()
    return int(found) if found is not None and str(found).isdecimal() else None


def _version(row: Row[Any]) -> StoredVersion:
    return StoredVersion(
        id=RowId(row.id),
        version=row.version,
        digest=row.digest,
        content=bytes(row.documents),
        stored_by=ActorId(row.stored_by),
        stored_at=row.stored_at,
        signature=bytes(row.signature),
    )


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        number=int(row.number),
        version_id=RowId(row.version_id),
        version=row.version,
        digest=row.digest,
        base=int(row.base),
        kind=EntryKind(row.kind),
        state=EntryState(row.state),
        effective_from=row.effective_from,
        recorded_at=row.recorded_at,
        taken_at=row.taken_at,
        changed_cells=int(row.changed_cells),
        approval=None if row.approval is None else RowId(row.approval),
        requested_by=ActorId(row.requested_by),
        approved_by=ActorId(row.approved_by),
        signature=bytes(row.signature),
    )
