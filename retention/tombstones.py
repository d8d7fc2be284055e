"""The erasure ledger: pseudonymous tombstones, and whose data keys still have to end."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from governance.core.terms import KeyClass, RowId, SubjectId
from governance.db.keyed import PreparedChange
from governance.db.prepared import PreparedInsert
from governance.db.types import table_of
from governance.keys.types import Destroyed
from retention.models import ErasureRow

ERASURE = table_of(ErasureRow)
NOTHING_KEPT = json.dumps({})
_STONES = PreparedInsert(ERASURE)
_KEYS_ENDED = PreparedChange(
    lambda ids: (
        update(ERASURE)
        .where(ERASURE.c.id.in_(ids))
        .values(keys_ended_at=bindparam("at"), last_epoch=bindparam("epoch"))
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What the ledger says of one erasure."""

    id: RowId
    subject: SubjectId
    run: RowId
    rule: str
    at: datetime
    ends_on: date
    kept: Mapping[str, date]  # duty -> last day
    key_classes: tuple[KeyClass, ...]
    keys_ended_at: datetime | None
    last_epoch: str | None


def bury(tx: Connection, stones: Sequence[Tombstone]) -> None:
    """The tombstones stand, in the transaction that removed the rows."""
    if stones:
        _STONES.rows(
            tx,
            [
                {
                    "id": stone.id,
                    "subject_id": stone.subject,
                    "run_id": stone.run,
                    "rule": stone.rule,
                    "at": stone.at,
                    "ends_on": stone.ends_on,
                    "kept": _kept(stone.kept) if stone.kept else NOTHING_KEPT,
                    "key_classes": ",".join(one.value for one in stone.key_classes),
                    "keys_ended_at": stone.keys_ended_at,
                    "last_epoch": stone.last_epoch,
                }
                for stone in stones
            ],
        )


def _kept(kept: Mapping[str, date]) -> str:
    return json.dumps({duty: until.isoformat() for duty, until in kept.items()})


def keys_to_end(tx: Connection, run: RowId) -> tuple[Tombstone, ...]:
    """Tombstones of a run whose data keys are not known to be gone."""
    wanted = select(ERASURE).where(ERASURE.c.run_id == run, ERASURE.c.keys_ended_at.is_(None))
    return tuple(_stone(row) for row in tx.execute(wanted.order_by(ERASURE.c.id)))


def note_keys_ended(tx: Connection, stones: Iterable[RowId], ended: Destroyed) -> None:
    """The ledger knows when the keys ended and the newest epoch that wrapped one of them."""
    _KEYS_ENDED.rows(tx, list(stones), {"at": ended.at, "epoch": ended.last_epoch})


def tombstones(
    tx: Connection, *, run: RowId | None = None, subject: SubjectId | None = None
) -> tuple[Tombstone, ...]:
    """Tombstones of a run or of a person, oldest first."""
    wanted = select(ERASURE).order_by(ERASURE.c.id)
    if run is not None:
        wanted = wanted.where(ERASURE.c.run_id == run)
    if subject is not None:
        wanted = wanted.where(ERASURE.c.subject_id == subject)
    return tuple(_stone(row) for row in tx.execute(wanted))


def count(tx: Connection, *, keys_waiting: bool = False) -> int:
    """How many tombstones stand, or only those whose keys are not known to be gone."""
    wanted = select(func.count()).select_from(ERASURE)
    if keys_waiting:
        wanted = wanted.where(ERASURE.c.keys_ended_at.is_(None))
    return int(tx.execute(wanted).scalar_one())


def forget_tombstones(tx: Connection, *, on: date) -> int:
    """Tombstones whose time is over and whose keys are gone are deleted (design 3.12)."""
    over = (ERASURE.c.ends_on <= on) & ERASURE.c.keys_ended_at.is_not(None)
    return tx.execute(delete(ERASURE).where(over)).rowcount


def buried(run: RowId) -> Any:
    """The pseudonyms that a run erased, for a condition."""
    return select(ERASURE.c.subject_id).where(ERASURE.c.run_id == run)


def _stone(row: Row[Any]) -> Tombstone:
    kept = json.loads(row.kept)
    return Tombstone(
        id=RowId(row.id),
        subject=SubjectId(row.subject_id),
        run=RowId(row.run_id),
        rule=row.rule,
        at=row.at,
        ends_on=row.ends_on,
        kept={duty: date.fromisoformat(until) for duty, until in kept.items()},
        key_classes=tuple(KeyClass(one) for one in row.key_classes.split(",") if one),
        keys_ended_at=row.keys_ended_at,
        last_epoch=row.last_epoch,
    )
