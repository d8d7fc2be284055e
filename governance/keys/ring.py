"""Keys in memory: unwrapped once, checked against their commitment, forgotten when one ends.

Every use reads the store's generation first. It is raised by the transaction that ends a key,
so a key destroyed anywhere is refused everywhere from the next use on. A key is kept only if
the generation of the read that found it is still the ring's: one read before an ending can
never enter after it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection

from governance.core.clock import Clock
from governance.core.errors import GovernanceError
from governance.core.terms import KeyClass, SubjectId
from governance.crypto.frame import Alg, CellKey, Decrypt, Openers, lp
from governance.crypto.providers.switching import assert_kept
from governance.crypto.providers.types import (
    EpochId,
    EpochUnknownError,
    KeyProvider,
)
from governance.crypto.wrap import (
    WrappingKey,
    assert_commitment,
    commitment,
    context,
    new_key,
)
from governance.db.engine import Database
from governance.db.prepared import PreparedScalar
from governance.keys import store
from governance.keys.epoch_keys import EpochKeys
from governance.keys.errors import KeyDestroyedError, KeyUnknownError, SubjectErasedError
from governance.keys.types import HeldKey, KeyState, StoredEpoch, StoredKey

CAPACITY: Final = 50_000  # keys, about 0.6 kB each
HEADERS_PER_KEY: Final = 2  # openers kept: nearly all cells of a person are padded text
_GENERATION: Final = PreparedScalar(store.SELECT_GENERATION)


def dek_context(installation: str, key: StoredKey) -> bytes:
    """What a wrapped data key is bound to."""
    return wrapped_at(installation, key.epoch, key.dek_id, key.subject, key.key_class)


def wrapped_at(
    installation: str, epoch: EpochId, dek_id: int, subject: SubjectId, key_class: KeyClass
) -> bytes:
    """The place to which a data key is bound when it is wrapped."""
    own = b"%d" % dek_id, subject.encode(), key_class.value.encode()
    return _wrapped_in(installation, epoch) + b"".join(map(lp, own))


@lru_cache(maxsize=64)
def _wrapped_in(installation: str, epoch: EpochId) -> bytes:
    """The part of the context that all keys of an epoch share."""
    return context("dek", installation, epoch)


class KeyRing:
    """The key store of one process: its database, its provider, and the keys in use."""

    def __init__(
        self, db: Database, provider: KeyProvider, *, clock: Clock, capacity: int = CAPACITY
    ) -> None:
        """A ring over an existing key store; raises KeyStoreMissingError without one."""
        self.db = db
        self.provider = provider
        self.clock = clock
        with db.read() as tx:
            found = store.meta(tx)
            for item in store.epochs(tx):
                if item.wrapped is not None:
                    assert_kept(provider, item.wrapped, item.epoch)
        self.installation = found.installation
        self._generation = found.generation
        self._capacity = capacity
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, HeldKey] = OrderedDict()
        self._sealing: dict[tuple[SubjectId, KeyClass], HeldKey] = {}
        self._epoch_keys = EpochKeys(self)
        self._answer_due = datetime.min.replace(tzinfo=UTC)  # when the provider is asked again
        self._known: dict[bytes, Decrypt] = {}  # of this generation alone

    def __repr__(self) -> str:
        return f"KeyRing({len(self._held)} keys)"

    @contextmanager
    def look(self) -> Iterator["Look"]:
        """A consistent look at the store, after forgetting what has ended."""
        with self.db.read() as tx:
            seen = _GENERATION.one(tx)
            if seen != self._generation:
                self.forget(seen)
                living = [item.epoch for item in store.epochs(tx) if item.wrapped is not None]
                self._epoch_keys.keep_only(living)
            if self.clock() >= self._answer_due:
                self._ask(tx, seen)
            yield Look(self, tx, seen)

    def forget(self, generation: int) -> None:
        """No person's key is in memory, and the ring stands at this generation."""
        with self._lock:
            self._held.clear()
            self._sealing.clear()
            self._known = {}  # a new one: calls of the old generation may still fill the old one
            self._generation = generation

    def known(self, seen: int) -> dict[bytes, Decrypt]:
        """The openers found so far, for a look at this generation; new ones may be added."""
        with self._lock:
            if seen != self._generation:
                return {}  # fails closed: what this look finds may be the key that ended
            if len(self._known) > HEADERS_PER_KEY * self._capacity:
                self._known = {}
            return self._known

    def held(self, id8s: Iterable[bytes]) -> dict[bytes, HeldKey]:
        """The keys of these ids that are in memory."""
        found: dict[bytes, HeldKey] = {}
        with self._lock:
            for id8 in id8s:
                key = self._held.get(id8)
                if key is not None:
                    self._held.move_to_end(id8)
                    found[id8] = key
        return found

    def held_for(
        self, subjects: Iterable[SubjectId], key_class: KeyClass
    ) -> dict[SubjectId, HeldKey]:
        """The keys that seal for these persons, as far as they are in memory."""
        found: dict[SubjectId, HeldKey] = {}
        with self._lock:
            for subject in subjects:
                key = self._sealing.get((subject, key_class))
                if key is not None:
                    self._held.move_to_end(key.cell.id8)
                    found[subject] = key
        return found

    def keep(self, key: HeldKey, *, sealing: bool, seen: int) -> None:
        """The key is in memory, unless something ended since it was read."""
        with self._lock:
            if seen != self._generation:
                return  # fails closed: it may be the one that ended
            place = key.subject, key.key_class
            old = self._held.pop(key.cell.id8, None)
            if old is not None and self._sealing.get(place) is old:
                sealing = True
            self._held[key.cell.id8] = key
            if sealing:
                self._sealing[place] = key
            while len(self._held) > self._capacity:
                _, oldest = self._held.popitem(last=False)
                if self._sealing.get((oldest.subject, oldest.key_class)) is oldest:
                    del self._sealing[oldest.subject, oldest.key_class]

    def epoch_key(self, stored: StoredEpoch) -> WrappingKey:
        """The epoch's key, as long as its provider answers or its lease lasts."""
        return self._epoch_keys.key(stored)

    def cached_epoch_key(self, epoch: EpochId) -> WrappingKey | None:
        """The epoch's key if it is in memory and within its lease."""
        return self._epoch_keys.cached(epoch)

    def _ask(self, tx: Connection, seen: int) -> None:
        """The provider answered for the current epoch, or was silent within its lease.

        Fails closed: otherwise no key is left in memory, neither of an epoch nor of a person.
        """
        try:
            current = store.current_epoch(tx)
            self._epoch_keys.key(current)
        except GovernanceError:
            self.forget(seen)
            self._epoch_keys.clear()
            raise
        self._answer_due = self._epoch_keys.good_until(current.epoch) or self._answer_due

    def unwrap(self, key: StoredKey, epoch_key: WrappingKey) -> HeldKey:
        """The data key of a row, checked against its commitment."""
        if key.wrapped is None or key.commitment is None:
            raise KeyDestroyedError(dek_id=key.dek_id)
        plain = epoch_key.unwrap(key.wrapped, dek_context(self.installation, key))
        assert_commitment(plain, self.installation, key.dek_id, key.commitment)
        return HeldKey(
            cell=CellKey(key.dek_id, plain, key.alg), subject=key.subject, key_class=key.key_class
        )

    def sealing_keys(
        self, subjects: Iterable[SubjectId], key_class: KeyClass, *, alg: Alg = Alg.GCM
    ) -> dict[SubjectId, CellKey]:
        """The key that seals for each person, minted in one transaction where there was none.

        Raises SubjectErasedError if one of them was destroyed; then no key was minted.
        """
        with self.look() as look:
            found, missing = look.sealing(subjects, key_class)
            if missing:
                self.epoch_key(store.current_epoch(look.tx))  # before the writer waits for it
        if missing:
            found |= self._mint(missing, key_class, alg=alg)
        return {subject: key.cell for subject, key in found.items()}

    def _mint(
        self, subjects: Sequence[SubjectId], key_class: KeyClass, *, alg: Alg
    ) -> dict[SubjectId, HeldKey]:
        at = self.clock()

        def write(tx: Connection) -> tuple[dict[SubjectId, HeldKey], int]:
            look = Look(self, tx, store.generation(tx), keep=False)
            made = self.new_keys(tx, subjects, key_class, alg=alg)
            new = store.insert_keys(tx, [row for row, _ in made], at=at)
            if new == len(made):  # nobody else made one of them meanwhile
                return {key.subject: key for _, key in made}, look.seen
            look.know(key for _, key in made)
            found, missing = look.sealing(subjects, key_class)
            if missing:
                raise KeyUnknownError(count=len(missing))
            return found, look.seen

        found, seen = self.db.write(write)
        for key in found.values():
            self.keep(key, sealing=True, seen=seen)
        return found

    def new_keys(
        self, tx: Connection, subjects: Iterable[SubjectId], key_class: KeyClass, *, alg: Alg
    ) -> list[tuple[StoredKey, HeldKey]]:
        """Fresh keys for these persons under the current epoch, not stored yet."""
        now = store.current_epoch(tx)
        epoch_key = self.epoch_key(now)
        made: list[tuple[StoredKey, HeldKey]] = []
        for subject in subjects:
            plain, dek_id = new_key(), store.new_dek_id()
            place = wrapped_at(self.installation, now.epoch, dek_id, subject, key_class)
            row = StoredKey(
                dek_id=dek_id,
                subject=subject,
                key_class=key_class,
                alg=alg,
                epoch=now.epoch,
                wrapped=epoch_key.wrap(plain, place),
                commitment=commitment(plain, self.installation, dek_id),
                state=KeyState.ACTIVE,
            )
            held = HeldKey(cell=CellKey(dek_id, plain, alg), subject=subject, key_class=key_class)
            made.append((row, held))
        return made


