"""Words of execution: what a granted right does, where it stands, how recipients are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from dsar.types import RequestKind
from governance.core.terms import ActorId, RequestId, RowId
from retention.finality import Terms


class Measure(StrEnum):
    """What is done when a right is granted."""

    ERASE = "erase"  # 消去 (APPI 35, GDPR 17)
    STOP_USE = "stop_use"  # 利用の停止 (APPI 35(1), (5))
    STOP_PROVISION = "stop_provision"  # 第三者提供の停止 (APPI 35(3), (5))
    RESTRICT = "restrict"  # GDPR 18
    OBJECT = "object"  # GDPR 21
    CORRECT = "correct"  # 訂正等 (APPI 34, GDPR 16)


MEASURES: Mapping[RequestKind, tuple[Measure, ...]] = MappingProxyType(
    {
        RequestKind.ERASURE: (Measure.ERASE,),
        RequestKind.CESSATION: (Measure.ERASE, Measure.STOP_USE),
        RequestKind.PROVISION_STOP: (Measure.STOP_PROVISION,),
        RequestKind.RESTRICTION: (Measure.RESTRICT,),
        RequestKind.OBJECTION: (Measure.OBJECT,),
        RequestKind.CORRECTION: (Measure.CORRECT,),
        RequestKind.RECTIFICATION: (Measure.CORRECT,),
    }
)  # what each right may come to, the usual one first; the others are answered by a package


class Stage(StrEnum):
    """Where the execution of one request stands."""

    PLANNED = "planned"  # decided by one, a second person has not agreed
    WAITING = "waiting"  # agreed; the person may take it back until the period is over
    STORES = "stores"  # connected systems are being erased
    ROWS = "rows"  # our own rows, index tokens and keys
    TELLING = "telling"  # recipients and the person are told
    DONE = "done"
    UNDONE = "undone"  # the person took it back in time
    CHANGED = "changed"  # it would not be what was agreed to any more: two persons agree anew


UNDER_WAY = frozenset({Stage.STORES, Stage.ROWS, Stage.TELLING})


class StoreState(StrEnum):
    """What a connected system answered."""

    ERASED = "erased"
    KEPT = "kept"  # erased but for what it named with ground and day
    PENDING = "pending"  # a colleague was asked
    FAILED = "failed"
    LEFT = "left"  # an officer goes on without it, for a reason


STORE_ENDED = frozenset({StoreState.ERASED, StoreState.KEPT, StoreState.LEFT})


class Without(StrEnum):
    """Why an officer goes on without a connected system; stands on the certificate."""

    SYSTEM_ENDED = "system_ended"  # it exists no more
    BY_HAND = "by_hand"  # it was erased there by hand
    LATER = "later"  # it will be; the officer follows it up
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How a granted request is carried out."""

    request: RequestId
    measure: Measure
    stage: Stage
    plan: str | None  # digest of what would be erased, as two persons agreed to it
    planned_at: datetime
    planned_by: ActorId
    approval: str | None = None
    agreed_at: datetime | None = None
    execute_from: datetime | None = None
    undone_at: datetime | None = None
    run: RowId | None = None
    changed_because: str | None = None
    fates: tuple[Mapping[str, object], ...] = ()  # what became of each field: names and counts
    ended_at: datetime | None = None
    answer_to: bytes | None = field(default=None, repr=False)  # sealed, until the answer is told
    lift_from: datetime | None = None  # a restriction ends then; the person was told before
    lifted_at: datetime | None = None

    @property
    def erased(self) -> bool:
        """Whether the person's data are gone, as their certificate says."""
        return self.stage is Stage.DONE and self.measure is Measure.ERASE

    def undoable(self, *, at: datetime) -> bool:
        """Whether the person can still take it back."""
        open_ = self.stage in {Stage.WAITING, Stage.CHANGED} and self.measure is Measure.ERASE
        return open_ and self.execute_from is not None and at < self.execute_from


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreResult:
    """What one connected system did, as it is on file."""

    store: str
    state: StoreState
    label_ja: str
    label_en: str
    rows: int = 0
    code: str | None = None  # why it failed, or why an officer goes on without it
    kept: tuple[Mapping[str, object], ...] = ()  # place, ground, until: no value of a person
    tries: int = 1
    at: datetime | None = None
    by: ActorId | None = None  # who goes on without it


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What an execution needs to know of the installation."""

    origin: str  # where the pages stand
    controller: Mapping[str, str]
    log: str
    terms: Terms  # what can be promised of copies


class Because(StrEnum):
    """Why a recipient is on the list."""

    PROVISION = "provision"  # a record of provision names the person
    SERVICE = "service"  # it works on our behalf or jointly with us
    OFFICER = "officer"


class TellingState(StrEnum):
    """Where a recipient stands."""

    PLANNED = "planned"
    TOLD = "told"
    CONFIRMED = "confirmed"
    LEFT_OUT = "left_out"  # for a reason of GDPR 19


class Channel(StrEnum):
    """How a recipient is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Confirmed(StrEnum):
    """How a recipient confirmed."""

    LINK = "link"
    ANSWER = "answer"  # of its webhook
    OFFICER = "officer"  # by telephone or letter, noted by an officer


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One recipient of one request."""

    id: RowId
    request: RequestId
    recipient: RowId
    because: Because
    state: TellingState
    reason: str | None = None
    told_at: datetime | None = None
    answer_by: date | None = None
    confirmed_at: datetime | None = None
    confirmed_how: Confirmed | None = None
    channel: Channel | None = None
    delivered_at: datetime | None = None  # its webhook took the notice

    def overdue(self, *, on: date) -> bool:
        """Whether it should have confirmed by now."""
        late = self.answer_by is not None and self.answer_by < on
        return self.state is TellingState.TOLD and late
