"""The field vault: seals and opens rows under the keys of the persons they are about.

Every call looks at the key store once (`ring.py`), so a key destroyed in any process is refused
in the next call. The caller's data transaction is its own; the key store is another database.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Self, TypeAlias

from sqlalchemy import Connection

from governance.core.clock import Clock, utc_now
from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.crypto.frame import (
    NONCE,
    OVERHEAD,
    Alg,
    FieldBindings,
    OpenedRow,
    dek_id_of,
    open_rows,
    row_binding,
)
from governance.crypto.index import IndexKey
from governance.crypto.providers.types import KeyProvider
from governance.crypto.revealed import Ciphertext
from governance.crypto.values import Kind, Plain
from governance.db.engine import Database
from governance.keys import store
from governance.keys.errors import KeyStateError, WrongSubjectError
from governance.keys.indexes import FieldIndexes
from governance.keys.ring import KeyRing, Look
from governance.keys.types import Destroyed, KeyState

Row: TypeAlias = tuple[SubjectId, str, Mapping[FieldId, Plain | None]]  # person, row id, values
Cells: TypeAlias = Mapping[FieldId, bytes | None]
SealedRow: TypeAlias = dict[FieldId, Ciphertext | None]

PART: Final = FieldId("~part")  # '~' stands in no catalogue field
BLOB: Final = "~blob/"
INSTALLATION: Final = SubjectId("~installation")  # whose keys serve data without a person
FILES: Final = SubjectId("~files")  # whose key opens sealed files outside; no rotation renews it


class FieldVault:
    """Seals, opens, re-seals and ends; holds no value."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self.indexes = FieldIndexes(ring)
        self._bindings = FieldBindings(ring.installation)

    @classmethod
    def open(cls, db: Database, provider: KeyProvider, *, clock: Clock = utc_now) -> Self:
        """A vault that has shown it can unwrap; raises the reason if the keys are lost."""
        ring = KeyRing(db, provider, clock=clock)
        ring.sealing_keys([INSTALLATION], KeyClass.RECORD, alg=Alg.GCM_SIV)
        with ring.look() as look:
            ring.epoch_key(store.current_epoch(look.tx))
        return cls(ring)

    def __repr__(self) -> str:
        return "FieldVault(...)"

    # Sealing

    def ensure_keys(
        self, subjects: Iterable[SubjectId], key_class: KeyClass = KeyClass.ACTIVE
    ) -> None:
        """Each person has a key of this class, all new ones minted in one transaction."""
        self.ring.sealing_keys(subjects, key_class)

    def seal_row(
        self,
        subject: SubjectId,
        row_id: str,
        values: Mapping[FieldId, Plain | None],
        *,
        key_class: KeyClass = KeyClass.ACTIVE,
    ) -> SealedRow:
        """The row's cells, ready to store; None stays None."""
        key = self.ring.sealing_keys([subject], key_class)[subject]
        return key.seal_cells(values, bindings=self._bindings, row=row_binding(row_id))

    def seal_rows(
        self, rows: Sequence[Row], *, key_class: KeyClass = KeyClass.ACTIVE
    ) -> tuple[SealedRow, ...]:
        """The cells of many rows in their order, with one look at the key store."""
        keys = self.ring.sealing_keys((subject for subject, _, _ in rows), key_class)
        bindings = self._bindings
        return tuple(
            keys[subject].seal_cells(values, bindings=bindings, row=row_binding(row_id))
            for subject, row_id, values in rows
        )

    # Opening

    def open_row(self, row_id: str, cells: Cells) -> OpenedRow:
        """The row's opened values, each by the one key it names; raises for a destroyed one."""
        return self.open_rows([(row_id, cells)])[0]

    def open_rows(self, rows: Sequence[tuple[str, Cells]]) -> tuple[OpenedRow, ...]:
        """The opened rows in their order, with one look at the key store for all their keys."""
        with self.reading() as reading:
            return reading.open_rows(rows)

    @contextmanager
    def reading(self) -> Iterator["Reading"]:
        """One look at the key store for several questions of one answer."""
        with self.ring.look() as look:
            yield Reading(look, self.indexes, self._bindings)

    # Moving and ending

    def reseal(
        self, subject: SubjectId, row_id: str, cells: Cells, *, to: KeyClass = KeyClass.KEPT
    ) -> SealedRow:
        """The same values under the person's current key of another class (or a rotated one)."""
        target = self.ring.sealing_keys([subject], to)[subject]
        row = row_binding(row_id)
        moved: SealedRow = {}
        with self.ring.look() as look:
            for field, cell in cells.items():
                if cell is None:
                    moved[field] = None
                    continue
                held = look.held(dek_id_of(cell))
                if held.subject != subject:
                    raise WrongSubjectError(dek_id=held.cell.dek_id, row=row_id, field=field)
                binding = self._bindings[field] + row
                kind, data = held.cell.open_raw(cell, binding)
                moved[field] = target.seal_raw(kind, data, binding, os.urandom(NONCE))
        return moved

    def destroy(self, subject: SubjectId, key_class: KeyClass) -> Destroyed:
        """The person's keys of this class are gone; a tombstone refuses new ones."""
        return self.destroy_many([subject], key_class)

    def destroy_many(self, subjects: Iterable[SubjectId], key_class: KeyClass) -> Destroyed:
        """The same for many persons in one transaction; twice equals once."""
        at, wanted = self.ring.clock(), list(dict.fromkeys(subjects))

        def write(tx: Connection) -> Destroyed:
            stones = store.in_state(tx, wanted, key_class, KeyState.DESTROYED)
            store.bury(tx, [one for one in wanted if one not in stones], key_class, at=at)
            ended = store.destroy_keys(tx, wanted, key_class, at=at)
            if ended:
                store.raise_generation(tx)
            last = store.current_epoch(tx).epoch
            return Destroyed(subjects=len(wanted), keys=ended, last_epoch=last, at=at)

        return self.ring.db.write(write)

    def reonboard(self, subject: SubjectId, key_class: KeyClass = KeyClass.ACTIVE) -> None:
        """An erased person who came back has a fresh key; what was erased stays unreadable."""
        self._renew(subject, key_class, over=KeyState.DESTROYED)

    def rotate(self, subject: SubjectId, key_class: KeyClass) -> None:
        """New cells go under a fresh key; the old one opens until `drop_retired`."""
        self._renew(subject, key_class, over=KeyState.ACTIVE)

    def drop_retired(self, subject: SubjectId, key_class: KeyClass) -> int:
        """The rotated-out keys are destroyed; every cell under them must be resealed before."""
        at, retired = self.ring.clock(), (KeyState.RETIRED.value,)

        def write(tx: Connection) -> int:
            ended = store.destroy_keys(tx, [subject], key_class, states=retired, at=at)
            store.raise_generation(tx)
            return ended

        return self.ring.db.write(write)

    def _renew(self, subject: SubjectId, key_class: KeyClass, *, over: KeyState) -> None:
        """A fresh key is current where one of the state `over` was."""
        at = self.ring.clock()
        alg = Alg.GCM_SIV if subject == INSTALLATION else Alg.GCM

        def write(tx: Connection) -> None:
            current = next(store.current_keys(tx, [subject], key_class), None)
            if current is None or current.state is not over:
                raise KeyStateError(subject=subject, key_class=key_class.value, expected=over.value)
            store.vacate_current(tx, subject, key_class)
            made = self.ring.new_keys(tx, [subject], key_class, alg=alg)
            store.insert_keys(tx, [row for row, _ in made], at=at)
            store.raise_generation(tx)

        self.ring.db.write(write)

    # Parts and blobs

    def seal_part(
        self,
        subject: SubjectId,
        row_id: str,
        payload: bytes,
        *,
        key_class: KeyClass = KeyClass.ACTIVE,
    ) -> Ciphertext:
        """One person's part of a record (an audit event), unreadable once their key ends."""
        key = self.ring.sealing_keys([subject], key_class)[subject]
        binding = self._bindings[PART] + row_binding(row_id)
        return key.seal_raw(Kind.BYTES, payload, binding, os.urandom(NONCE))

    def open_part(self, row_id: str, sealed: bytes) -> bytes:
        """The payload of one person's part."""
        binding = self._bindings[PART] + row_binding(row_id)
        with self.ring.look() as look:
            return look.held(dek_id_of(sealed)).cell.open_raw(sealed, binding)[1]

    def seal_blob(self, kind: str, row_id: str, payload: bytes) -> Ciphertext:
        """Bytes of no one person (a saved query, an outbox payload), under AES-256-GCM-SIV."""
        keys = self.ring.sealing_keys([INSTALLATION], KeyClass.RECORD, alg=Alg.GCM_SIV)
        binding = self._bindings[FieldId(BLOB + kind)] + row_binding(row_id)
        return keys[INSTALLATION].seal_raw(Kind.BYTES, payload, binding, os.urandom(NONCE))

    def open_blob(self, kind: str, row_id: str, sealed: bytes) -> bytes:
        """The bytes of a sealed blob of this kind and row."""
        binding = self._bindings[FieldId(BLOB + kind)] + row_binding(row_id)
        with self.ring.look() as look:
            return look.held(dek_id_of(sealed)).cell.open_raw(sealed, binding)[1]

    # Index tokens

    def tokens(self, field: FieldId, version: int, terms: Iterable[bytes]) -> tuple[bytes, ...]:
        """Index tokens of terms (`crypto/index.py` builds them) in one version of the index."""
        return self.indexes.key(field, version).tokens(terms)


class Reading:
    """What the key store holds at one moment: keys that open rows, keys that searches use."""

    def __init__(self, look: Look, indexes: FieldIndexes, bindings: FieldBindings) -> None:
        self._look = look
        self._indexes = indexes
        self._bindings = bindings

    def open_rows(self, rows: Sequence[tuple[str, Cells]]) -> tuple[OpenedRow, ...]:
        """The opened rows in their order."""
        openers = self._look.openers(named=lambda: _named_keys(cells for _, cells in rows))
        return open_rows(rows, openers=openers, bindings=self._bindings)

    def searched(self, names: Iterable[FieldId]) -> Mapping[FieldId, IndexKey]:
        """The key that searches use, of each of these indexes that has one."""
        return self._indexes.searched(self._look, names)


def _named_keys(rows: Iterable[Cells]) -> Iterable[bytes]:
    """The key id in each row's first frame, which is nearly always that of the others."""
    for cells in rows:
        for cell in cells.values():
            if cell is not None:
                if len(cell) >= OVERHEAD:
                    yield cell[3:11]
                break
