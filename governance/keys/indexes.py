"""Keys of blind indexes: one per field and version, rotated by building the next beside it.

Rotation without downtime: `begin_version` (tokens of both versions are written), a following
job writes the new tokens of old rows, `activate` (both are searched), the old tokens are
deleted, `destroy`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select, update

from governance.core.terms import FieldId
from governance.crypto.index import IndexKey
from governance.crypto.index_plan import BITS_DEFAULT
from governance.crypto.providers.types import EpochId
from governance.crypto.wrap import assert_commitment, commitment, context, new_key
from governance.db.types import insert_ignore
from governance.keys import store
from governance.keys.errors import IndexBusyError, IndexUnknownError
from governance.keys.models import INDEX_KEY
from governance.keys.ring import KeyRing, Look
from governance.keys.types import IndexState, IndexVersion

SELECT_VERSIONS: Final[Select[Any]] = select(INDEX_KEY).order_by(
    INDEX_KEY.c.field, INDEX_KEY.c.version
)


def index_context(installation: str, epoch: EpochId, field: str, version: int) -> bytes:
    """What a wrapped index key is bound to."""
    return context("index", installation, epoch, field, str(version))


def _version(row: Row[Any]) -> IndexVersion:
    return IndexVersion(
        field=FieldId(row.field), version=row.version, bits=row.bits, state=IndexState(row.state)
    )


def all_versions(tx: Connection) -> tuple[IndexVersion, ...]:
    """Every version of every index, tombstones included."""
    return tuple(map(_version, tx.execute(SELECT_VERSIONS)))


class FieldIndexes:
    """The index keys of an installation."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._keys: Mapping[tuple[FieldId, int], IndexKey] = {}
        self._active: Mapping[FieldId, IndexKey] = {}
        self._seen = -1

    def ensure(self, field: FieldId, *, bits: int = BITS_DEFAULT) -> IndexVersion:
        """The searched version of the field's index; made as version 1 if it has none."""
        at = self._ring.clock()

        def write(tx: Connection) -> IndexVersion:
            found = [item for item in _live(tx, field) if item.state is IndexState.ACTIVE]
            if found:
                return found[-1]
            return self._insert(tx, field, bits=bits, state=IndexState.ACTIVE, at=at)

        known = [item for item in self.versions(field) if item.state is IndexState.ACTIVE]
        return known[-1] if known else self._ring.db.write(write)

    def versions(self, field: FieldId) -> tuple[IndexVersion, ...]:
        """Versions whose tokens are written, oldest first; the active ones are searched."""
        with self._ring.look() as look:
            return tuple(_live(look.tx, field))

    def begin_version(self, field: FieldId, *, bits: int) -> IndexVersion:
        """A following version is being built; refused while another one is."""
        at = self._ring.clock()

        def write(tx: Connection) -> IndexVersion:
            live = _live(tx, field)
            if not live:
                raise IndexUnknownError(field=field)
            if any(item.state is IndexState.BUILDING for item in live):
                raise IndexBusyError(field=field)
            return self._insert(tx, field, bits=bits, state=IndexState.BUILDING, at=at)

        return self._ring.db.write(write)

    def activate(self, field: FieldId, version: int) -> None:
        """The version is searched, beside those that were."""
        self._set(field, version, {"state": IndexState.ACTIVE.value})

    def destroy(self, field: FieldId, version: int) -> None:
        """The version's key is gone; its tokens must be deleted before."""
        gone = {"state": IndexState.DESTROYED.value, "wrapped": None, "commitment": None}
        self._set(field, version, gone | {"destroyed_at": self._ring.clock()})

    def key(self, field: FieldId, version: int) -> IndexKey:
        """The key of a version, from memory unless anything ended in the store."""
        with self._ring.look() as look:
            if look.seen != self._seen or (field, version) not in self._keys:
                self._keys, self._active, self._seen = self._load(look), {}, look.seen
        found = self._keys.get((field, version))
        if found is None:
            raise IndexUnknownError(field=field, version=version)
        return found

    def live_keys(self) -> Mapping[tuple[FieldId, int], IndexKey]:
        """Every key whose tokens are written, after one look; for the tokens of one batch."""
        with self._ring.look() as look:
            return MappingProxyType(self._load(look))

    def searched(self, look: Look, names: Iterable[FieldId]) -> Mapping[FieldId, IndexKey]:
        """The key that searches use, of each of these indexes that has one: the newest active."""
        wanted = frozenset(names)
        if look.seen != self._seen or not wanted <= self._active.keys():
            self._keys, self._seen = self._load(look), look.seen
            self._active = {
                item.field: self._keys[item.field, item.version]
                for item in all_versions(look.tx)
                if item.state is IndexState.ACTIVE
            }
        return {name: self._active[name] for name in wanted & self._active.keys()}

    def _load(self, look: Look) -> dict[tuple[FieldId, int], IndexKey]:
        keys: dict[tuple[FieldId, int], IndexKey] = {}
        for row in look.tx.execute(SELECT_VERSIONS):
            if row.wrapped is None:
                continue
            installation, epoch = self._ring.installation, EpochId(row.epoch)
            place = index_context(installation, epoch, row.field, row.version)
            plain = look.epoch_key(epoch).unwrap(row.wrapped, place)
            assert_commitment(plain, installation, row.version, row.commitment)
            made = IndexKey(plain, version=row.version, bits=row.bits)
            keys[FieldId(row.field), row.version] = made
        return keys

    def _insert(
        self, tx: Connection, field: FieldId, *, bits: int, state: IndexState, at: datetime
    ) -> IndexVersion:
        stored: Sequence[IndexVersion] = [i for i in all_versions(tx) if i.field == field]
        version = max((item.version for item in stored), default=0) + 1
        now, plain = store.current_epoch(tx), new_key()
        place = index_context(self._ring.installation, now.epoch, field, version)
        row = {
            "field": field,
            "version": version,
            "bits": bits,
            "epoch": now.epoch,
            "wrapped": self._ring.epoch_key(now).wrap(plain, place),
            "commitment": commitment(plain, self._ring.installation, version),
            "state": state.value,
            "created_at": at,
            "destroyed_at": None,
        }
        tx.execute(insert_ignore(INDEX_KEY, tx.dialect.name), row)
        same = INDEX_KEY.c.field == field, INDEX_KEY.c.version == version
        return _version(tx.execute(select(INDEX_KEY).where(*same)).one())

    def _set(self, field: FieldId, version: int, values: Mapping[str, object]) -> None:
        live = INDEX_KEY.c.state != IndexState.DESTROYED.value
        same = INDEX_KEY.c.field == field, INDEX_KEY.c.version == version, live

        def write(tx: Connection) -> None:
            if tx.execute(update(INDEX_KEY).where(*same).values(values)).rowcount == 0:
                raise IndexUnknownError(field=field, version=version)
            store.raise_generation(tx)

        self._ring.db.write(write)


def _live(tx: Connection, field: FieldId) -> list[IndexVersion]:
    """Versions of the field that were not destroyed."""
    found = tx.execute(SELECT_VERSIONS.where(INDEX_KEY.c.field == field))
    return [item for item in map(_version, found) if item.state is not IndexState.DESTROYED]
