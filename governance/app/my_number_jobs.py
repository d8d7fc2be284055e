"""Connected systems are told that My Number data ended here; doctor says who has not answered."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from dsar.connected.keys import person_keys
from dsar.connected.my_number import tell
from governance.app.connected import connectors_of
from governance.app.examined import Examined
from governance.app.executing import HOUSE
from governance.app.wiring import Wiring
from governance.connectors.my_number import holds_my_number
from governance.db.engine import Database
from governance.jobs.registry import Job, Open
from governance.jobs.types import EveryMinutes, Schedule, Step
from retention.parts.outside import waiting

TELL: Final = "my_number.tell"
LEASE: Final = timedelta(minutes=30)  # a system may take its limit of seconds for each person
BATCH: Final = 50  # persons of one look
LATE: Final = timedelta(days=2)
MOST: Final = 1_000  # that doctor counts
MY_NUMBER_SCHEDULES: Final = (Schedule(job=TELL, rule=EveryMinutes(minutes=5), lease=LEASE),)


def my_number_jobs(wiring: Wiring) -> Mapping[str, Job]:
    """What these schedules run in this installation."""
    return {TELL: Open(step=partial(_tell, wiring), limit=BATCH)}


def _tell(
    wiring: Wiring,
    _db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,
    at: datetime,
    heartbeat: Callable[[], None],  # noqa: ARG001 - the lease outlasts a look
) -> Step:
    """Every connected system that holds My Number data was asked to end it."""
    keys_of = partial(person_keys, wiring.ports)
    done = tell(wiring.ports, HOUSE, connectors_of(wiring), keys_of, at=at, limit=limit)
    return Step(done=done, cursor=cursor, finished=True)


def my_number_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether every connected system has ended the My Number data that ended here."""
    with wiring.database.read() as tx:
        found = [one for one in waiting(tx, limit=MOST) if at - one.asked_at > LATE]
    if not found:
        return Examined(check="my_number", state="good", key="doctor.my_number_good")
    declared = [one.name for one in connectors_of(wiring) if holds_my_number(one)]
    names = sorted({name for one in found for name in one.open(declared)})
    params: dict[str, str | int] = {"count": len(found), "names": ", ".join(names)}
    return Examined(
        check="my_number", state="attention", key="doctor.my_number_late", params=params
    )
