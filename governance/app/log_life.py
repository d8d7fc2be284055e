"""The life of this installation's log: how long months are kept, who ends them, who restores."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from audit.forwarding.carrying import served
from audit.sequencer import integrate_now
from governance.app.forwarding import address_of
from governance.app.wiring import SYSTEM, Wiring
from governance.core.terms import EventId
from governance.db.engine import Database
from governance.jobs.runner import Worker
from governance.jobs.types import Step
from retention import log_expiry
from retention.log_expiry import LogPeriod
from retention.log_restore import Restoring


def period_of(wiring: Wiring) -> LogPeriod:
    """How long this installation keeps its log, by its settings."""

    def forwarded(tx: Connection) -> int | None:
        found = address_of(wiring.settings)
        return None if found is None else served(tx, "{}://{}:{}".format(*found)).below

    return LogPeriod(keep_months=wiring.settings.log_keep_months, forwarded=forwarded)


def restoring_of(wiring: Wiring) -> Restoring:
    """What declares the loss of this installation's log."""
    return Restoring(ports=wiring.ports, log_keys=wiring.log_keys)


def end_months(wiring: Wiring, event: str, *, stopping: Callable[[], bool]) -> int:
    """The months that this event names are gone, once it has its place in the signed tree."""
    integrate_now(wiring.database, wiring.log_keys, wiring.audit, EventId(event), at=wiring.clock())
    return log_expiry.carry_out(wiring.ports, stopping=stopping)


def expiry_step(
    wiring: Wiring,
    worker: Worker,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; a month is removed in batches of its own
    at: datetime,  # noqa: ARG001 - the same; what goes was agreed to before
    heartbeat: Callable[[], None],
) -> Step:
    """Months that were agreed to and are not gone yet are gone."""

    def stopping() -> bool:
        heartbeat()
        return worker.stopping()

    done = log_expiry.carry_out(wiring.ports, stopping=stopping)
    return Step(done=done, cursor=cursor, finished=True)


def proposal_step(
    wiring: Wiring,
    tx: Connection,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; months are few
    at: datetime,
) -> Step:
    """Months that are over are proposed to the officers, once."""
    found = log_expiry.propose(tx, wiring.ports, period_of(wiring), by=SYSTEM, at=at)
    return Step(done=len(found), cursor=cursor, finished=True)
