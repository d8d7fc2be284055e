"""A request as facts: the case with its tracks, clocks, evidence and decision; steps and dates."""

from dataclasses import dataclass, field
from datetime import date, datetime

from dsar.types import (
    ClockKind,
    Delivery,
    Event,
    EvidenceKind,
    Ground,
    HoldGround,
    Intake,
    Letter,
    Outcome,
    Refusal,
    Requester,
    RequestKind,
    Status,
)
from governance.core.terms import ActorId, FieldId, Law, RequestId, RowId, SubjectId
from policies.actions import Action
from policies.types import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEntry:
    """One entry of a clock; the ledger is append-only."""

    law: Law
    rule: str  # id of the deadline rule in the law book
    kind: ClockKind
    at: datetime
    ground: str | None = None
    until: date | None = None  # of a pause: the day after which the clock runs again by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Work on the request rests: why, since when, to which day, by whom."""

    ground: HoldGround
    since: datetime
    until: date
    by: ActorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One proof of identity or authority as it was judged; the proof itself is not kept."""

    kind: EvidenceKind
    accepted: bool
    at: datetime
    by: ActorId
    contact_days: int | None = None  # for codes: days since this contact was registered
    reason: str | None = None  # code, when refused


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldItem:
    """A field that the answer leaves out, with the ground under each law of the case."""

    field: FieldId
    grounds: tuple[Ground, ...]
    row: RowId | None = None  # None: in every record
    label: Label | None = None  # source and field in words, where no catalogue declares them


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, on which ground under each law, by whom."""

    outcome: Outcome
    grounds: tuple[Ground, ...]
    decided_by: ActorId
    decided_at: datetime
    items: tuple[WithheldItem, ...] = ()
    approved_by: ActorId | None = None
    approved_at: datetime | None = None
    approval: str | None = None  # id of the approval that waits for the second person


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The request under one law."""

    law: Law
    kind: RequestKind
    status: Status
    clocks: tuple[ClockEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """Whether a source answered in its last run."""

    source: str
    found: bool
    records: int = 0
    left_out: int = 0  # items withheld and places replaced because they are about others
    code: str | None = None
    without: bool = False  # an officer goes on without its answer, for the reason in `code`


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """An ended review of what the sources found in their last runs."""

    seq: int  # of the act that ended it
    left_out: int = 0  # places and fields that the person does not get
    items: tuple[WithheldItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request with everything that its rules need."""

    id: RequestId
    reference: str
    requester: Requester
    subject: SubjectId | None
    requester_id: SubjectId = field(repr=False)  # whose record key seals the person's words
    intake: Intake
    delivery: Delivery
    received_at: datetime
    last_at: datetime  # the newest entry of the history
    calendar: str
    policy_days: int  # our own target for APPI; the law names no number
    rule_set_version: str
    tracks: tuple[Track, ...]
    evidence: tuple[Evidence, ...] = ()
    decision: Decision | None = None
    sources: tuple[SourceState, ...] = ()
    reviewed: Reviewed | None = None  # None too when a source ran again or an act followed
    executed: bool = False  # a package is made, or the change is proved by its audit event
    assignee: ActorId | None = None
    hold: Hold | None = None
    version: int = 1

    @property
    def laws(self) -> frozenset[Law]:
        """Laws that the request stands under."""
        return frozenset(track.law for track in self.tracks)

    @property
    def closed(self) -> bool:
        """True when nothing is left to do under any law."""
        return all(track.status is Status.CLOSED for track in self.tracks)

    def track(self, law: Law) -> Track | None:
        """The request under this law, if it stands under it."""
        return next((track for track in self.tracks if track.law is law), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """What the rules know of whoever takes a step."""

    id: ActorId
    actions: frozenset[Action]
    is_requester: bool = False  # the person of the case, signed in


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One track's change of status with its entries in the clock ledger."""

    law: Law
    source: Status
    target: Status
    clocks: tuple[ClockEntry, ...] = ()
    letter: Letter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A lawful step: what moves under which law."""

    event: Event
    at: datetime
    moves: tuple[Move, ...]
    ground: str | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A step that is not possible, and why; falsy."""

    reason: Refusal
    law: Law | None = None

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Days of one track: by law, or by our policy where the law names no number."""

    law: Law
    rule: str
    act_by: date | None
    nominal: date | None
    legal: date | None
    policy_due: date | None
    suit_from: date | None  # APPI 39: no suit before this day unless refused
    paused_since: date | None
    reason_ja: str
    reason_en: str
