"""Simulations of retention by the clock: what no page counts any more is counted to its end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from governance.app.wiring import Wiring
from governance.db.engine import Database
from governance.jobs.registry import Job, Open
from governance.jobs.runner import Worker
from governance.jobs.types import EveryMinutes, Schedule, Step
from retention.simulation import service, store

SIMULATE: Final = "retention.simulate"
STRETCH: Final = timedelta(seconds=20)  # between two renewals of the slot's lease
SIMULATION_SCHEDULES: Final = (Schedule(job=SIMULATE, rule=EveryMinutes(minutes=1)),)


def simulation_jobs(wiring: Wiring, worker: Worker) -> Mapping[str, Job]:
    """What these schedules run in this installation."""
    return {SIMULATE: Open(step=partial(_step, wiring, worker), limit=1)}


def _step(
    wiring: Wiring,
    worker: Worker,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,
    at: datetime,
    heartbeat: Callable[[], None],
) -> Step:
    """The oldest simulation that nobody drives is a stretch further."""
    with db.read() as tx:
        waiting = store.waiting(tx, at=at)[:limit]
    until = worker.clock() + STRETCH
    driver = replace(worker, stopping=lambda: worker.stopping() or worker.clock() >= until)
    for one in waiting:
        heartbeat()
        service.drive(wiring.ports, one, worker=driver)
    with db.read() as tx:
        left = store.waiting(tx, at=worker.clock())
    return Step(done=len(waiting), cursor=cursor, finished=not left)
