"""Words and facts of the key store."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.core.terms import FieldId, KeyClass, SubjectId
from governance.crypto.frame import Alg, CellKey
from governance.crypto.providers.types import EpochId, ProviderHealth


class KeyState(StrEnum):
    """States of a data key, a signing key."""

    ACTIVE = "active"  # seals and opens
    RETIRED = "retired"  # opens until its cells are sealed anew
    DESTROYED = "destroyed"  # a tombstone: the wrapped key is NULL


class SigningState(StrEnum):
    """States of a signing key; its public half stays for ever."""

    NEXT = "next"  # made, announced, not signing yet
    ACTIVE = "active"  # signs
    RETIRED = "retired"  # its seed is destroyed


class IndexState(StrEnum):
    """States of an index key version."""

    BUILDING = "building"  # tokens are written, not searched
    ACTIVE = "active"  # written and searched
    DESTROYED = "destroyed"  # a tombstone


class EpochStage(StrEnum):
    """Stages of an epoch in the key store."""

    CURRENT = "current"  # wraps new keys
    SUPERSEDED = "superseded"  # may still wrap keys that the daily roll has not reached
    DESTROYING = "destroying"  # wraps nothing; the provider was asked
    DESTROYED = "destroyed"  # the provider said when it is final


class SigningAlgorithm(StrEnum):
    """Algorithms of signing keys."""

    ED25519 = "ed25519"
    ML_DSA_44 = "ml-dsa-44"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a key store says of itself."""

    schema: int
    installation: str
    generation: int  # raised by everything that ends a key


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """One row of `data_key`; the wrapped bytes are not shown."""

    dek_id: int
    subject: SubjectId
    key_class: KeyClass
    alg: Alg
    epoch: EpochId
    wrapped: bytes | None = field(repr=False)
    commitment: bytes | None = field(repr=False)
    state: KeyState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEpoch:
    """One row of `epoch`."""

    epoch: EpochId
    stage: EpochStage
    wrapped: bytes | None = field(repr=False)
    final_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A data key in memory, and whose it is."""

    cell: CellKey
    subject: SubjectId
    key_class: KeyClass


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexVersion:
    """One version of a field's index."""

    field: FieldId
    version: int
    bits: int
    state: IndexState


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """What one destruction ended; `last_epoch` is the newest that wrapped a destroyed key."""

    subjects: int
    keys: int
    last_epoch: EpochId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnd:
    """An epoch that a roll asked the provider to end; `final_at` None: no date is promised."""

    epoch: EpochId
    final_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollReport:
    """What a daily roll did."""

    epoch: EpochId
    rewrapped: int
    ended: tuple[EpochEnd, ...]
    stuck: tuple[str, ...]  # keys that did not unwrap; their epoch is kept
    held_back: tuple[EpochId, ...]  # due for destruction, but still wrapping a stuck key


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochStatus:
    """One epoch in `sekisho keys status`."""

    epoch: EpochId
    stage: EpochStage
    live_keys: int
    final_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysStatus:
    """What `sekisho keys status` prints."""

    installation: str
    generation: int
    provider: str
    provider_destroys: bool
    health: ProviderHealth
    current: EpochId
    current_age_days: int
    behind: int  # live keys not yet under the current epoch
    overdue: tuple[EpochId, ...]  # epochs that should have ended
    epochs: tuple[EpochStatus, ...]
    keys: tuple[tuple[KeyClass, KeyState, int], ...]
    indexes: tuple[IndexVersion, ...]
