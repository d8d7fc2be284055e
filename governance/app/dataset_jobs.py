"""What the house does by itself about data sets: their rows go when their last day has passed."""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from functools import partial
from typing import Final

from governance.app.wiring import SYSTEM, Wiring
from governance.db.engine import Database
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.registry import Job, Open
from governance.jobs.types import Daily, Schedule, Step
from retention.datasets.service import end_over

END: Final = "dataset.end"
DATASET_SCHEDULES: Final = (Schedule(job=END, rule=Daily(at=time(0, 20))),)
HOUSE: Final = Principal(id=SYSTEM, kind=PrincipalKind.SYSTEM)


def dataset_jobs(wiring: Wiring) -> Mapping[str, Job]:
    """What this schedule runs in this installation."""
    return {END: Open(step=partial(_end, wiring), limit=1)}


def _end(
    wiring: Wiring,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; a day's data sets are few
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - the same
) -> Step:
    """No data set outlives its last day."""
    return Step(done=end_over(wiring.ports, HOUSE, at=at), cursor=cursor, finished=True)
