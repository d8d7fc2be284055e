"""A schedule comes into force when a second principal agrees to it; none is ever edited."""

from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalKind, Consumed
from governance.core.ids import new_row_id
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from retention import store
from retention.access import require, require_approver
from retention.schedules import read_schedule

SCHEDULE_BLOB = "retention_schedule"


def propose_schedule(
    tx: Connection,
    ports: Ports,
    approvals: Approvals,
    principal: Principal,
    text: str,
    *,
    at: datetime,
) -> Approval:
    """The schedule waits for a second principal; raises ScheduleFormError."""
    require(ports, principal, Action.RETENTION_RUN)
    schedule = read_schedule(text)
    reference = new_row_id()
    sealed = ports.vault.seal_blob(SCHEDULE_BLOB, reference, schedule.text.encode())
    return approvals.request(
        tx,
        ApprovalKind.RETENTION_SCHEDULE,
        object_ref=reference,
        sealed=sealed,
        by=principal,
        at=at,
    )


def schedule_executor(ports: Ports) -> Executor:
    """Puts an approved schedule in force; answers `retention_schedule:<version>`."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        approval = consumed.approval
        require_approver(ports, approval, by)
        content = ports.vault.open_blob(SCHEDULE_BLOB, approval.object_ref, consumed.sealed)
        schedule = read_schedule(content.decode())
        version = store.add_schedule(
            tx,
            schedule,
            approval=approval.id,
            proposed_by=approval.requested_by,
            approved_by=approval.decided_by or by.id,
            at=at,
        )
        ports.audit.append(
            tx,
            EventDraft(
                action=EventCode.SCHEDULE_CHANGED,
                occurred_at=at,
                actor=by.id,
                object_type="retention_schedule",
                object_id=str(version),
                outcome=Outcome.DONE,
                counts=(("rules", len(schedule.rules)), ("duties", len(schedule.duties))),
                refs=(f"approval:{approval.id}", f"sha256:{schedule.digest}"),
            ),
        )
        return f"retention_schedule:{version}"

    return execute
