"""What a second person's approval carries out, of every kind that this release knows."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from threading import Event

from sqlalchemy import Connection

from consent.notices.service import notice_executor
from dsar.decisions import approval_executor
from dsar.execution.agreeing import ANEW, anew_executor
from governance.app.executing import HOUSE
from governance.app.keys import custodian_of
from governance.app.log_life import end_months, period_of, restoring_of
from governance.app.wiring import Wiring
from governance.approvals import store
from governance.approvals.executors import Executor
from governance.approvals.service import Approvals
from governance.approvals.types import ApprovalId, ApprovalKind, Consumed
from governance.core.terms import RowId
from governance.custody import service as custody
from governance.gateway.guardianship import guardian_executor
from governance.http.principal import Principal
from governance.identity.elevation.service import elevation_executor
from governance.jobs.runner import worker_of
from policies.actions import Action
from policies.admin.loading import judging
from policies.admin.service import demand_ready, policy_executor
from policies.api import ensure
from retention import log_expiry, log_restore, purge
from retention.adoption import schedule_executor
from retention.holds import releasing
from retention.service import purge_executor

PURGE_RUN = "purge_run:"


def executors_of(wiring: Wiring) -> Mapping[ApprovalKind, Executor]:
    """What carries out an approved act, by its kind; a kind that is not here is only approved."""
    purge = purge_executor(wiring.ports)
    return {
        ApprovalKind.REQUEST_DECISION: approval_executor(
            wiring.ports, wait_days=wiring.settings.erasure_wait_days
        ),
        ApprovalKind.PURGE: purge,
        ApprovalKind.ERASURE: _erasing(purge, anew_executor(wiring.ports)),
        ApprovalKind.RETENTION_SCHEDULE: schedule_executor(wiring.ports),
        ApprovalKind.KEY_DESTRUCTION: custody.end_executor(custodian_of(wiring)),
        ApprovalKind.LOG_EXPIRY: log_expiry.expiry_executor(wiring.ports, period_of(wiring)),
        ApprovalKind.RESTORE: log_restore.restore_executor(restoring_of(wiring)),
        ApprovalKind.ELEVATION: elevation_executor(wiring.ports),
        ApprovalKind.NOTICE: notice_executor(wiring.ports),
        ApprovalKind.GUARDIAN: guardian_executor(wiring.ports),
        ApprovalKind.HOLD_RELEASE: _releasing(
            log_expiry.release_executor(wiring.ports), releasing.release_executor(wiring.ports)
        ),
        ApprovalKind.POLICY_CHANGE: policy_executor(wiring.policy_desk),
    }


def _erasing(purge: Executor, anew: Executor) -> Executor:
    """A plan by itself, or an erasure on request whose person changed after it was agreed to."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        chosen = anew if consumed.approval.object_ref.startswith(ANEW) else purge
        return chosen(tx, consumed, by=by, at=at)

    return execute


def _releasing(months: Executor, matters: Executor) -> Executor:
    """The hold on a month of the log, or that of a matter."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        matter = consumed.approval.object_ref.startswith(releasing.PREFIX)
        return (matters if matter else months)(tx, consumed, by=by, at=at)

    return execute


def approvals_of(wiring: Wiring) -> Approvals:
    """The use cases of approving, with what each kind executes."""
    return Approvals(audit=wiring.audit, executors=executors_of(wiring))


def _go_on(wiring: Wiring, principal: Principal, done: str) -> None:
    """The journal knows of the release, and what waited for it is carried out."""
    worker = worker_of(principal.id, wiring.clock, Event())
    for run in releasing.finish_release(wiring.ports, HOUSE, done, at=wiring.clock()):
        purge.run(wiring.ports, run, worker=worker)


def approve_and_execute(
    wiring: Wiring, principal: Principal, approval: str, *, at: datetime
) -> dict[str, str | None]:
    """The act is approved and, where the rule lets the approver, done; raises what refuses it."""
    wanted = ApprovalId(approval)
    with wiring.database.read() as tx:
        found = store.find(tx, wanted)
        policy_change = found.kind is ApprovalKind.POLICY_CHANGE
        judge = judging(tx, wiring.policy_desk) if policy_change else wiring.policies.current
    ensure(principal, Action.APPROVAL_DECIDE, judge)
    if policy_change:
        demand_ready(wiring.policy_desk, wanted)
    desk = approvals_of(wiring)
    done = wiring.database.write(
        partial(
            desk.approve_and_execute,
            approval_id=wanted,
            digest=found.digest,
            by=principal,
            at=at,
        )
    )
    if done is not None and done.startswith(PURGE_RUN):
        run = RowId(done.removeprefix(PURGE_RUN))
        worker = worker_of(principal.id, wiring.clock, Event())
        daily = wiring.settings.retention_daily_bytes
        report = purge.run(wiring.ports, run, worker=worker, daily_bytes=daily)
        done = f"{done} {report.state.value}"
    elif done is not None and done.startswith(custody.TASK_PREFIX):
        task = RowId(done.removeprefix(custody.TASK_PREFIX))
        worker = worker_of(principal.id, wiring.clock, Event())
        ended = custody.run(custodian_of(wiring), task, worker=worker)
        done = f"{done} {ended.state.value}"
    elif done is not None and done.startswith(log_expiry.PREFIX):
        event = done.removeprefix(log_expiry.PREFIX)
        end_months(wiring, event, stopping=Event().is_set)
    elif done is not None and done.startswith(log_restore.PREFIX):
        log_restore.finish(restoring_of(wiring), at=wiring.clock())
    elif done is not None and done.startswith(releasing.PREFIX):
        _go_on(wiring, principal, done)
    elif policy_change:
        wiring.policy_watch.look()
    return {"approval": approval, "kind": found.kind.value, "done": done}