class Look:
    """One transaction over the key store, with the ring in front of it."""

    def __init__(self, ring: KeyRing, tx: Connection, seen: int, *, keep: bool = True) -> None:
        self.tx = tx
        self.seen = seen
        self._ring = ring
        self._keep = keep
        self._mine: dict[int, HeldKey] = {}
        self._epochs: dict[EpochId, WrappingKey] = {}

    def know(self, keys: Iterable[HeldKey]) -> None:
        """These keys need no unwrapping in this transaction, which made them."""
        self._mine.update((key.cell.dek_id, key) for key in keys)

    def openers(
        self, id8s: Iterable[bytes] = (), *, named: Callable[[], Iterable[bytes]] = tuple
    ) -> Openers:
        """The openers of this call; keys named by id are fetched together, now or when one misses.

        What is no frame, or names an unknown or destroyed key, is refused when it is used.
        """
        self._fetch(id8s)
        waiting = [named]

        def key_of(dek_id: int) -> CellKey:
            while waiting:
                self._fetch(waiting.pop()())
            return self.held(dek_id).cell

        return Openers(key_of, self._ring.known(self.seen) if self._keep else {})

    def _fetch(self, id8s: Iterable[bytes]) -> None:
        """The keys of these ids are at hand, those not in memory by one query."""
        wanted = dict.fromkeys(id8s)
        found = self._ring.held(wanted)
        self._mine.update((key.cell.dek_id, key) for key in found.values())
        missing = [int.from_bytes(id8, "big") for id8 in wanted if id8 not in found]
        for row in list(store.keys_by_id(self.tx, missing)) if missing else ():
            if row.state is not KeyState.DESTROYED:
                self._load(row)

    def held(self, dek_id: int) -> HeldKey:
        """The one key of this id, and whose it is; raises rather than try another."""
        id8 = dek_id.to_bytes(8, "big")
        found = self._mine.get(dek_id) or self._ring.held([id8]).get(id8)
        if found is None:
            rows = list(store.keys_by_id(self.tx, [dek_id]))
            if not rows:
                raise KeyUnknownError(dek_id=dek_id)
            found = self._load(rows[0])
        return found

    def sealing(
        self, subjects: Iterable[SubjectId], key_class: KeyClass
    ) -> tuple[dict[SubjectId, HeldKey], list[SubjectId]]:
        """Sealing keys by person, and the persons who never had a key of this class."""
        wanted = dict.fromkeys(subjects)
        found = self._ring.held_for(wanted, key_class) if self._keep else {}
        absent = [subject for subject in wanted if subject not in found]
        for row in list(store.current_keys(self.tx, absent, key_class)) if absent else ():
            if row.state is KeyState.DESTROYED:
                raise SubjectErasedError(subject=row.subject, key_class=key_class.value)
            found[row.subject] = self._mine.get(row.dek_id) or self._load(row, sealing=True)
        return found, [subject for subject in absent if subject not in found]

    def epoch_key(self, epoch: EpochId) -> WrappingKey:
        """The key of an epoch, looked up once per transaction."""
        found = self._epochs.get(epoch)
        if found is None:
            stored = store.epoch(self.tx, epoch)
            if stored is None:
                raise EpochUnknownError(epoch=epoch)
            found = self._epochs[epoch] = self._ring.epoch_key(stored)
        return found

    def _load(self, row: StoredKey, *, sealing: bool = False) -> HeldKey:
        if row.state is KeyState.DESTROYED:
            raise KeyDestroyedError(dek_id=row.dek_id)
        key = self._ring.unwrap(row, self.epoch_key(row.epoch))
        self._mine[row.dek_id] = key
        if self._keep:
            self._ring.keep(key, sealing=sealing, seen=self.seen)
        return key
