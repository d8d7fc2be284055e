"""A schedule comes into force when a second principal agrees to it; none is ever edited."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.approvals import store as approvals_store
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.types import Approval, ApprovalId, ApprovalKind, Consumed
from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from retention import store
from retention.access import require, require_approver
from retention.errors import ScheduleUnknownError
from retention.schedules import default_schedule, read_schedule
from retention.types import Schedule

SCHEDULE_BLOB = "retention_schedule"
SHIPPED = 0  # the version of the schedule that stands until the company adopts its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One schedule that two principals adopted."""

    version: int
    name: str
    digest: str
    proposed_by: ActorId
    approved_by: ActorId
    adopted_at: datetime
    rules: int
    duties: int


def versions(tx: Connection) -> tuple[Version, ...]:
    """Every adopted schedule, that in force first."""
    return tuple(_version(row) for row in tx.execute(_NEWEST))


def newest_version(tx: Connection) -> Version | None:
    """The adopted schedule that is in force; None where the shipped one stands."""
    row = tx.execute(_NEWEST.limit(1)).one_or_none()
    return None if row is None else _version(row)


_NEWEST = select(store.SCHEDULE).order_by(store.SCHEDULE.c.version.desc())


def _version(row: Row[Any]) -> Version:
    schedule = read_schedule(row.content)
    return Version(
        version=row.version,
        name=row.name,
        digest=row.digest,
        proposed_by=ActorId(row.proposed_by),
        approved_by=ActorId(row.approved_by),
        adopted_at=row.adopted_at,
        rules=len(schedule.rules),
        duties=len(schedule.duties),
    )


def version_text(tx: Connection, version: int) -> Schedule:
    """The adopted schedule of this number, 0 for the shipped one; raises ScheduleUnknownError."""
    if version == SHIPPED:
        return default_schedule()
    wanted = select(store.SCHEDULE.c.content).where(store.SCHEDULE.c.version == version)
    content = tx.execute(wanted).scalar()
    if content is None:
        raise ScheduleUnknownError
    return read_schedule(content)


def proposed(tx: Connection, ports: Ports, approval: ApprovalId) -> tuple[Approval, Schedule]:
    """The proposal and its schedule, also when it was decided; raises ScheduleUnknownError."""
    found = approvals_store.find(tx, approval)
    if found.kind is not ApprovalKind.RETENTION_SCHEDULE:
        raise ScheduleUnknownError
    sealed = approvals_store.sealed_of(tx, approval)
    content = ports.vault.open_blob(SCHEDULE_BLOB, found.object_ref, sealed)
    return found, read_schedule(content.decode())


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
