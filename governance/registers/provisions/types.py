"""Facts of provision records (APPI 29 to 31, Rules 19 to 29)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from governance.core.terms import ActorId, EventId, PurposeId, RowId, SubjectId


class Direction(StrEnum):
    """Whether we gave or got."""

    PROVIDED = "provided"  # 29, 31
    RECEIVED = "received"  # 30


class ProvisionGround(StrEnum):
    """On what the data was provided, as the record says it."""

    CONSENT = "consent"  # 27(1)
    FOREIGN_CONSENT = "foreign_consent"  # 28(1)
    OPT_OUT = "opt_out"  # 27(2)
    CONFIRMED = "confirmed"  # 31(1): the recipient holds the person's consent


class Exempt(StrEnum):
    """Why a provision needs no record (29(1) proviso)."""

    INTERNAL = "internal"  # nobody received anything
    ENTRUSTMENT = "entrustment"  # 27(5)(i)
    JOINT_USE = "joint_use"  # 27(5)(iii)
    LAW = "law"  # 27(1) items


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Under which duty and on which ground a provision is recorded."""

    duty: str
    ground: ProvisionGround


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long a record is kept, and by which rule."""

    rule: str
    until: date
    purge_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """氏名又は名称、住所、代表者: as they were at the provision."""

    name: str
    address: str
    representative: str

    def __repr__(self) -> str:
        return "Party(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """One record without what is sealed."""

    id: RowId
    direction: Direction
    recipient: RowId
    recorded: Recorded
    batch: bool
    first_on: date
    last_on: date
    purpose: PurposeId | None
    categories: tuple[str, ...]
    fields: tuple[str, ...]
    country: str | None
    persons: int
    event_id: EventId | None
    policy_version: str | None
    keeping: Keeping
    recorded_by: ActorId
    recorded_at: datetime
    party: bytes = field(repr=False)
    acquisition: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedPerson:
    """One person of a record, with the event of the ledger that the ground rests on."""

    id: RowId
    subject: SubjectId
    provided_on: date
    consent_seq: int | None
    identity: bytes | None = field(repr=False)
