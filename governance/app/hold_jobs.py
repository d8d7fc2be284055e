"""Jobs of legal holds: whom a condition meets since, and erasures on which no hold stands.

What doctor says of matters that nobody looks at stands here too.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from governance.app.examined import Examined
from governance.app.executing import HOUSE
from governance.app.wiring import Wiring
from governance.db.engine import Database
from governance.jobs.registry import Job, Open
from governance.jobs.types import EveryMinutes, Schedule, Step
from retention.holds.copies import keep_all
from retention.holds.releasing import resume
from retention.holds.rules import needs_review
from retention.holds.service import follow
from retention.holds.store import matters

FOLLOW: Final = "holds.follow"
LEASE: Final = timedelta(minutes=5)
HOLD_SCHEDULES: Final = (Schedule(job=FOLLOW, rule=EveryMinutes(minutes=5), lease=LEASE),)


def hold_jobs(wiring: Wiring) -> Mapping[str, Job]:
    """What these schedules run in this installation."""
    return {FOLLOW: Open(step=partial(_follow, wiring), limit=1)}


def _follow(
    wiring: Wiring,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; the use cases take their own limits
    at: datetime,
    heartbeat: Callable[[], None],
) -> Step:
    """Conditions have caught who came since; what waited for a released hold has begun.

    The runs that begin here are driven by the job that drives every begun run.
    """
    done = follow(wiring.ports, HOUSE, at=at)
    keep_all(wiring.ports)
    heartbeat()
    done += len(resume(wiring.ports, HOUSE, at=at))
    return Step(done=done, cursor=cursor, finished=True)


def hold_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether a matter holds data that nobody has looked at for half a year."""
    with wiring.database.read() as tx:
        found = [one for one in matters(tx) if one.closed_at is None]
    late = sum(needs_review(one, at=at) for one in found)
    if late:
        params = {"count": late}
        return Examined(check="holds", state="attention", key="doctor.holds_late", params=params)
    return Examined(check="holds", state="good", key="doctor.holds_good")
