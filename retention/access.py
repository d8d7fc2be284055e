"""Who may do what with retention, and which day it is for it."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from governance.approvals.types import Approval, ApprovalKind
from governance.core.clock import JST
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may
from retention.errors import RetentionRefusedError

APPROVES: Mapping[ApprovalKind, Action] = MappingProxyType(
    {
        ApprovalKind.PURGE: Action.RETENTION_APPROVE,
        ApprovalKind.ERASURE: Action.ERASURE_APPROVE,
        ApprovalKind.RETENTION_SCHEDULE: Action.RETENTION_APPROVE,
        ApprovalKind.LOG_EXPIRY: Action.RETENTION_APPROVE,
        ApprovalKind.RESTORE: Action.RETENTION_APPROVE,
        ApprovalKind.HOLD_RELEASE: Action.HOLD_RELEASE,
    }
)


def require(ports: Ports, principal: Principal, action: Action) -> None:
    """Fails closed: only a role that holds the action."""
    policy = ports.policies.current
    if not may(principal, action, policy):
        raise RetentionRefusedError(action=action.value)


def require_approver(ports: Ports, approval: Approval, by: Principal) -> None:
    """The second principal's role must hold the approving action."""
    if by.id == approval.decided_by:
        require(ports, by, APPROVES[approval.kind])


def today(at: datetime) -> date:
    """The day in Japan."""
    return at.astimezone(JST).date()
