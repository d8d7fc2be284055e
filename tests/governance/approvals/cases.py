"""Builders of principals and approvals with fixed values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from governance.approvals.types import Approval, ApprovalId, ApprovalKind, ApprovalState
from governance.core.terms import ActorId
from governance.http.principal import Principal, PrincipalKind

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def staff(name: str, os_user: str | None = None) -> Principal:
    return Principal(id=ActorId(f"u:{name}"), kind=PrincipalKind.STAFF, os_user=os_user)


ALICE, BOB, CAROL = staff("alice"), staff("bob"), staff("carol")
SYSTEM = Principal(id=ActorId("svc:retention"), kind=PrincipalKind.SYSTEM)
PERSON = Principal(id=ActorId("p:1"), kind=PrincipalKind.PERSON)

REQUESTED = Approval(
    id=ApprovalId("a1"),
    kind=ApprovalKind.ERASURE,
    object_ref="plan:1",
    digest="d" * 64,
    state=ApprovalState.REQUESTED,
    requested_by=ALICE.id,
    requested_os=None,
    requested_at=NOW,
    expires_at=NOW + timedelta(days=7),
    decided_by=None,
    decided_os=None,
    decided_at=None,
    reason_code=None,
    executed_by=None,
    executed_at=None,
)
APPROVED = replace(REQUESTED, state=ApprovalState.APPROVED, decided_by=BOB.id, decided_at=NOW)
