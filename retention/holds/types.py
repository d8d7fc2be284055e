"""Facts of legal holds: the matter, whom and what it covers, what waits because of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from governance.core.terms import ActorId, RowId, SubjectId
from governance.customers.holds.types import Condition, ScopeKind, What


class ActKind(StrEnum):
    """A step of a matter."""

    PLACED = "placed"
    WIDENED = "widened"
    REVIEWED = "reviewed"
    RELEASE_ASKED = "release_asked"
    RELEASED = "released"
    LETTER_SENT = "letter_sent"
    LETTER_CONFIRMED = "letter_confirmed"


class DeferredGround(StrEnum):
    """Why the erasure was to be."""

    SCHEDULE = "schedule"
    REQUEST = "request"
    DECISION = "decision"  # on a request, whose own execution goes on
    REST = "rest"  # the person was erased; what a partial hold kept is left


class DeferredState(StrEnum):
    """Where a deferred erasure stands."""

    WAITING = "waiting"
    RESUMED = "resumed"
    SETTLED = "settled"  # nothing is due any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What a matter is about; sealed, since a case names persons."""

    name: str = field(repr=False)
    counsel: str = field(default="", repr=False)  # who is responsible
    notes: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom a hold covers and what of them; persons, or everyone whom the conditions meet."""

    persons: tuple[SubjectId, ...] = ()
    kind: ScopeKind | None = None  # None: exactly these persons
    conditions: tuple[Condition, ...] = ()
    what: tuple[What, ...] = (What(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A hold to be placed, for a new matter or for one that stands."""

    number: str
    wanted: Wanted
    reason: str = field(repr=False)
    particulars: Particulars | None = field(default=None, repr=False)
    expected_end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What was placed."""

    number: str
    persons: int
    standing: bool  # persons are caught later too


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Whom and what a hold would cover, before it is placed."""

    persons: int
    held: int  # of them, already under a hold
    erased: int  # of them, erased: only what a law keeps is left to hold
    first: tuple[SubjectId, ...]
    rows: Mapping[str, int]  # table -> rows that it would keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A matter as it stands."""

    id: RowId | None  # None: holds that came with a file or a restore, without particulars
    number: str
    placed_by: str
    placed_at: datetime
    expected_end: date | None
    reviewed_at: datetime
    reviewed_by: str
    closed_at: datetime | None
    persons: int  # standing by name
    standing: int  # standing scopes
    deferred: int  # erasures that wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One step of a matter's history."""

    kind: ActKind
    persons: int
    by: ActorId
    at: datetime
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPerson:
    """One person of a matter and what of theirs is held."""

    subject: SubjectId
    what: tuple[What, ...]
    since: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """An erasure that a hold stopped."""

    id: RowId
    subject: SubjectId
    ground: DeferredGround
    plan: RowId | None
    matters: tuple[str, ...]
    state: DeferredState
    by: ActorId
    at: datetime
    resumed_at: datetime | None
    run: RowId | None
