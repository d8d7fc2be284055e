"""kill -9 anywhere: no file looks like a whole backup and is none, no half database is there."""

import os
import random
import time
from pathlib import Path

import pytest

from governance.app.backups import reopen_data, restore_data
from governance.app.wiring import Wiring
from governance.core.settings import Settings
from retention.backups import replacing
from retention.backups.creating import create, kept
from retention.backups.errors import RestoredClosedError, RestoreInUseError
from retention.backups.proving import verify
from retention.backups.restoring import Restored
from tests.forking import Forked
from tests.installation import AT, subjects
from tests.retention.backups.conftest import BOTH, OPERATOR
from tests.retention.backups.test_restore import (
    LATER,
    Lost,
    decided,
    declared,
    here,
    lost,
    put_back,
)

__all__ = ["decided", "lost", "put_back"]  # fixtures
KILLS = 50 if "SEKISHO_SOAK" in os.environ else 2
ON_SERVER = 10  # each leaves a database of its own
SEED = 20261126
WITHIN = 0.5  # seconds after the process is ready; longer than one backup or restore takes
VICTIM = "tests.retention.backups.worker"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "LINGER_S", 0)


def killed(what: str, settings: Settings, file: Path, after: float) -> None:
    """A process at this work is gone, some time after it began."""
    with Forked(VICTIM, what, settings.model_dump_json(), str(file), quiet=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(after)
        process.kill()


@pytest.mark.timeout(1800)
def test_every_file_with_a_backups_name_is_whole(wiring: Wiring) -> None:
    rng, desk = random.Random(SEED), wiring.backup_desk  # noqa: S311 # moments of death, not secrets
    folder = desk.place()
    for _ in range(KILLS):
        killed("create", wiring.settings, folder, rng.uniform(0, WITHIN))
        for one in kept(desk, folder):
            verify(desk, OPERATOR, folder / one.file, at=AT)
    create(desk, OPERATOR, at=AT)  # what they left stands in nobody's way, and is gone
    assert not list(folder.glob("*.part"))
    assert not (desk.work / "copies").exists()


@pytest.mark.timeout(1800)
def test_a_restore_is_whole_and_closed_or_not_there(lost: Lost) -> None:  # the fixture
    rng, home = random.Random(SEED), lost.settings.data_dir  # noqa: S311 # the same
    for _ in range(KILLS):
        killed("restore", lost.settings, lost.backup, rng.uniform(0, WITHIN))
        if (home / "sekisho.db").exists():
            with pytest.raises(RestoredClosedError):
                lost.opened()
            for path in home.glob("sekisho.db*"):
                path.unlink()
    assert restore_data(lost.settings, lost.backup, at=LATER).manifest.installation


@pytest.mark.timeout(1800)
@BOTH
def test_the_old_database_or_the_new_one_is_in_its_place(decided: Lost) -> None:
    """Whichever it is, it is whole; a restore that nobody kills ends it."""
    rng, whole = random.Random(SEED), 0  # noqa: S311 # the same
    kills = KILLS if decided.settings.database_url is None else min(KILLS, ON_SERVER)
    for _ in range(kills):
        killed("replace", decided.settings, decided.backup, rng.uniform(0, WITHIN))
        try:
            wiring = decided.opened()
        except RestoredClosedError:
            wiring = decided.opened(restoring=True)
        whole += len(subjects(wiring)) == 3 - (here(wiring, decided.erased) == 0)
        wiring.close()
    assert whole == kills
    assert again(decided).aside is not None


def again(found: Lost) -> Restored:
    """Put back once more, when the server has noticed that the killed process is gone."""
    while True:
        try:
            return restore_data(found.settings, found.backup, at=LATER, replace=True)
        except RestoreInUseError:
            time.sleep(0.05)


@pytest.mark.timeout(1800)
@BOTH
def test_opening_that_was_killed_goes_on(put_back: Lost) -> None:  # the fixture
    rng = random.Random(SEED)  # noqa: S311 # the same
    wiring = put_back.opened(restoring=True)
    declared(wiring)
    wiring.close()
    for _ in range(KILLS):
        killed("open", put_back.settings, put_back.backup, rng.uniform(0, 0.3))
    again = put_back.opened(restoring=True)
    try:
        reopen_data(again, OPERATOR)
    finally:
        again.close()
    wiring = put_back.opened()
    try:
        assert [here(wiring, one) for one in (put_back.erased, put_back.held)] == [0, 1]
        assert len(subjects(wiring)) == 2
    finally:
        wiring.close()
