"""kill -9 anywhere: no file looks like a whole backup and is none, no half database is there."""

import os
import random
import time
from pathlib import Path

import pytest

from governance.app.backups import reopen_data, restore_data
from governance.app.wiring import Wiring
from retention.backups.creating import create, kept
from retention.backups.errors import RestoredClosedError
from retention.backups.proving import verify
from tests.forking import Forked
from tests.installation import AT, subjects
from tests.retention.backups.conftest import OPERATOR
from tests.retention.backups.test_restore import (
    LATER,
    Lost,
    declared,
    here,
    lost,
    put_back,
)

__all__ = ["lost", "put_back"]  # fixtures
KILLS = 50 if "SEKISHO_SOAK" in os.environ else 2
SEED = 20261126
WITHIN = 0.5  # seconds after the process is ready; longer than one backup or restore takes
VICTIM = "tests.retention.backups.worker"


def killed(what: str, settings_dir: Path, backups: Path, file: str, after: float) -> None:
    """A process at this work is gone, some time after it began."""
    with Forked(VICTIM, what, str(settings_dir), str(backups), file, quiet=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(after)
        process.kill()


@pytest.mark.timeout(1800)
def test_every_file_with_a_backups_name_is_whole(wiring: Wiring) -> None:
    rng, desk = random.Random(SEED), wiring.backup_desk  # noqa: S311 # moments of death, not secrets
    folder = desk.place()
    for _ in range(KILLS):
        killed("create", wiring.settings.data_dir, folder, "", rng.uniform(0, WITHIN))
        for one in kept(desk, folder):
            verify(desk, OPERATOR, folder / one.file, at=AT)
    create(desk, OPERATOR, at=AT)  # what they left stands in nobody's way, and is gone
    assert not list(folder.glob("*.part"))
    assert not (desk.work / "copies").exists()


@pytest.mark.timeout(1800)
def test_a_restore_is_whole_and_closed_or_not_there(lost: Lost) -> None:  # the fixture
    rng, home = random.Random(SEED), lost.settings.data_dir  # noqa: S311 # the same
    for _ in range(KILLS):
        killed("restore", home, lost.backup.parent, str(lost.backup), rng.uniform(0, WITHIN))
        if (home / "sekisho.db").exists():
            with pytest.raises(RestoredClosedError):
                lost.opened()
            for path in home.glob("sekisho.db*"):
                path.unlink()
    assert restore_data(lost.settings, lost.backup, at=LATER).manifest.installation


@pytest.mark.timeout(1800)
def test_opening_that_was_killed_goes_on(put_back: Lost) -> None:  # the fixture
    rng = random.Random(SEED)  # noqa: S311 # the same
    wiring = put_back.opened(restoring=True)
    declared(wiring)
    wiring.close()
    for _ in range(KILLS):
        killed("open", put_back.settings.data_dir, put_back.backup.parent, "", rng.uniform(0, 0.3))
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
