"""Daily epochs: live keys move under the key of the day, the epoch of day D - R is destroyed.

A copy of the data of any age then opens only with a copy of the key store younger than R days:
that is when an erased person is unreadable in every backup. Every step is durable on its own
and a roll that was cut short is finished by the next one.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, Table, bindparam, func, select, tuple_, update

from governance.core.terms import KeyClass
from governance.crypto.providers.types import (
    EpochId,
    EpochUnknownError,
    KeyProvider,
)
from governance.crypto.wrap import (
    KeyCommitmentError,
    KeyUnwrapError,
    WrappingKey,
    assert_commitment,
    new_key,
)
from governance.db.engine import Database
from governance.keys import store
from governance.keys.epoch_keys import epoch_context
from governance.keys.errors import EpochBackwardsError, EpochInUseError, KeepDaysError
from governance.keys.indexes import all_versions, index_context
from governance.keys.models import DATA_KEY, INDEX_KEY, SIGNING_KEY
from governance.keys.ring import KeyRing, dek_context
from governance.keys.signers import signing_context
from governance.keys.types import (
    EpochEnd,
    EpochStage,
    EpochStatus,
    KeysStatus,
    KeyState,
    RollReport,
)

KEEP_DAYS: Final = 7  # R: an erased person is unreadable in every backup after this
BATCH: Final = 500  # keys per transaction; holds the writer for a few milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrapped:
    """How the rows of one table are found, bound and checked."""

    table: Table
    place: Callable[[str, EpochId, Row[Any]], bytes]
    check: Callable[[str, Row[Any], bytes], None]


def _dek_place(installation: str, epoch: EpochId, row: Row[Any]) -> bytes:
    return dek_context(installation, replace(store.stored_key(row), epoch=epoch))


def _index_place(installation: str, epoch: EpochId, row: Row[Any]) -> bytes:
    return index_context(installation, epoch, row.field, row.version)


def _signing_place(installation: str, epoch: EpochId, row: Row[Any]) -> bytes:
    return signing_context(
        installation, epoch, name=row.name, algorithm=row.algorithm, version=row.version
    )


WRAPPED: Final = (
    _Wrapped(
        table=DATA_KEY,
        place=_dek_place,
        check=lambda installation, row, key: assert_commitment(
            key, installation, row.dek_id, row.commitment
        ),
    ),
    _Wrapped(
        table=INDEX_KEY,
        place=_index_place,
        check=lambda installation, row, key: assert_commitment(
            key, installation, row.version, row.commitment
        ),
    ),
    _Wrapped(table=SIGNING_KEY, place=_signing_place, check=lambda _installation, _row, _key: None),
)


def create_key_store(db: Database, provider: KeyProvider, *, day: date, at: datetime) -> None:
    """The database holds a key store with the epoch of this day; one that was there stays."""

    def write(tx: Connection) -> tuple[str, bool]:
        store.create_tables(tx, installation=str(uuid.uuid4()), at=at)
        return store.meta(tx).installation, bool(store.epochs(tx))

    installation, begun = db.write(write)
    if not begun:
        _begin(db, provider, installation=installation, day=day, at=at)


def roll(ring: KeyRing, *, day: date, keep_days: int = KEEP_DAYS, batch: int = BATCH) -> RollReport:
    """The day's epoch wraps every live key, and the epochs of day D - R and before have ended."""
    if keep_days < 1:
        raise KeepDaysError(found=keep_days)
    with ring.look() as look:
        now = store.current_epoch(look.tx)
    if now.epoch > day.isoformat():
        raise EpochBackwardsError(current=now.epoch, asked=day.isoformat())
    at = ring.clock()
    epoch = now.epoch
    if epoch != day.isoformat():
        epoch = _begin(ring.db, ring.provider, installation=ring.installation, day=day, at=at)
    rewrapped, stuck = 0, list[str]()
    for kind in WRAPPED:
        rewrapped += _rewrap(ring, kind, epoch, batch=batch, stuck=stuck)
    ended, held_back = _end_before(ring, day - timedelta(days=keep_days), at=at)
    ring.db.checkpoint()  # the log keeps no wrapped key that the tables have overwritten
    return RollReport(
        epoch=epoch,
        rewrapped=rewrapped,
        ended=ended,
        stuck=tuple(stuck),
        held_back=held_back,
    )


def _begin(
    db: Database, provider: KeyProvider, *, installation: str, day: date, at: datetime
) -> EpochId:
    """The day's epoch is current; its key was unwrapped once before anything rests on it."""
    epoch, key = provider.create_epoch(day), new_key()
    ctx = epoch_context(installation, epoch)
    (wrapped,) = provider.wrap([key], ctx)
    if provider.unwrap([wrapped], ctx) != (key,):
        raise KeyUnwrapError(reason="provider", epoch=epoch)
    db.write(lambda tx: store.begin_epoch(tx, epoch, day=day, wrapped=wrapped, at=at))
    return epoch


