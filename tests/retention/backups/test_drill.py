"""A drill puts the newest backup back elsewhere, to the end, and touches nothing of the house."""

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from audit.actions import EventCode
from consent.types import EventKind
from governance.app.backup_jobs import BACKUP, DRILL, backup_jobs
from governance.app.backups import backup_finding, drill_finding, key_copy_finding
from governance.app.wiring import Wiring
from governance.core.terms import KeyClass
from governance.jobs.journal_record import JournalKind
from governance.jobs.registry import Open
from governance.jobs.runner import Worker, worker_of
from retention.backups import store
from retention.backups.creating import create
from retention.backups.desk import Desk
from retention.backups.drilling import drill
from retention.backups.errors import BackupUnknownError
from retention.backups.store import drills
from tests.installation import AT, events, subjects
from tests.retention.backups.conftest import BOTH, OPERATOR
from tests.retention.backups.test_restore import erase, hold, say, told

STALE = timedelta(days=1)


def worker(at: datetime = AT) -> Worker:
    return worker_of("drill", lambda: at, Event(), hurried=True)


@BOTH
def test_a_drill_does_again_what_the_journal_says_and_leaves_the_house_alone(
    wiring: Wiring, desk: Desk
) -> None:
    erased, withdrew, held = subjects(wiring)
    create(desk, OPERATOR, at=AT)
    erase(wiring, erased)
    say(wiring, withdrew, EventKind.WITHDRAWN)
    hold(wiring, held)
    head = wiring.journal.head
    done = drill(desk, OPERATOR, worker=worker())
    assert (done.outcome, done.report["erasures"], done.report["persons"]) == (store.GOOD, 1, 2)
    assert (done.report["choices"], done.report["holds"]) == (1, 1)
    assert done.report["values_opened"] > 2
    assert wiring.journal.head == head
    with wiring.database.read() as tx:
        assert drills(tx, limit=5) == (done,)
        (told_of,) = events(tx, EventCode.BACKUP_DRILLED)
    assert told_of.outcome == "done"
    assert not [path for path in desk.work.rglob("*") if path.is_file() and path.name != ".lock"]


def test_keys_of_a_living_person_are_never_ended_by_a_drill(wiring: Wiring, desk: Desk) -> None:
    """A line without its commit: the drill erases its copy, with keys of its own."""
    one, *_ = subjects(wiring)
    create(desk, OPERATOR, at=AT)
    told(wiring, JournalKind.ERASURE, one)
    assert drill(desk, OPERATOR, worker=worker()).report["erasures"] == 1
    wiring.vault.ensure_keys([one], KeyClass.ACTIVE)  # raises for an erased person
    assert len(subjects(wiring)) == 3


def test_a_damaged_backup_fails_the_drill(wiring: Wiring, desk: Desk) -> None:
    made = create(desk, OPERATOR, at=AT)
    content = bytearray(made.path.read_bytes())
    content[-9] ^= 1
    made.path.write_bytes(content)
    done = drill(desk, OPERATOR, worker=worker())
    assert (done.good, done.outcome) == (False, "file_damaged")
    found = drill_finding(wiring, AT, STALE)
    assert (found.state, found.params["reason"]) == ("bad", "file_damaged")


def test_without_a_backup_there_is_no_drill(desk: Desk) -> None:
    with pytest.raises(BackupUnknownError):
        drill(desk, OPERATOR, worker=worker())


def run(wiring: Wiring, job: str, at: datetime) -> int:
    found = backup_jobs(wiring, worker(at))[job]
    assert isinstance(found, Open)
    step = found.step(wiring.database, cursor=None, limit=1, at=at, heartbeat=lambda: None)
    return step.done


def test_the_house_makes_backups_and_drills_when_they_are_due(wiring: Wiring) -> None:
    hours = timedelta(hours=1)
    assert run(wiring, DRILL, AT) == 0  # nothing to put back
    assert [run(wiring, BACKUP, AT + n * hours) for n in (0, 1, 23, 24)] == [1, 0, 0, 1]
    assert [run(wiring, DRILL, AT + n * hours) for n in (25, 26)] == [1, 0]
    assert run(wiring, DRILL, AT + 25 * hours + timedelta(days=30)) == 1
    idle = replace(wiring, settings=wiring.settings.model_copy(update={"backup_dir": None}))
    assert [run(idle, job, AT) for job in (BACKUP, DRILL)] == [0, 0]


def states(wiring: Wiring, at: datetime) -> list[tuple[str, str]]:
    looks = (backup_finding, key_copy_finding, drill_finding)
    return [(one.state, one.key) for one in (look(wiring, at, STALE) for look in looks)]


def test_the_doctor_tells_ages(wiring: Wiring) -> None:
    assert states(wiring, AT) == [
        ("bad", "doctor.backup_missing"),
        ("bad", "doctor.key_copies_old"),
        ("attention", "doctor.drill_none"),
    ]
    run(wiring, BACKUP, AT)
    run(wiring, DRILL, AT)
    good = [("good", "doctor.backup_good"), ("good", "doctor.key_copies_good")]
    assert states(wiring, AT) == [*good, ("good", "doctor.drill_good")]
    assert [state for state, _ in states(wiring, AT + timedelta(days=4))] == ["bad", "bad", "good"]
    assert states(wiring, AT + timedelta(days=61))[2] == ("attention", "doctor.drill_old")
    few = wiring.settings.model_copy(
        update={"key_copy_dirs": str(wiring.backup_desk.key_copies[0])}
    )
    assert states(replace(wiring, settings=few), AT)[1] == ("attention", "doctor.key_copies_few")


def test_a_copy_of_one_place_that_was_lost_is_told(wiring: Wiring) -> None:
    run(wiring, BACKUP, AT)
    lost: Path = wiring.backup_desk.key_copies[1]
    shutil.rmtree(lost)
    found = key_copy_finding(wiring, AT, STALE)
    assert (found.state, found.params["folders"]) == ("bad", str(lost))
