"""Connected systems are told whom a purge erased; doctor says which have not answered."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from dsar.connected.purged import tell
from governance.app.connected import connectors_of
from governance.app.examined import Examined
from governance.app.executing import HOUSE
from governance.app.wiring import Wiring
from governance.db.engine import Database
from governance.jobs.registry import Job, Open
from governance.jobs.runner import Worker
from governance.jobs.types import EveryMinutes, Schedule, Step
from retention.outside import PERSON
from retention.parts.outside import waiting

TELL: Final = "purge.tell"
LEASE: Final = timedelta(minutes=30)  # a system may take its limit of seconds for each person
BATCH: Final = 20  # persons between two signs of life
LONGEST: Final = timedelta(minutes=4)  # of one look; the next goes on
LATE: Final = timedelta(days=2)
MOST: Final = 1_000  # that doctor counts
PURGED_SCHEDULES: Final = (Schedule(job=TELL, rule=EveryMinutes(minutes=5), lease=LEASE),)


def purged_jobs(wiring: Wiring, worker: Worker) -> Mapping[str, Job]:
    """What these schedules run in this installation."""
    return {TELL: Open(step=partial(_tell, wiring, worker), limit=BATCH)}


def _tell(
    wiring: Wiring,
    worker: Worker,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,
    at: datetime,
    heartbeat: Callable[[], None],
) -> Step:
    """Connected systems were asked about everybody whom they may be asked about now."""
    done, now = 0, at
    while not worker.stopping() and now - at < LONGEST:
        connectors = connectors_of(wiring)
        more = tell(wiring.ports, HOUSE, connectors, at=now, limit=limit)
        if not more:
            break
        done += more
        heartbeat()
        now = worker.clock()
    return Step(done=done, cursor=cursor, finished=True)


def purged_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether every connected system has ended the data of whom a purge erased."""
    with wiring.database.read() as tx:
        found = [one for one in waiting(tx, limit=MOST, table=PERSON) if at - one.asked_at > LATE]
    if not found:
        return Examined(check="purged", state="good", key="doctor.purged_good")
    declared = [one.name for one in connectors_of(wiring)]
    names = sorted({name for one in found for name in one.open(declared)})
    params: dict[str, str | int] = {"count": len(found), "names": ", ".join(names)}
    return Examined(check="purged", state="attention", key="doctor.purged_late", params=params)