def _rewrap(ring: KeyRing, kind: _Wrapped, epoch: EpochId, *, batch: int, stuck: list[str]) -> int:
    """Every live key of the table is under the epoch, except those that do not unwrap."""
    names = [column.name for column in kind.table.primary_key]
    change = (
        update(kind.table)
        .where(
            *(kind.table.c[name] == bindparam(f"key_{name}") for name in names),
            kind.table.c.epoch == bindparam("old_epoch"),
            kind.table.c.wrapped.is_not(None),  # one destroyed meanwhile stays destroyed
        )
        .values(epoch=bindparam("new_epoch"), wrapped=bindparam("new_wrapped"))
    )
    moved, after = 0, None
    while rows := _behind(ring, kind, epoch, after=after, batch=batch):
        changes = [_moved(ring, kind, row, epoch, stuck=stuck) for row in rows]
        wanted = [item for item in changes if item is not None]
        if wanted:
            ring.db.write(lambda tx, wanted=wanted: tx.execute(change, wanted), batch=True)  # type: ignore[misc] # the default binds the loop's value
        moved += len(wanted)
        after = tuple(rows[-1]._mapping[name] for name in names)  # noqa: SLF001 # public API of Row
    return moved


def _behind(
    ring: KeyRing, kind: _Wrapped, epoch: EpochId, *, after: tuple[Any, ...] | None, batch: int
) -> list[Row[Any]]:
    """The next live rows that another epoch wraps."""
    table, keys = kind.table, list(kind.table.primary_key)
    query = select(table).where(table.c.epoch != epoch, table.c.wrapped.is_not(None))
    if after is not None:
        values = [
            bindparam(None, value, type_=key.type) for key, value in zip(keys, after, strict=True)
        ]
        query = query.where(tuple_(*keys) > tuple_(*values))
    with ring.db.read() as tx:
        return list(tx.execute(query.order_by(*keys).limit(batch)))


def _moved(
    ring: KeyRing, kind: _Wrapped, row: Row[Any], epoch: EpochId, *, stuck: list[str]
) -> dict[str, object] | None:
    """The row's key under the epoch, or None and its name among the stuck."""
    names = [column.name for column in kind.table.primary_key]
    values = row._mapping  # noqa: SLF001 # public API of Row
    try:
        plain = _epoch_key(ring, EpochId(row.epoch)).unwrap(
            row.wrapped, kind.place(ring.installation, EpochId(row.epoch), row)
        )
        kind.check(ring.installation, row, plain)
    except (KeyUnwrapError, KeyCommitmentError):
        stuck.append(":".join([kind.table.name, *(str(values[name]) for name in names)]))
        return None
    wrapped = _epoch_key(ring, epoch).wrap(plain, kind.place(ring.installation, epoch, row))
    change: dict[str, object] = {f"key_{name}": values[name] for name in names}
    return change | {"old_epoch": row.epoch, "new_epoch": epoch, "new_wrapped": wrapped}


def _epoch_key(ring: KeyRing, epoch: EpochId) -> WrappingKey:
    cached = ring.cached_epoch_key(epoch)
    if cached is not None:
        return cached
    with ring.look() as look:
        return look.epoch_key(epoch)


def _live_under(tx: Connection, epoch: EpochId) -> int:
    """Keys that only this epoch opens."""
    return sum(
        int(tx.execute(_count(kind.table).where(kind.table.c.epoch == epoch)).scalar() or 0)
        for kind in WRAPPED
    )


def _count(table: Table) -> Select[Any]:
    return select(func.count()).select_from(table).where(table.c.wrapped.is_not(None))


def _end_before(
    ring: KeyRing, last: date, *, at: datetime
) -> tuple[tuple[EpochEnd, ...], tuple[EpochId, ...]]:
    """Epochs up to this day have ended, except those that a stuck key still needs."""
    ended: list[EpochEnd] = []
    held_back: list[EpochId] = []
    with ring.db.read() as tx:
        due = [item for item in store.epochs(tx) if _due(item.epoch, item.stage, last)]
    for item in due:
        if not ring.db.write(lambda tx, epoch=item.epoch: _disown(tx, epoch)):  # type: ignore[misc] # the default binds the loop's value
            held_back.append(item.epoch)
            continue
        ended.append(_ended(ring, item.epoch, at=at))
    return tuple(ended), tuple(held_back)


