"""Training as a job of the clock: standings follow the courses, and who is missing is reminded."""

from datetime import datetime, time
from typing import Final

from sqlalchemy import Connection

from governance.app.wiring import Wiring
from governance.identity.credentials.terms import limits_of
from governance.identity.training.reading import courses
from governance.identity.training.service import remind, settle
from governance.jobs.types import Daily, Schedule, Step

JOB: Final = "training.remind"
SCHEDULE: Final = Schedule(job=JOB, rule=Daily(at=time(8, 30)))


def training_step(
    wiring: Wiring,
    tx: Connection,
    /,
    *,
    cursor: str | None,  # noqa: ARG001 - the step's form; one step sees every account
    limit: int,  # noqa: ARG001 - the same
    at: datetime,
) -> Step:
    """Mails wait to leave; standings are those of the courses of today."""
    held = courses(wiring.settings.training_dir)
    settle(tx, held)
    limits = limits_of(wiring.settings)
    if limits.training is None:
        return Step(done=0, cursor=None, finished=True)  # not demanded: nobody is reminded
    origin = wiring.settings.origin
    sent = remind(tx, wiring.ports, held, limits, origin=origin, at=at)
    return Step(done=sent, cursor=None, finished=True)
