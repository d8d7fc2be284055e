"""Facts of access reviews (アクセス権の棚卸し): who holds what, and what a reviewer said of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from audit.types import canonical_json
from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError
from governance.core.terms import ActorId, RowId
from governance.identity.types import AccountState


class ReviewUnknownError(NotFoundError):
    """There is no such review, or the account stands in no row of it."""

    code = "access_review_unknown"


class ReviewOpenError(GovernanceError):
    """A review is open, or that of this quarter was held already; none was started."""

    code, status = "access_review_open", 409


class ReviewClosedError(GovernanceError):
    """The review is closed and cannot be changed; nothing was decided."""

    code, status = "access_review_closed", 409


class ReviewUndecidedError(GovernanceError):
    """Rows wait for a decision (`count`); the review stays open."""

    code, status = "access_review_undecided", 409


class ReviewFormError(GovernanceError):
    """A part of the decision is not of its form (`field`); nothing was decided."""

    code, status, exit_code = "access_review_form", 422, 2


class RowChangedError(GovernanceError):
    """The account's rights are others than those that were looked at; nothing was decided."""

    code, status = "access_row_changed", 409


class RowDecidedError(GovernanceError):
    """The row was decided already; what was taken away comes back by the operator alone."""

    code, status = "access_row_decided", 409


class OwnRowError(ForbiddenError):
    """Nobody decides about their own account; nothing was decided."""

    code = "access_own_row"


class SecondCloserError(ForbiddenError):
    """Who started the review, or decided rows of it, does not close it; it stays open."""

    code = "access_second_closer"


class Verdict(StrEnum):
    """What was decided about one account."""

    KEEP = "keep"
    REMOVE = "remove"  # some of its roles, or of a system's purposes
    END = "end"
    GONE = "gone"  # it ended before anybody decided


class Mark(StrEnum):
    """What a reviewer should look at, in the order of its weight."""

    CONFLICT = "conflict"  # holds roles that the policy keeps apart
    UNKNOWN_ROLE = "unknown_role"  # holds a role that the policy does not know any more
    NEVER = "never"  # never signed in, or asked, since the account was made
    DORMANT = "dormant"  # not for so many days
    UNTRAINED = "untrained"  # opens personal data without a valid training
    SUSPENDED = "suspended"
    ELEVATED = "elevated"  # held further roles for a time in the period


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One account with what it holds, what that opens, and how it is used."""

    account: ActorId
    system: bool
    name: str  # the login, or the system's name
    state: AccountState
    roles: frozenset[str]
    claims: frozenset[str] = frozenset()  # purposes that a system may claim
    opens: frozenset[str] = frozenset()  # purposes for which fields of persons are open
    categories: frozenset[str] = frozenset()  # data categories that are open
    personal: bool = False  # an action opens personal data
    grave: bool = False  # an action is grave
    made_on: date | None = None
    used_on: date | None = None  # the last sign-in, or the last use of a key (Japan)
    trained_until: datetime | None = None
    elevations: tuple[str, ...] = ()  # roles held for a time in the period, one for each time
    marks: tuple[Mark, ...] = ()

    @property
    def rights(self) -> frozenset[str]:
        """What a reviewer may take away one by one."""
        return self.claims if self.system else self.roles

    @property
    def fingerprint(self) -> str:
        """What the account may do, in 16 digits: what a decision is about."""
        rights = {
            "account": self.account,
            "state": self.state.value,
            "roles": sorted(self.roles),
            "claims": sorted(self.claims),
        }
        return hashlib.sha256(canonical_json(rights)).hexdigest()[:16]

    def marked(self, marks: tuple[Mark, ...]) -> "Holding":
        """The same with these marks."""
        return replace(self, marks=marks)

    def as_json(self) -> Mapping[str, object]:
        """The holding as it is kept and told; without anybody's name."""
        until = self.trained_until
        return {
            "account": self.account,
            "system": self.system,
            "state": self.state.value,
            "roles": sorted(self.roles),
            "claims": sorted(self.claims),
            "opens": sorted(self.opens),
            "categories": sorted(self.categories),
            "personal": self.personal,
            "grave": self.grave,
            "made_on": None if self.made_on is None else self.made_on.isoformat(),
            "used_on": None if self.used_on is None else self.used_on.isoformat(),
            "trained_until": None if until is None else until.isoformat(),
            "elevations": list(self.elevations),
            "marks": [one.value for one in self.marks],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review of a quarter (campaign)."""

    id: RowId
    quarter: str  # 2026Q4
    since: datetime  # elevations from then on are looked at
    started_at: datetime
    started_by: ActorId
    due_on: date
    dormant_days: int
    closed_at: datetime | None = None
    closed_by: ActorId | None = None
    digest: str | None = None  # of every row, as it was closed

    def overdue(self, *, on: date) -> bool:
        """Whether it should have been closed by now."""
        return self.closed_at is None and on > self.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One account in a review; `held` is what the decision was about, `reason` is sealed."""

    id: RowId
    review: RowId
    account: ActorId
    verdict: Verdict | None = None
    held: str = ""  # canonical JSON of the holding at the decision
    taken: tuple[str, ...] = ()
    reason: bytes | None = field(default=None, repr=False)
    decided_by: ActorId | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row as a reviewer sees it: the account as it is now, or as it was decided about."""

    row: Row
    holding: Holding
    reason: str = field(default="", repr=False)
    gone: bool = False  # the account has ended, so nothing is left to decide

    @property
    def settled(self) -> bool:
        """Whether nobody needs to decide about it any more."""
        return self.row.verdict is not None or self.gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A review with its rows; those that wait come first."""

    review: Review
    lines: tuple[Line, ...]
    joined: tuple[ActorId, ...] = ()  # accounts made since: they stand in the next review

    @property
    def waiting(self) -> int:
        """How many rows wait for a decision."""
        return sum(not one.settled for one in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a reviewer says of one account, and which rights they saw."""

    account: ActorId
    verdict: Verdict
    seen: str  # the fingerprint
    taken: frozenset[str] = frozenset()
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a review is."""

    review: Review
    rows: int
    waiting: int
