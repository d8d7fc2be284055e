"""Statements of the key store; `tx` is a connection to the key store, never to the data."""

import itertools
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, Select, bindparam, func, inspect, select, update

from governance.core.terms import KeyClass, SubjectId
from governance.crypto.frame import Alg
from governance.crypto.providers.types import EpochId
from governance.db.fetching import PreparedSelect
from governance.db.prepared import PreparedInsert
from governance.db.types import insert_ignore
from governance.keys.errors import KeyStoreMissingError, KeyStoreNewerError
from governance.keys.models import (
    DATA_KEY,
    EPOCH,
    KEY_METADATA,
    META,
    SCHEMA,
)
from governance.keys.types import EpochStage, KeyState, Meta, StoredEpoch, StoredKey

T = TypeVar("T")

CHUNK: Final = 500  # ids per statement; below every engine's limit of parameters
META_ID: Final = 1
CURRENT_SLOT: Final = 0

SELECT_GENERATION: Final = select(META.c.generation)
SELECT_KEYS: Final[Select[Any]] = select(
    DATA_KEY.c.dek_id,
    DATA_KEY.c.subject,
    DATA_KEY.c.key_class,
    DATA_KEY.c.alg,
    DATA_KEY.c.epoch,
    DATA_KEY.c.wrapped,
    DATA_KEY.c.commitment,
    DATA_KEY.c.state,
)
SELECT_BY_ID: Final = SELECT_KEYS.where(DATA_KEY.c.dek_id.in_(bindparam("ids", expanding=True)))
SELECT_CURRENT: Final = SELECT_KEYS.where(
    DATA_KEY.c.subject.in_(bindparam("subjects", expanding=True)),
    DATA_KEY.c.key_class == bindparam("key_class"),
    DATA_KEY.c.slot == CURRENT_SLOT,
)
_IN_STATE: Final = PreparedSelect(
    select(DATA_KEY.c.subject).where(
        DATA_KEY.c.subject.in_(bindparam("subjects", expanding=True)),
        DATA_KEY.c.key_class == bindparam("key_class"),
        DATA_KEY.c.slot == CURRENT_SLOT,
        DATA_KEY.c.state == bindparam("state"),
    )
)
DESTROY: Final = (
    update(DATA_KEY)
    .where(
        DATA_KEY.c.subject.in_(bindparam("subjects", expanding=True)),
        DATA_KEY.c.key_class == bindparam("of_class"),
        DATA_KEY.c.state.in_(bindparam("states", expanding=True)),
    )
    .values(wrapped=None, state=KeyState.DESTROYED.value, destroyed_at=bindparam("at"))
)
_KEYS: Final = PreparedInsert(DATA_KEY, ignore=True)
LIVE: Final = (KeyState.ACTIVE.value, KeyState.RETIRED.value)


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most this size."""
    rest = iter(items)
    while chunk := list(itertools.islice(rest, size)):
        yield chunk


def new_dek_id() -> int:
    """A random unsigned 64-bit id; a clash is refused by the primary key."""
    return secrets.randbits(64)


def create_tables(tx: Connection, *, installation: str, at: datetime) -> None:
    """The tables exist, and the one meta row; both stay as they are if they were there."""
    KEY_METADATA.create_all(tx)
    row = {
        "id": META_ID,
        "schema_version": SCHEMA,
        "installation": installation,
        "generation": 0,
        "created_at": at,
    }
    tx.execute(insert_ignore(META, tx.dialect.name), row)


def meta(tx: Connection) -> Meta:
    """What the store says of itself; raises unless this version can read it."""
    if not inspect(tx).has_table(META.name) or (row := tx.execute(select(META)).first()) is None:
        raise KeyStoreMissingError
    if row.schema_version > SCHEMA:
        raise KeyStoreNewerError(found=row.schema_version, known=SCHEMA)
    return Meta(schema=row.schema_version, installation=row.installation, generation=row.generation)


def generation(tx: Connection) -> int:
    """The count of endings; another number than before means: forget every cached key."""
    return int(tx.execute(SELECT_GENERATION).scalar_one())


def raise_generation(tx: Connection) -> None:
    """Every process forgets its cached keys before its next use of one."""
    tx.execute(update(META).values(generation=META.c.generation + 1))


def _epoch(row: Row[Any]) -> StoredEpoch:
    return StoredEpoch(
        epoch=EpochId(row.epoch_id),
        stage=EpochStage(row.state),
        wrapped=row.wrapped,
        final_at=row.final_at,
    )


def epochs(tx: Connection) -> tuple[StoredEpoch, ...]:
    """All epochs, oldest first."""
    return tuple(_epoch(row) for row in tx.execute(select(EPOCH).order_by(EPOCH.c.day)))


def epoch(tx: Connection, epoch_id: EpochId) -> StoredEpoch | None:
    """One epoch."""
    row = tx.execute(select(EPOCH).where(EPOCH.c.epoch_id == epoch_id)).first()
    return None if row is None else _epoch(row)


def current_epoch(tx: Connection) -> StoredEpoch:
    """The epoch that wraps new keys."""
    current = EPOCH.c.state == EpochStage.CURRENT.value
    row = tx.execute(select(EPOCH).where(current).order_by(EPOCH.c.day.desc()).limit(1)).first()
    if row is None:
        raise KeyStoreMissingError(part="epoch")
    return _epoch(row)


def begin_epoch(
    tx: Connection, epoch_id: EpochId, *, day: date, wrapped: bytes, at: datetime
) -> bool:
    """The epoch is current and the one before superseded; False if it existed."""
    row = {"epoch_id": epoch_id, "day": day, "state": EpochStage.CURRENT.value}
    moments = {"wrapped": wrapped, "created_at": at, "destroyed_at": None, "final_at": None}
    fresh = insert_ignore(EPOCH, tx.dialect.name).returning(EPOCH.c.epoch_id)
    if tx.execute(fresh, row | moments).first() is None:  # a count is none on every engine
        return False
    older = EPOCH.c.state == EpochStage.CURRENT.value, EPOCH.c.epoch_id != epoch_id
    tx.execute(update(EPOCH).where(*older).values(state=EpochStage.SUPERSEDED.value))
    raise_generation(tx)
    return True


def set_epoch(tx: Connection, epoch_id: EpochId, values: Mapping[str, object]) -> None:
    """The epoch row has these values, and no process keeps its key in memory."""
    tx.execute(update(EPOCH).where(EPOCH.c.epoch_id == epoch_id).values(values))
    raise_generation(tx)


def stored_key(row: Row[Any]) -> StoredKey:
    """The fact in a row of `data_key`."""
    return StoredKey(
        dek_id=row.dek_id,
        subject=SubjectId(row.subject),
        key_class=KeyClass(row.key_class),
        alg=Alg(row.alg),
        epoch=EpochId(row.epoch),
        wrapped=row.wrapped,
        commitment=row.commitment,
        state=KeyState(row.state),
    )


def keys_by_id(tx: Connection, ids: Iterable[int]) -> Iterator[StoredKey]:
    """The rows of these ids that exist, tombstones included."""
    for chunk in chunks(ids):
        yield from map(stored_key, tx.execute(SELECT_BY_ID, {"ids": chunk}))


def current_keys(
    tx: Connection, subjects: Iterable[SubjectId], key_class: KeyClass
) -> Iterator[StoredKey]:
    """The current row of each person that has one: an active key or a tombstone."""
    for chunk in chunks(subjects):
        found = tx.execute(SELECT_CURRENT, {"subjects": chunk, "key_class": key_class.value})
        yield from map(stored_key, found)


def in_state(
    tx: Connection, subjects: Iterable[SubjectId], key_class: KeyClass, state: KeyState
) -> frozenset[SubjectId]:
    """Those whose current row is an active key, or a tombstone."""
    wanted = {"key_class": key_class.value, "state": state.value}
    return frozenset(
        SubjectId(row.subject)
        for chunk in chunks(subjects)
        for row in _IN_STATE.rows(tx, wanted | {"subjects": chunk})
    )


def insert_keys(tx: Connection, keys: Sequence[StoredKey], *, at: datetime) -> int:
    """Each key is in slot 0, except where the person has a current row already; how many are."""
    rows = [
        {
            "dek_id": key.dek_id,
            "subject": key.subject,
            "key_class": key.key_class.value,
            "slot": CURRENT_SLOT,
            "alg": int(key.alg),
            "epoch": key.epoch,
            "wrapped": key.wrapped,
            "commitment": key.commitment,
            "state": key.state.value,
            "created_at": at,
            "destroyed_at": at if key.state is KeyState.DESTROYED else None,
        }
        for key in keys
    ]
    return _KEYS.rows(tx, rows)


def vacate_current(tx: Connection, subject: SubjectId, key_class: KeyClass) -> None:
    """Slot 0 is free; an active key in it was retired, a tombstone stays one."""
    mine = DATA_KEY.c.subject == subject, DATA_KEY.c.key_class == key_class.value
    top: Select[Any] = select(func.max(DATA_KEY.c.slot)).where(*mine)
    following = int(tx.execute(top).scalar() or 0) + 1
    active = DATA_KEY.c.state == KeyState.ACTIVE.value
    tx.execute(update(DATA_KEY).where(*mine, active).values(state=KeyState.RETIRED.value))
    at_zero = DATA_KEY.c.slot == CURRENT_SLOT
    tx.execute(update(DATA_KEY).where(*mine, at_zero).values(slot=following))


def destroy_keys(
    tx: Connection,
    subjects: Sequence[SubjectId],
    key_class: KeyClass,
    *,
    states: Sequence[str] = LIVE,
    at: datetime,
) -> int:
    """No live key of these states is left; the count of those that ended.

    Repeated until nothing is found: a rotation that committed meanwhile made a new row.
    """
    ended = 0
    for chunk in chunks(subjects):
        wanted = {"subjects": chunk, "of_class": key_class.value, "states": states, "at": at}
        while found := tx.execute(DESTROY, wanted).rowcount:
            ended += found
    return ended


def bury(
    tx: Connection, subjects: Sequence[SubjectId], key_class: KeyClass, *, at: datetime
) -> None:
    """Each person has a tombstone, also one who never had a key, so that none is minted later."""
    now = current_epoch(tx).epoch
    stones = [
        StoredKey(
            dek_id=new_dek_id(),
            subject=subject,
            key_class=key_class,
            alg=Alg.GCM,
            epoch=now,
            wrapped=None,
            commitment=None,
            state=KeyState.DESTROYED,
        )
        for subject in subjects
    ]
    insert_keys(tx, stones, at=at)
