"""Words of intake: what data, whether a fee, what a filing carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from dsar.types import Delivery, Intake, Requester, RequestKind
from governance.core.terms import Lang, SubjectId


class Scope(StrEnum):
    """Which data the person means (APPI 37(2): they may be asked to say)."""

    EVERYTHING = "everything"
    PROFILE = "profile"  # name, address, contacts
    PURCHASES = "purchases"
    INQUIRIES = "inquiries"
    CONSENTS = "consents"
    OTHER = "other"  # as the words say


class StopGround(StrEnum):
    """Why use or provision should stop; the APPI has no wish without a ground (35(1), (3), (5))."""

    BREACH = "breach"  # 18, 19, 20, 27(1), 28
    NOT_NEEDED = "not_needed"
    LEAK = "leak"  # 26(1)
    HARM = "harm"  # rights or legitimate interests
    OTHER = "other"


GROUNDED = frozenset(
    {
        RequestKind.CESSATION,
        RequestKind.PROVISION_STOP,
        RequestKind.ERASURE,
        RequestKind.RESTRICTION,
    }
)  # asked why


class Source(StrEnum):
    """Through which door a request came in."""

    PORTAL = "portal"
    CONSOLE = "console"
    CSV = "csv"
    SYSTEM = "system"


class FeeState(StrEnum):
    """Where a fee stands."""

    QUOTED = "quoted"
    ACCEPTED = "accepted"  # the person agrees to the amount; it is not paid yet
    PAID = "paid"
    WAIVED = "waived"


SETTLED = frozenset({FeeState.PAID, FeeState.WAIVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What whoever asks says of themselves and of the person; proves nothing by itself."""

    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    agent_name: str = field(default="", repr=False)
    customer_number: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A request as it comes in through any door."""

    kind: RequestKind
    intake: Intake
    source: Source
    claim: Claim = field(repr=False)
    policy_days: int
    requester: Requester = Requester.SELF
    delivery: Delivery = Delivery.DOWNLOAD
    lang: Lang = Lang.JA
    scope: tuple[Scope, ...] = (Scope.EVERYTHING,)
    ground: StopGround | None = None
    words: str | None = field(default=None, repr=False)
    received_at: datetime | None = None
    subject: SubjectId | None = None  # known to be: signed in, or an officer says so
    once: str | None = None


STEPS_OF_FEE: Mapping[FeeState | None, frozenset[FeeState]] = MappingProxyType(
    {
        None: frozenset({FeeState.QUOTED}),
        FeeState.QUOTED: frozenset({FeeState.QUOTED, FeeState.ACCEPTED, *SETTLED}),
        FeeState.ACCEPTED: SETTLED,
        FeeState.PAID: frozenset(),
        FeeState.WAIVED: frozenset(),
    }
)
