"""The watch over the log as a job of the clock."""

from collections.abc import Callable
from datetime import datetime

from audit.alarms.watching import load_watching, watch_once
from governance.app.wiring import Wiring
from governance.db.engine import Database
from governance.jobs.types import Step


def watch_step(
    wiring: Wiring,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; a look takes all whole hours
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - the lease outlasts a look
) -> Step:
    """Whole hours that nobody had looked at have been, by the rules of the settings."""
    done = watch_once(db, wiring.audit, load_watching(wiring.settings.alarm_file), at=at)
    return Step(done=done, cursor=cursor, finished=True)
