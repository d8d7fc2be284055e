"""Reading approvals, and moving one from state to state under a condition."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from governance.approvals.errors import ApprovalNotFoundError
from governance.approvals.models import ApprovalRow
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, ApprovalState
from governance.core.terms import ActorId
from governance.db.types import table_of

APPROVALS = table_of(ApprovalRow)
FACTS = [column for column in APPROVALS.c if column.name != "sealed"]


def insert(tx: Connection, approval: Approval, *, sealed: bytes) -> None:
    """The request is stored."""
    tx.execute(
        APPROVALS.insert().values(
            id=approval.id,
            kind=approval.kind.value,
            object_ref=approval.object_ref,
            digest=approval.digest,
            sealed=sealed,
            state=approval.state.value,
            requested_by=approval.requested_by,
            requested_os=approval.requested_os,
            requested_at=approval.requested_at,
            expires_at=approval.expires_at,
        )
    )


def find(tx: Connection, approval: ApprovalId) -> Approval:
    """The approval; raises ApprovalNotFoundError."""
    row = tx.execute(select(*FACTS).where(APPROVALS.c.id == approval)).one_or_none()
    if row is None:
        raise ApprovalNotFoundError
    return approval_of(row)


def waiting(tx: Connection, *, at: datetime, limit: int = 100) -> tuple[Approval, ...]:
    """Requests that are open for a decision or an execution, the soonest to expire first."""
    rows = tx.execute(
        select(*FACTS)
        .where(
            APPROVALS.c.state.in_((ApprovalState.REQUESTED.value, ApprovalState.APPROVED.value)),
            APPROVALS.c.expires_at > at,
        )
        .order_by(APPROVALS.c.expires_at, APPROVALS.c.id)
        .limit(limit)
    )
    return tuple(approval_of(row) for row in rows)


def latest_about(
    tx: Connection, kind: ApprovalKind, objects: Collection[str]
) -> Mapping[str, Approval]:
    """The newest request of this kind about each of these objects, whatever came of it."""
    if not objects:
        return {}
    about = APPROVALS.c.object_ref.in_(objects), APPROVALS.c.kind == kind.value
    rows = tx.execute(select(*FACTS).where(*about).order_by(APPROVALS.c.id))
    return {row.object_ref: approval_of(row) for row in rows}


def sealed_of(tx: Connection, approval: ApprovalId) -> bytes:
    """The parameters as they were sealed; raises ApprovalNotFoundError."""
    found = tx.execute(select(APPROVALS.c.sealed).where(APPROVALS.c.id == approval)).scalar()
    if found is None:
        raise ApprovalNotFoundError
    return bytes(found)


def move(tx: Connection, approval: Approval, *, at: datetime, to: Mapping[str, object]) -> bool:
    """True if the approval was still as it was read, unexpired, and is changed now."""
    changed = tx.execute(
        APPROVALS.update()
        .where(
            APPROVALS.c.id == approval.id,
            APPROVALS.c.state == approval.state.value,
            APPROVALS.c.digest == approval.digest,
            APPROVALS.c.expires_at > at,
        )
        .values(**to)
    )
    return changed.rowcount == 1


def approval_of(row: Row[Any]) -> Approval:
    """The fact that a row stores."""
    return Approval(
        id=ApprovalId(row.id),
        kind=ApprovalKind(row.kind),
        object_ref=row.object_ref,
        digest=row.digest,
        state=ApprovalState(row.state),
        requested_by=ActorId(row.requested_by),
        requested_os=row.requested_os,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        decided_by=None if row.decided_by is None else ActorId(row.decided_by),
        decided_os=row.decided_os,
        decided_at=row.decided_at,
        reason_code=row.reason_code,
        executed_by=None if row.executed_by is None else ActorId(row.executed_by),
        executed_at=row.executed_at,
    )
