"""Staff as jobs of the clock: trainings are reminded of, roles for a time end in the log."""

from collections.abc import Mapping
from datetime import datetime, time
from functools import partial
from typing import Final

from sqlalchemy import Connection

from governance.app.wiring import SYSTEM, Wiring
from governance.identity.credentials.terms import limits_of
from governance.identity.elevation.service import settle as settle_elevations
from governance.identity.training.reading import courses
from governance.identity.training.reminding import follow_up, remind
from governance.identity.training.service import settle
from governance.jobs.registry import InTransaction, Job
from governance.jobs.types import Daily, EveryMinutes, Schedule, Step

ELEVATIONS: Final = "identity.end_elevations"
TRAINING: Final = "training.remind"
STAFF_SCHEDULES: Final = (
    Schedule(job=TRAINING, rule=Daily(at=time(8, 30))),
    Schedule(job=ELEVATIONS, rule=EveryMinutes(minutes=5)),
)
ENDS: Final = 100  # ends that one step writes down


def staff_jobs(wiring: Wiring) -> Mapping[str, Job]:
    """What the clock does about staff."""
    return {
        TRAINING: InTransaction(step=partial(training_step, wiring), limit=1),
        ELEVATIONS: InTransaction(step=partial(elevations_step, wiring), limit=ENDS),
    }


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
    sent = sum(
        mails(tx, wiring.ports, held, limits, origin=origin, at=at) for mails in (remind, follow_up)
    )
    return Step(done=sent, cursor=None, finished=True)


def elevations_step(
    wiring: Wiring,
    tx: Connection,
    /,
    *,
    cursor: str | None,  # noqa: ARG001 - the step's form; each step takes the oldest
    limit: int,
    at: datetime,
) -> Step:
    """The log has the ends that time brought; the roles counted no more before that."""
    done = settle_elevations(tx, wiring.ports, by=SYSTEM, limit=limit, at=at)
    return Step(done=done, cursor=None, finished=done < limit)
