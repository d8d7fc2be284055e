"""A begun purge run that nobody drives is carried out by the clock, mail that waits included."""

import contextlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from governance.app.purging import RESUME
from governance.app.ticks import Runs, jobs_of
from governance.core.terms import Lang
from governance.customers.post import post
from governance.customers.store import TABLES
from governance.jobs import ledger
from governance.jobs.outbox import Delivered
from governance.jobs.types import JobState, Slot
from governance.outbound.mail import Mail
from retention import store
from retention.plans import RunState
from tests.governance.app.clock.conftest import House
from tests.governance.app.clock.test_deliveries import delivered, rows
from tests.governance.app.clock.test_scheduler import ticked
from tests.retention.town import Killed, Killer, Town


@pytest.fixture
def people(house: House) -> Town:
    """Two persons who are due and one who is not, in the installation of the house."""
    town = Town(house.wiring.ports, now=house.now)
    town.settle("gone", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle("also", status="withdrawn", withdrawn=date(2015, 1, 1))
    town.settle("active", purchases=({"purchased_on": date(2025, 1, 1)},))
    town.adopt()
    return town


def runs_of(house: House) -> Runs:
    worker = house.worker()
    return Runs(wiring=house.wiring, worker=worker, registry=jobs_of(house.wiring, worker))


def state_of(house: House, run: str) -> RunState:
    with house.wiring.database.read() as tx:
        return next(each.state for each in store.runs(tx) if each.id == run)


@pytest.mark.parametrize("killed", [False, True], ids=["never driven", "killed midway"])
def test_a_purge_run_that_nobody_drives_ends(house: House, people: Town, *, killed: bool) -> None:
    run = people.start(people.plan())
    if killed:
        with (
            Killer(house.wiring.database.writer_engine, 6),
            contextlib.suppress(Killed),
        ):
            people.drive(run)
    assert state_of(house, run) is RunState.RUNNING
    house.later(minutes=6)  # the lease of whoever was killed is over
    runs = runs_of(house)
    ticked(runs)
    assert state_of(house, run) is RunState.DONE
    assert people.present() == {"active"}
    with house.wiring.database.read() as tx:
        (resumed,) = ledger.recent_runs(tx, job=RESUME)
    assert (resumed.state, resumed.done) == (JobState.FINISHED, 1)
    house.later(minutes=5)
    ticked(runs)
    with house.wiring.database.read() as tx:
        assert ledger.recent_runs(tx, job=RESUME)[0].done == 0
    runs.stop()


def test_a_log_that_a_long_reader_held_is_cleared_by_the_clock(house: House, people: Town) -> None:
    """Deleted bytes stand in SQLite's log as long as somebody looks at an old state."""
    wiring = house.wiring
    if wiring.database.dialect != "sqlite":
        pytest.skip("PostgreSQL keeps no such log")
    with wiring.database.read() as old:
        old.execute(select(func.count()).select_from(TABLES["person"])).all()
        run = people.start(people.plan())
        assert people.drive(run).wal_pages > 0
    house.later(minutes=6)
    runs = runs_of(house)
    ticked(runs)
    runs.stop()
    with wiring.database.read() as tx:
        assert store.run_by_id(tx, run).wal_pages == 0
    log = Path(str(wiring.database.engine.url.database) + "-wal")
    assert b"MARKED-gone" not in log.read_bytes()


def test_a_run_that_another_process_drives_is_left_alone(house: House, people: Town) -> None:
    run = people.start(people.plan())
    house.later(minutes=2)
    with house.wiring.database.read() as tx:
        begun = next(each for each in store.runs(tx) if each.id == run)
    slot = Slot(job=f"purge:{run}", scheduled_for=begun.started_at)
    lease = timedelta(minutes=30)
    house.wiring.database.write(
        lambda tx: ledger.claim(tx, slot, owner="officer", at=house.now, lease=lease)
    )
    runs = runs_of(house)
    ticked(runs)
    assert state_of(house, run) is RunState.RUNNING
    with house.wiring.database.read() as tx:
        (resumed,) = ledger.recent_runs(tx, job=RESUME)
    assert (resumed.state, resumed.failures) == (JobState.FINISHED, 0)
    runs.stop()


def test_the_waiting_mail_of_a_purged_person_never_leaves(house: House, people: Town) -> None:
    gone, wiring = people.people["gone"], house.wiring
    mail = Mail(
        idem_key="k/1",
        to="marked-gone@example.com",
        template="outbound.mail.test",
        lang=Lang.JA,
        params={"reference": "R-1"},
    )
    wiring.database.write(lambda tx: post(tx, wiring.vault, mail, subject=gone, at=house.now))
    people.purge()
    assert delivered(house) == Delivered(dead=1)
    assert [row.last_error_code for row in rows(house)] == ["recipient_erased"]
    assert house.mails == []