def _ended(ring: KeyRing, epoch: EpochId, *, at: datetime) -> EpochEnd:
    """The provider destroyed the key of an epoch that the store has disowned, and said when."""
    try:
        final_at = ring.provider.destroy(epoch, at=at)
    except EpochUnknownError:
        final_at = at  # the provider has nothing left that could open it
    done = {"state": EpochStage.DESTROYED.value, "destroyed_at": at, "final_at": final_at}
    ring.db.write(lambda tx: store.set_epoch(tx, epoch, done))
    return EpochEnd(epoch=epoch, final_at=final_at)


def endable(tx: Connection, epoch: EpochId) -> str | None:
    """Why this epoch cannot end now: unknown, current, destroyed, in_use; None: it can."""
    stored = store.epoch(tx, epoch)
    if stored is None:
        return "unknown"
    if stored.stage in {EpochStage.CURRENT, EpochStage.DESTROYED}:
        return stored.stage.value
    return "in_use" if _live_under(tx, epoch) else None


def end_epoch(ring: KeyRing, epoch: EpochId, *, at: datetime) -> EpochEnd:
    """A past epoch under which no living key is left has ended before its day; twice is once."""
    with ring.db.read() as tx:
        stored = store.epoch(tx, epoch)
    if stored is not None and stored.stage is EpochStage.DESTROYED:
        return EpochEnd(epoch=epoch, final_at=stored.final_at)
    current = stored is None or stored.stage is EpochStage.CURRENT
    if current or not ring.db.write(lambda tx: _disown(tx, epoch)):
        raise EpochInUseError(epoch=epoch)  # fails closed: living keys need it
    done = _ended(ring, epoch, at=at)
    ring.db.checkpoint()
    return done


def _due(epoch: EpochId, stage: EpochStage, last: date) -> bool:
    waiting = stage in {EpochStage.SUPERSEDED, EpochStage.DESTROYING}
    return waiting and epoch <= last.isoformat()


def _disown(tx: Connection, epoch: EpochId) -> bool:
    """The store has no key of the epoch any more; False while a live key needs it."""
    if _live_under(tx, epoch):
        return False  # fails closed: a key that cannot be moved is not thrown away
    store.set_epoch(tx, epoch, {"state": EpochStage.DESTROYING.value, "wrapped": None})
    return True


def unreadable_from(
    last_epoch: EpochId, *, keep_days: int = KEEP_DAYS, ends_after: timedelta = timedelta(0)
) -> date:
    """The day on which the last epoch that wrapped a key destroyed in `last_epoch` has ended.

    Its roll ends it; the provider may need `ends_after` more until nobody can bring it back.
    """
    wait = timedelta(days=-(-ends_after // timedelta(days=1)))  # a begun day counts
    return date.fromisoformat(last_epoch) + timedelta(days=keep_days) + wait


def promised_day(ring: KeyRing, last_epoch: EpochId, *, keep_days: int) -> date | None:
    """The same with the provider in use; None: it cannot end a key, so no day is promised."""
    if not ring.provider.destroys:
        return None
    return unreadable_from(last_epoch, keep_days=keep_days, ends_after=ring.provider.ends_after)


def status(ring: KeyRing, *, day: date, keep_days: int = KEEP_DAYS) -> KeysStatus:
    """What the key store and its provider say now."""
    with ring.db.read() as tx:  # no look: the state is told even while the provider is silent
        seen = store.generation(tx)
        now, stored = store.current_epoch(tx), store.epochs(tx)
        live = {item.epoch: _live_under(tx, item.epoch) for item in stored}
        by_state = select(DATA_KEY.c.key_class, DATA_KEY.c.state, func.count()).group_by(
            DATA_KEY.c.key_class, DATA_KEY.c.state
        )
        counts = [(KeyClass(cls), KeyState(state), n) for cls, state, n in tx.execute(by_state)]
        indexes = all_versions(tx)
    last = day - timedelta(days=keep_days)
    return KeysStatus(
        installation=ring.installation,
        generation=seen,
        provider=ring.provider.name,
        provider_destroys=ring.provider.destroys,
        health=ring.provider.health(),
        current=now.epoch,
        current_age_days=(day - date.fromisoformat(now.epoch)).days,
        behind=sum(count for epoch, count in live.items() if epoch != now.epoch),
        overdue=tuple(item.epoch for item in stored if _due(item.epoch, item.stage, last)),
        epochs=tuple(
            EpochStatus(
                epoch=item.epoch,
                stage=item.stage,
                live_keys=live[item.epoch],
                final_at=item.final_at,
            )
            for item in stored
        ),
        keys=tuple(sorted(counts)),
        indexes=indexes,
    )
