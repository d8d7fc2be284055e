"""The clock that ticks: APScheduler fires, the job ledger decides who runs (design.md 1).

Every process may tick; a slot runs once, because its row can be claimed once.
"""

from dataclasses import dataclass

from apscheduler.schedulers.background import BackgroundScheduler

from audit.sequencer import sequence_once
from governance.app.custody import roll_today
from governance.app.wiring import SYSTEM, Wiring
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.logging import logger

SEQUENCE_SECONDS = 1  # an event stands in the signed tree within about this time
DRAIN_PASSES = 20  # batches of one tick, so that a backlog shrinks without starving others
log = logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticking:
    """A running clock; `stop()` waits for the job at hand."""

    scheduler: BackgroundScheduler

    def stop(self) -> None:
        """No job starts any more."""
        self.scheduler.shutdown(wait=True)


def start(wiring: Wiring) -> Ticking:
    """The clock runs in this process."""
    scheduler = BackgroundScheduler(
        timezone=JST, job_defaults={"coalesce": True, "misfire_grace_time": None}
    )
    scheduler.add_job(
        sequence, "interval", args=[wiring], seconds=SEQUENCE_SECONDS, max_instances=1
    )
    scheduler.add_job(roll_keys, "cron", args=[wiring], hour=0, minute=5, max_instances=1)
    scheduler.start()
    return Ticking(scheduler=scheduler)


def sequence(wiring: Wiring) -> None:
    """Waiting events are in the tree and a signed checkpoint covers them."""
    try:
        for _ in range(DRAIN_PASSES):
            done = sequence_once(wiring.database, wiring.log_keys, wiring.audit, at=wiring.clock())
            if not done.placed:
                return
    except GovernanceError as error:
        log.warning("audit.sequencing_failed", code=error.code)


def roll_keys(wiring: Wiring) -> None:
    """Today's epoch wraps every living key and old epochs have ended; twice equals once."""
    try:
        report = roll_today(wiring, SYSTEM, at=wiring.clock())
        log.info("keys.rolled", count=report.rewrapped)
    except GovernanceError as error:
        log.warning("keys.roll_failed", code=error.code)
