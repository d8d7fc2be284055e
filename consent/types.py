"""Facts about choices: events, notices, the person's state, the decision and its ground."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

from governance.core.terms import Law, NoticeId, PurposeId, SubjectId
from policies.purposes import Basis, Channel
from policies.reasons import ReasonCode
from policies.types import Outcome

EVERY = "*"  # an event for every channel, recipient class or purpose


class EventKind(StrEnum):
    """States that a choice passes through (W3C DPV 2.3 consent status, and GDPR 18, 21)."""

    REQUESTED = "requested"
    REFUSED = "refused"
    GIVEN = "given"
    RENEWED = "renewed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    INVALIDATED = "invalidated"
    OBJECTED = "objected"
    OBJECTION_LIFTED = "objection_lifted"
    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    SIGNAL = "signal"


Said = tuple[SubjectId, EventKind, datetime]  # whose word of which kind, and when it was said
GRANTS = frozenset({EventKind.GIVEN, EventKind.RENEWED})
NARROWING = frozenset(
    {EventKind.REFUSED, EventKind.WITHDRAWN, EventKind.INVALIDATED, EventKind.EXPIRED}
)


class EvidenceGrade(StrEnum):
    """How well the way of asking proves the choice (GDPR 4(11), 7(1))."""

    ACTIVE = "active"  # an unticked box, a signature, a spoken yes on record
    PRE_TICKED = "pre_ticked"  # no consent under the GDPR (C-673/17)
    IMPORTED_PROVEN = "imported_proven"  # taken over, and the file names the evidence
    IMPORTED = "imported"  # taken over from another system on its word alone


class By(StrEnum):
    """Who acted."""

    PERSON = "person"
    GUARDIAN = "guardian"  # 親権者・未成年後見人
    AGENT = "agent"  # 任意代理人
    OFFICER = "officer"  # entered for the person: paper, telephone, counter
    SYSTEM = "system"  # a job of this installation: an expiry


class ChangeClass(StrEnum):
    """What a new notice version does to consents given on an older one."""

    FIRST = "first"
    EDITORIAL = "editorial"
    MATERIAL = "material"
    NEW_RECIPIENT = "new_recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeVersion:
    """One published text of a notice (APPI 21, GDPR 13)."""

    notice: NoticeId
    version: str
    published_on: date
    change: ChangeClass
    text_hash: str  # SHA-256 of both languages' texts, hexadecimal
    order: int  # 1 = first


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """One entry of the ledger; nothing is overwritten."""

    seq: int
    subject: SubjectId
    purpose: PurposeId | str  # EVERY for an objection or restriction to all
    channel: str = EVERY
    recipient_class: str = EVERY
    kind: EventKind
    occurred_at: datetime
    notice: NoticeId | None = None
    notice_version: str | None = None
    evidence: EvidenceGrade = EvidenceGrade.ACTIVE
    guardian: bool = False  # a verified guardian acted
    minor: bool = False  # the person was below the age of consent when it was recorded
    valid_until: datetime | None = None
    import_run: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFacts:
    """What the third gate knows of a person besides choices."""

    subject: SubjectId
    state: str  # active, restricted, erasing, erased
    laws: frozenset[Law]  # never empty: unknown means all
    minor: bool = False  # below the age from which a person consents alone
    minor_in_contract: bool = False  # below the age of majority
    guardian_verified: bool = False
    kept_by_law: str | None = None
    grown_on: date | None = None  # first day of the month after the age of consent was reached
    last_active_on: date | None = None  # day of the person's last own act


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectDecision:
    """The answer of the third gate, with the event and basis that it rests on."""

    outcome: Outcome
    code: ReasonCode
    basis: Basis | None = None
    event_seq: int | None = None
    valid_until: datetime | None = None

    def __bool__(self) -> bool:
        return self.outcome is Outcome.PERMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The smallest thing that a person can decide: purpose x channel x recipient class."""

    purpose: PurposeId
    channel: str
    recipient_class: str


def cells_of(
    purpose: PurposeId, channels: Iterable[Channel], *, channel: str | None, recipient_class: str
) -> tuple[Cell, ...]:
    """The cells that a use needs; without a channel, every channel of the purpose."""
    return _cells(purpose, frozenset(channels), channel, recipient_class)


@lru_cache(maxsize=4096)  # a policy has tens of them, and each decision asks
def _cells(
    purpose: PurposeId, channels: frozenset[Channel], channel: str | None, recipient_class: str
) -> tuple[Cell, ...]:
    wanted = (channel,) if channel else tuple(sorted(channels)) or (EVERY,)
    return tuple(
        Cell(purpose=purpose, channel=name, recipient_class=recipient_class) for name in wanted
    )
