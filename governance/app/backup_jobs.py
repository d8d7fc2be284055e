"""What the house does by itself about copies: backups, copies of the key store, restore drills.

And about the control journal, whose entries end with the oldest copy.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final

from governance.app.wiring import SYSTEM, Wiring
from governance.core.logging import logger
from governance.db.engine import Database
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.registry import Job, Open
from governance.jobs.runner import Worker
from governance.jobs.types import Daily, EveryMinutes, Schedule, Step
from retention.backups.creating import kept, make
from retention.backups.drilling import drill
from retention.backups.ending_entries import let_end
from retention.backups.store import drills

BACKUP: Final = "backup.create"
DRILL: Final = "backup.drill"
JOURNAL: Final = "backup.end_journal"
SLACK: Final = timedelta(minutes=30)  # the tick of an hour may come a little early
LONG: Final = timedelta(hours=4)  # a backup or drill lasts shorter; a dead one is waited for
BACKUP_SCHEDULES: Final = (
    Schedule(job=BACKUP, rule=EveryMinutes(minutes=60), lease=LONG),
    Schedule(job=DRILL, rule=Daily(at=time(3, 10)), lease=LONG),
    Schedule(job=JOURNAL, rule=Daily(at=time(2, 50)), lease=timedelta(hours=1)),
)
HOUSE: Final = Principal(id=SYSTEM, kind=PrincipalKind.SYSTEM)
log = logger()


def backup_jobs(wiring: Wiring, worker: Worker) -> Mapping[str, Job]:
    """What each of these schedules runs in this installation."""
    return {
        BACKUP: Open(step=partial(_backup, wiring), limit=1),
        DRILL: Open(step=partial(_drill, wiring, worker), limit=1),
        JOURNAL: Open(step=partial(_journal, wiring), limit=1),
    }


def _backup(
    wiring: Wiring,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; one backup is made
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - the lease outlasts a backup
) -> Step:
    """A backup is as young as the settings say, if they name a folder."""
    settings = wiring.settings
    if settings.backup_dir is None:
        return Step(done=0, cursor=cursor, finished=True)
    desk = wiring.backup_desk
    found = kept(desk, desk.place())
    due = timedelta(hours=settings.backup_hours) - SLACK
    if found and at - found[0].manifest.created_at < due:
        return Step(done=0, cursor=cursor, finished=True)
    made = make(desk, HOUSE, at=at)
    log.info("backup.made", count=made.size)
    return Step(done=1, cursor=cursor, finished=True)


def _drill(
    wiring: Wiring,
    worker: Worker,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; one backup is put back
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - the lease outlasts a drill
) -> Step:
    """The last drill is as young as the settings say, if there is a backup."""
    settings = wiring.settings
    if settings.backup_dir is None:
        return Step(done=0, cursor=cursor, finished=True)
    with db.read() as tx:
        last = next(iter(drills(tx, limit=1)), None)
    desk = wiring.backup_desk
    young = last is not None and at - last.ended_at < timedelta(days=settings.drill_days) - SLACK
    if young or not kept(desk, desk.place()):
        return Step(done=0, cursor=cursor, finished=True)
    done = drill(desk, HOUSE, worker=worker)
    log.info("backup.drilled", state=done.outcome)
    return Step(done=1, cursor=cursor, finished=True)


def _journal(
    wiring: Wiring,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; the journal is cut once
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - the lease outlasts it
) -> Step:
    """Entries of the journal that ended have left it, and how far it came today is marked."""
    cut = let_end(wiring.backup_desk, HOUSE, at=at)
    if cut is not None:
        log.info("journal.ended", count=cut.entries)
    return Step(done=int(cut is not None), cursor=cursor, finished=True)
