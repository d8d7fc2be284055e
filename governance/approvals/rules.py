"""Separation of duties; pure. Nobody approves what they asked for."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import assert_never

from governance.approvals.bonds import Tie, acts_for, beholden, one_person
from governance.approvals.types import (
    Allowed,
    Approval,
    ApprovalKind,
    ApprovalState,
    ExecutorRule,
    Reason,
    Refused,
    Rule,
    Verdict,
)
from governance.http.principal import Principal, PrincipalKind

DIGEST_TAG = b"sekisho/approval/1"
LENGTH_BYTES = 8

RULES: Mapping[ApprovalKind, Rule] = MappingProxyType(
    {
        ApprovalKind.ERASURE: Rule(),
        ApprovalKind.PURGE: Rule(lifetime=timedelta(days=3)),  # the plan ages
        ApprovalKind.RETENTION_SCHEDULE: Rule(lifetime=timedelta(days=30)),
        ApprovalKind.HOLD_RELEASE: Rule(),
        ApprovalKind.POLICY_CHANGE: Rule(lifetime=timedelta(days=30)),
        ApprovalKind.KEY_DESTRUCTION: Rule(lifetime=timedelta(days=1)),
        ApprovalKind.REQUEST_DECISION: Rule(lifetime=timedelta(days=14)),
        ApprovalKind.ELEVATION: Rule(executor=ExecutorRule.APPROVER, lifetime=timedelta(hours=8)),
        ApprovalKind.RESTORE: Rule(lifetime=timedelta(days=1)),
        ApprovalKind.LOG_EXPIRY: Rule(),
        ApprovalKind.NOTICE: Rule(lifetime=timedelta(days=30)),
        ApprovalKind.GUARDIAN: Rule(executor=ExecutorRule.APPROVER, lifetime=timedelta(days=14)),
    }
)


def digest_of(kind: ApprovalKind, object_ref: str, sealed: bytes) -> str:
    """SHA-256 over kind, object and sealed parameters; what both persons decide about."""
    hashed = sha256()
    for part in (DIGEST_TAG, kind.value.encode(), object_ref.encode(), sealed):
        hashed.update(len(part).to_bytes(LENGTH_BYTES, "big"))
        hashed.update(part)
    return hashed.hexdigest()


def standing(approval: Approval, *, at: datetime) -> ApprovalState:
    """The state at a moment: what was not executed in time has expired."""
    open_states = (ApprovalState.REQUESTED, ApprovalState.APPROVED)
    if approval.state in open_states and at >= approval.expires_at:
        return ApprovalState.EXPIRED
    return approval.state


def may_approve(
    principal: Principal,
    approval: Approval,
    rule: Rule,
    *,
    ties: Collection[Tie] = (),
    at: datetime,
) -> Verdict:
    """Whether this principal may be the second person; its id counts, whatever its roles."""
    if principal.kind is not PrincipalKind.STAFF:
        return Refused(Reason.NOT_STAFF)
    if principal.id == approval.requested_by:
        return Refused(Reason.OWN_REQUEST)
    if rule.distinct_os_user and not _other_os_user(principal, approval):
        return Refused(Reason.SAME_OS_USER)
    requester, approver = approval.requested_by, principal.id
    if one_person(ties, requester=requester, approver=approver):
        return Refused(Reason.SAME_PERSON)
    if acts_for(ties, requester=requester, approver=approver):
        return Refused(Reason.OWN_SYSTEM)
    if beholden(ties, requester=requester, approver=approver, requested_at=approval.requested_at):
        return Refused(Reason.BEHOLDEN)
    return _open_for_decision(approval, at=at)


def may_refuse(principal: Principal, approval: Approval, *, at: datetime) -> Verdict:
    """Whether this principal may end the request; the requester may take it back."""
    if principal.kind is not PrincipalKind.STAFF and principal.id != approval.requested_by:
        return Refused(Reason.NOT_STAFF)
    return _open_for_decision(approval, at=at)


def may_execute(
    principal: Principal, approval: Approval, rule: Rule, *, digest: str, at: datetime
) -> Verdict:
    """Whether this principal may carry it out now, with exactly these parameters."""
    match standing(approval, at=at):
        case ApprovalState.EXPIRED:
            return Refused(Reason.EXPIRED)
        case ApprovalState.REQUESTED | ApprovalState.REFUSED | ApprovalState.EXECUTED:
            return Refused(Reason.NOT_APPROVED)
        case ApprovalState.APPROVED:
            pass
        case state:
            assert_never(state)
    if approval.decided_by is None or approval.decided_by == approval.requested_by:
        return Refused(Reason.OWN_REQUEST)  # fails closed: a row that no approval could make
    if digest != approval.digest:
        return Refused(Reason.DIGEST)
    return Allowed() if executes(principal, approval, rule.executor) else _wrong_executor()


def executes(principal: Principal, approval: Approval, rule: ExecutorRule) -> bool:
    """Whether the rule names this principal as the one who executes."""
    requester = principal.id == approval.requested_by
    approver = principal.id == approval.decided_by
    match rule:
        case ExecutorRule.EITHER:
            return requester or approver
        case ExecutorRule.APPROVER:
            return approver
        case ExecutorRule.REQUESTER:
            return requester
        case ExecutorRule.THIRD:
            return principal.kind is PrincipalKind.STAFF and not (requester or approver)
        case _:
            assert_never(rule)


def _wrong_executor() -> Refused:
    return Refused(Reason.WRONG_EXECUTOR)


def _open_for_decision(approval: Approval, *, at: datetime) -> Verdict:
    match standing(approval, at=at):
        case ApprovalState.REQUESTED:
            return Allowed()
        case ApprovalState.EXPIRED:
            return Refused(Reason.EXPIRED)
        case ApprovalState.APPROVED | ApprovalState.REFUSED | ApprovalState.EXECUTED:
            return Refused(Reason.DECIDED)
        case state:
            assert_never(state)


def _other_os_user(principal: Principal, approval: Approval) -> bool:
    """Fails closed: an unknown operating-system user is not another one."""
    known = principal.os_user is not None and approval.requested_os is not None
    return known and principal.os_user != approval.requested_os
