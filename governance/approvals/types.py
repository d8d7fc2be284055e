"""Facts of approvals: what waits for a second person, and who may be that person."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from governance.core.terms import ActorId

ApprovalId = NewType("ApprovalId", str)  # UUIDv7 text


class ApprovalKind(StrEnum):
    """Acts that one person alone cannot carry out."""

    ERASURE = "erasure"
    PURGE = "purge"  # above the threshold
    RETENTION_SCHEDULE = "retention_schedule"
    HOLD_RELEASE = "hold_release"
    POLICY_CHANGE = "policy_change"
    KEY_DESTRUCTION = "key_destruction"
    REQUEST_DECISION = "request_decision"  # the answer to a data-subject request
    ELEVATION = "elevation"  # a time-boxed role
    RESTORE = "restore"  # opening a restored instance
    LOG_EXPIRY = "log_expiry"  # the end of months of the audit log
    NOTICE = "notice"  # a version of a notice is announced
    GUARDIAN = "guardian"  # a parent or guardian may act for a person


class ApprovalState(StrEnum):
    """Where an approval stands at a moment."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    EXECUTED = "executed"
    EXPIRED = "expired"  # follows from the time; never stored


class ExecutorRule(StrEnum):
    """Which principal may carry out what was approved."""

    EITHER = "either"  # requester or approver
    APPROVER = "approver"
    REQUESTER = "requester"
    THIRD = "third"  # neither of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one kind is separated."""

    executor: ExecutorRule = ExecutorRule.EITHER
    lifetime: timedelta = timedelta(days=7)
    distinct_os_user: bool = False  # on: one login at the machine cannot act as both


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One request for a second person, without its sealed parameters."""

    id: ApprovalId
    kind: ApprovalKind
    object_ref: str
    digest: str
    state: ApprovalState  # as stored; `rules.standing` knows expiry
    requested_by: ActorId
    requested_os: str | None
    requested_at: datetime
    expires_at: datetime
    decided_by: ActorId | None
    decided_os: str | None
    decided_at: datetime | None
    reason_code: str | None
    executed_by: ActorId | None
    executed_at: datetime | None


class Reason(StrEnum):
    """Why a principal may not take a step."""

    NOT_STAFF = "not_staff"
    OWN_REQUEST = "own_request"
    SAME_OS_USER = "same_os_user"
    SAME_PERSON = "same_person"  # both accounts are of one person
    OWN_SYSTEM = "own_system"  # a system asked whose key the approver was given
    BEHOLDEN = "beholden"  # the approver has account, role or code from the requester, lately
    WRONG_EXECUTOR = "wrong_executor"
    EXPIRED = "expired"
    DECIDED = "decided"  # no longer open for a decision
    NOT_APPROVED = "not_approved"
    DIGEST = "digest"  # not the parameters that were shown
    NO_EXECUTOR = "no_executor"


ABOUT_THE_PRINCIPAL = frozenset(
    {
        Reason.NOT_STAFF,
        Reason.OWN_REQUEST,
        Reason.SAME_OS_USER,
        Reason.SAME_PERSON,
        Reason.OWN_SYSTEM,
        Reason.BEHOLDEN,
        Reason.WRONG_EXECUTOR,
    }
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The principal may."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Refused:
    """The principal may not, for this reason."""

    reason: Reason

    def __bool__(self) -> bool:
        return False


Verdict = Allowed | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumed:
    """The one execution of an approval; the parameters as the requester sealed them."""

    approval: Approval
    sealed: bytes = field(repr=False)
