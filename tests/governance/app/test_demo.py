"""`sekisho demo --no-serve`: it holds, it is marked, touches nothing foreign, outlives kills."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from governance.app.demo import server
from governance.app.demo.folder import LOCK, MARKER
from governance.app.demo.run import STEPS
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from tests.demo_run import Done, command, copy_of, demo, environment, joined

pytestmark = pytest.mark.timeout(900)
KILLS = 6 if "SEKISHO_SOAK" in os.environ else 2
EVERY = 0.72 / KILLS  # of a whole run's time, between two moments of death


@pytest.fixture(scope="module")
def done(demo_done: Done) -> Done:
    return demo_done


def test_every_step_holds_and_is_told(done: Done) -> None:
    assert done.code == 0, done.err
    assert done.err == ""
    said = joined([done.out])
    for step in STEPS:
        assert joined([text(f"app.demo.step.{step.name}", Lang.JA)]) in said
    assert joined([text("app.demo.closing", Lang.JA)]) in said
    assert "Traceback" not in done.out


def test_the_folder_is_marked_and_private(done: Done) -> None:
    assert (done.folder / MARKER).is_file()
    assert done.folder.stat().st_mode & 0o077 == 0
    for path in done.folder.rglob("*"):
        if path.suffix in (".db", ".session") or path.name == "control.journal":
            assert path.stat().st_mode & 0o022 == 0


def test_tampering_names_the_row(done: Done) -> None:
    assert (done.folder / "tampered-copy.db").is_file()
    assert "expected " in done.out
    assert "found    " in done.out


def test_the_files_counts_are_told(done: Done) -> None:
    for name in ("customers.csv", "customers_branch.xlsx", "consents.csv", "vendors.csv"):
        assert name in done.out


def test_no_clear_value_of_a_person_lies_in_the_folder(done: Done) -> None:
    for path in done.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"@example.co.jp" not in content, path.name
            assert b"@example.com" not in content.replace(b"privacy@example.com", b""), path.name


def foreign(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("lang", list(Lang))
def test_a_foreign_folder_is_refused_untouched(tmp_path: Path, lang: Lang) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    before = foreign(folder)
    refused = demo(folder, "--lang", lang.value)
    assert refused.returncode == 2
    assert str(folder) in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert foreign(folder) == before


@pytest.mark.parametrize(
    "variables",
    [
        {"SEKISHO_MODE": "production"},
        {"SEKISHO_MODE": "production", "SEKISHO_ORIGIN": "https://privacy.example.com"},
    ],
    ids=["unsafe", "https"],
)
def test_production_is_refused(tmp_path: Path, variables: dict[str, str]) -> None:
    refused = demo(tmp_path / "demo", "--json", variables=variables)
    assert refused.returncode == 2
    assert "demo_production" in refused.stderr
    assert not (tmp_path / "demo").exists()


def started(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("demo", "--no-serve", "--data", folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )


def killed(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process died of our kill; its children die with it."""
    alive = process.poll() is None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def test_two_at_once_and_the_second_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = started(folder)
    try:
        deadline = time.monotonic() + 180
        while not (folder / "sekisho.db").exists():
            assert first.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        second = demo(folder, "--json")
        assert second.returncode == 3
        assert "demo_running" in second.stderr
        assert first.poll() is None
    finally:
        killed(first)
    assert (folder / LOCK).exists()


def test_a_run_after_any_death_holds_and_replaces_what_was_there(
    done: Done, tmp_path: Path
) -> None:
    """Each run begins on what the one killed before it left, the first on a finished demo."""
    folder = copy_of(done, tmp_path / "demo")
    (folder / "leftover").write_text("of an earlier demo")
    whole = 20.0  # seconds; moments of death are spread over about a run
    for number in range(KILLS):
        process = started(folder)
        time.sleep(0.4 + whole * EVERY * number)
        killed(process)
    last = demo(folder)
    assert last.returncode == 0, last.stderr
    assert last.stderr == ""
    assert joined([text("app.demo.anew", Lang.JA, path=str(folder))]) in joined([last.stdout])
    assert not (folder / "leftover").exists()


def test_the_server_ends_with_whoever_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    ended = Event()

    def kill(process: int, number: int) -> None:
        told.append((process, number))
        ended.set()

    monkeypatch.setattr(os, "kill", kill)
    ours, theirs = os.pipe()
    server.end_with(ours)
    assert not told
    os.close(theirs)
    assert ended.wait(60)
    os.close(ours)
    assert told == [(os.getpid(), signal.SIGTERM)]
