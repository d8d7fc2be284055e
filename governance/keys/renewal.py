"""Subject keys in rotation: fresh keys for many persons, their frames moved, the old ones ended.

Every step is durable on its own and changes nothing when it is done twice. An old key is
`retired`: it opens and never seals. Who ends one must have shown that no frame names it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, bindparam, func, select, update

from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.crypto.frame import (
    NONCE,
    Alg,
    CellKey,
    FieldBindings,
    FrameError,
    dek_id_of,
    row_binding,
)
from governance.crypto.revealed import Ciphertext
from governance.keys import store
from governance.keys.errors import KeyDestroyedError, KeyStateError, SubjectErasedError
from governance.keys.models import DATA_KEY
from governance.keys.ring import KeyRing
from governance.keys.types import HeldKey, KeyState
from governance.keys.vault import FILES, INSTALLATION, FieldVault

Owner: TypeAlias = tuple[SubjectId, KeyClass]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One stored frame and where it stands."""

    bound: FieldId
    row: str
    frame: bytes = field(repr=False)


def holders(
    ring: KeyRing, key_class: KeyClass, *, after: SubjectId | None, limit: int
) -> tuple[SubjectId, ...]:
    """The next persons with a living current key of the class, in the order of their pseudonyms."""
    wanted = (
        select(DATA_KEY.c.subject)
        .where(
            DATA_KEY.c.key_class == key_class.value,
            DATA_KEY.c.slot == store.CURRENT_SLOT,
            DATA_KEY.c.state == KeyState.ACTIVE.value,
            DATA_KEY.c.subject != FILES,  # it opens files outside, which no walk finds
        )
        .order_by(DATA_KEY.c.subject)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(DATA_KEY.c.subject > after)
    with ring.db.read() as tx:
        return tuple(SubjectId(row) for row in tx.execute(wanted).scalars())


def count_holders(ring: KeyRing, key_class: KeyClass) -> int:
    """How many persons have a living current key of the class."""
    wanted = select(func.count()).where(
        DATA_KEY.c.key_class == key_class.value,
        DATA_KEY.c.slot == store.CURRENT_SLOT,
        DATA_KEY.c.state == KeyState.ACTIVE.value,
        DATA_KEY.c.subject != FILES,
    )
    with ring.db.read() as tx:
        return int(tx.execute(wanted).scalar_one())


def renew(
    ring: KeyRing,
    subjects: Sequence[SubjectId],
    key_class: KeyClass,
    *,
    before: datetime,
    at: datetime,
) -> int:
    """No current key of these persons is older than `before`; how many were made now.

    A person without a living key gets none: who was erased stays erased.
    """
    with ring.look() as look:
        ring.epoch_key(store.current_epoch(look.tx))  # before the writer waits for it

    def write(tx: Connection) -> int:
        old = _older(tx, subjects, key_class, before)
        if old:
            _vacate(tx, old, key_class)
            for alg, mine in _by_algorithm(old):
                made = ring.new_keys(tx, mine, key_class, alg=alg)
                store.insert_keys(tx, [row for row, _ in made], at=at)
            store.raise_generation(tx)
        return len(old)

    return ring.db.write(write, batch=True)


def _older(
    tx: Connection, subjects: Sequence[SubjectId], key_class: KeyClass, before: datetime
) -> list[SubjectId]:
    """Those of these persons whose living current key was made before a moment."""
    return [
        SubjectId(row)
        for chunk in store.chunks(subjects)
        for row in tx.execute(
            select(DATA_KEY.c.subject).where(
                DATA_KEY.c.subject.in_(chunk),
                DATA_KEY.c.key_class == key_class.value,
                DATA_KEY.c.slot == store.CURRENT_SLOT,
                DATA_KEY.c.state == KeyState.ACTIVE.value,
                DATA_KEY.c.created_at < before,
            )
        ).scalars()
    ]


def _vacate(tx: Connection, subjects: Sequence[SubjectId], key_class: KeyClass) -> None:
    """The current keys of these persons are retired, and the place of the current is free."""
    places = [
        {"whose": subject, "following": int(top) + 1}
        for chunk in store.chunks(subjects)
        for subject, top in tx.execute(
            select(DATA_KEY.c.subject, func.max(DATA_KEY.c.slot))
            .where(DATA_KEY.c.subject.in_(chunk), DATA_KEY.c.key_class == key_class.value)
            .group_by(DATA_KEY.c.subject)
        )
    ]
    current = (
        DATA_KEY.c.subject == bindparam("whose"),
        DATA_KEY.c.key_class == key_class.value,
        DATA_KEY.c.slot == store.CURRENT_SLOT,
        DATA_KEY.c.state == KeyState.ACTIVE.value,
    )
    values = {"state": KeyState.RETIRED.value, "slot": bindparam("following")}
    tx.execute(update(DATA_KEY).where(*current).values(values), places)


def _by_algorithm(subjects: Sequence[SubjectId]) -> Iterator[tuple[Alg, list[SubjectId]]]:
    """What is of no one person is sealed by the algorithm that survives a repeated nonce."""
    yield Alg.GCM, [one for one in subjects if one != INSTALLATION]
    yield Alg.GCM_SIV, [one for one in subjects if one == INSTALLATION]


def retired_among(
    ring: KeyRing, ids: Iterable[int], key_class: KeyClass, *, subject: SubjectId | None = None
) -> frozenset[int]:
    """Which of these keys are retired ones of the class (and of this person)."""
    with ring.db.read() as tx:
        return frozenset(
            key.dek_id
            for key in store.keys_by_id(tx, ids)
            if key.state is KeyState.RETIRED
            and key.key_class is key_class
            and subject in (None, key.subject)
        )


def retired_keys(
    ring: KeyRing,
    key_class: KeyClass,
    *,
    subject: SubjectId | None = None,
    before: datetime,
    after: int | None = None,
    limit: int,
) -> tuple[int, ...]:
    """The next retired keys of the class that were made before a moment."""
    wanted = (
        select(DATA_KEY.c.dek_id)
        .where(
            DATA_KEY.c.key_class == key_class.value,
            DATA_KEY.c.state == KeyState.RETIRED.value,
            DATA_KEY.c.created_at < before,
        )
        .order_by(DATA_KEY.c.dek_id)
        .limit(limit)
    )
    if subject is not None:
        wanted = wanted.where(DATA_KEY.c.subject == subject)
    if after is not None:
        wanted = wanted.where(DATA_KEY.c.dek_id > after)
    with ring.db.read() as tx:
        return tuple(int(row) for row in tx.execute(wanted).scalars())


def moved(vault: FieldVault, cells: Sequence[Cell]) -> tuple[Ciphertext | None, ...]:
    """Each value under its own person's current key of its own class, opened and read back.

    None where the key has ended meanwhile, because the person was erased and the frame goes with
    them, and where the frame does not open: its key is not to end.
    """
    ring, bindings = vault.ring, FieldBindings(vault.ring.installation)
    found = _living(ring, {dek_id_of(cell.frame) for cell in cells})
    targets = _targets(ring, {(held.subject, held.key_class) for held in found.values()})
    made: list[Ciphertext | None] = []
    for cell in cells:
        held = found.get(dek_id_of(cell.frame))
        target = None if held is None else targets.get((held.subject, held.key_class))
        if held is None or target is None:
            made.append(None)
            continue
        binding = bindings[cell.bound] + row_binding(cell.row)
        try:
            kind, data = held.cell.open_raw(cell.frame, binding)
        except FrameError:  # altered, or not where it belongs: its key stays, for whoever looks
            made.append(None)
            continue
        frame = target.seal_raw(kind, data, binding, os.urandom(NONCE))
        if target.open_raw(frame, binding) != (kind, data):
            raise KeyStateError(key_class=held.key_class.value, expected="read_back")
        made.append(frame)
    return tuple(made)


def _living(ring: KeyRing, ids: Iterable[int]) -> dict[int, HeldKey]:
    """The keys of these ids that have not ended."""
    found: dict[int, HeldKey] = {}
    with ring.look() as look:
        look.openers(dek_id.to_bytes(8, "big") for dek_id in ids)  # fetched together
        for dek_id in ids:
            with suppress(KeyDestroyedError):
                found[dek_id] = look.held(dek_id)
    return found


def _targets(ring: KeyRing, owners: Iterable[Owner]) -> dict[Owner, CellKey]:
    """The current key of each person and class; none for who was erased meanwhile."""
    by_class: dict[KeyClass, list[SubjectId]] = {}
    for subject, key_class in owners:
        by_class.setdefault(key_class, []).append(subject)
    found: dict[Owner, CellKey] = {}
    for key_class, subjects in by_class.items():
        try:
            keys = ring.sealing_keys(subjects, key_class)
        except SubjectErasedError:
            keys = {}
            for subject in subjects:
                with suppress(SubjectErasedError):
                    keys |= ring.sealing_keys([subject], key_class)
        found |= {(subject, key_class): key for subject, key in keys.items()}
    return found


def end(ring: KeyRing, ids: Sequence[int], *, at: datetime) -> int:
    """These retired keys are destroyed; twice equals once. No frame may name one of them."""

    def write(tx: Connection) -> int:
        ended = 0
        for chunk in store.chunks(ids):
            ended += tx.execute(
                update(DATA_KEY)
                .where(
                    DATA_KEY.c.dek_id.in_(chunk),
                    DATA_KEY.c.state == KeyState.RETIRED.value,
                )
                .values(wrapped=None, state=KeyState.DESTROYED.value, destroyed_at=at)
            ).rowcount
        if ended:
            store.raise_generation(tx)
        return ended

    return ring.db.write(write, batch=True) if ids else 0
