"""Work on keys that nobody drives is finished by the clock, however it was cut short."""

import contextlib
from datetime import timedelta

import pytest

from governance.app.keys import custodian_of
from governance.app.ticks import FORGET_TASKS, RESUME_KEYS, Runs, jobs_of
from governance.core.terms import KeyClass, RowId
from governance.custody import service, store
from governance.custody.types import Phase, Task, TaskState
from governance.jobs import ledger
from governance.jobs.types import JobState
from tests.governance.app.clock.conftest import House
from tests.governance.app.clock.test_scheduler import ticked
from tests.governance.custody.world import OPERATOR
from tests.retention.town import Killed, Killer


def runs_of(house: House) -> Runs:
    worker = house.worker()
    return Runs(wiring=house.wiring, worker=worker, registry=jobs_of(house.wiring, worker))


def begun(house: House, *, keep_old: timedelta) -> RowId:
    house.later(minutes=1)
    task = service.begin_rotation(
        custodian_of(house.wiring),
        OPERATOR,
        subject=None,
        key_class=KeyClass.ACTIVE,
        keep_old=keep_old,
        at=house.now,
    )
    return task.id


def state(house: House, task: RowId) -> Task:
    with house.wiring.database.read() as tx:
        return store.by_id(tx, task)


@pytest.mark.parametrize("killed", [False, True], ids=["never driven", "killed midway"])
def test_a_rotation_that_nobody_drives_goes_on_to_its_end(house: House, *, killed: bool) -> None:
    task = begun(house, keep_old=timedelta(hours=1))
    if killed:
        with Killer(house.wiring.database.writer_engine, 5), contextlib.suppress(Killed):
            service.run(custodian_of(house.wiring), task, worker=house.worker("dead"))
    house.later(minutes=6)  # the lease of whoever was killed is over
    runs = runs_of(house)
    ticked(runs)
    assert state(house, task).phase is Phase.WAIT
    house.later(minutes=5)
    ticked(runs)
    assert state(house, task).phase is Phase.WAIT  # old keys are kept for an hour
    house.later(hours=2)
    ticked(runs)
    done = state(house, task)
    assert done.state is TaskState.DONE
    with house.wiring.database.read() as tx:
        (resumed, *_) = ledger.recent_runs(tx, job=RESUME_KEYS)
    assert (resumed.state, resumed.done) == (JobState.FINISHED, 1)
    runs.stop()


def test_ended_work_is_forgotten_after_a_month(house: House) -> None:
    task = begun(house, keep_old=timedelta(0))
    runs = runs_of(house)
    for _ in range(2):
        house.later(minutes=15)
        ticked(runs)
    assert state(house, task).state is TaskState.DONE
    house.later(days=32)
    ticked(runs)
    with house.wiring.database.read() as tx:
        assert store.newest(tx, limit=5) == ()
        assert ledger.recent_runs(tx, job=FORGET_TASKS)[0].done == 1
    runs.stop()
