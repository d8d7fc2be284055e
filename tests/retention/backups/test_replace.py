"""A backup takes the place of a database: killed anywhere the old one is there, or aside whole."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from governance.app.backups import reopen_data, restore_data
from governance.core.durable import durable_name
from governance.crypto.stream import FileDamagedError
from governance.db.engine import Database
from retention.backups import replacing, restoring
from retention.backups.errors import RestoredClosedError, RestoreFailedError, RestoreInUseError
from retention.backups.replacing import aside_databases, aside_files
from retention.backups.restoring import Restored
from retention.backups.standing import State, aside_standing
from tests.installation import AT
from tests.retention.backups.conftest import BOTH, OPERATOR
from tests.retention.backups.test_restore import LATER, Lost, decided, declared, here
from tests.retention.town import Killed

__all__ = ["decided"]  # a fixture
STEPS = 12  # more than a swap takes; a test says so


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "LINGER_S", 0)


def replaced(found: Lost) -> Restored:
    return restore_data(found.settings, found.backup, at=LATER, replace=True)


def place(found: Lost) -> Path:
    return found.settings.data_dir / "sekisho.db"


def old(url: str) -> Iterator[Database]:
    database = Database.open(url)
    try:
        yield database
    finally:
        database.close()


@BOTH
def test_the_old_database_lies_aside_whole_and_the_new_one_is_closed(decided: Lost) -> None:
    done = replaced(decided)
    with pytest.raises(RestoredClosedError):
        decided.opened()
    wiring = decided.opened(restoring=True)
    try:
        assert here(wiring, decided.erased)
        declared(wiring)
        reopen_data(wiring, OPERATOR)
        assert not here(wiring, decided.erased)
        found = aside_standing(wiring.backup_desk, at=LATER)
        assert (found.state, found.params["places"]) == (State.ATTENTION, done.aside)
        late = LATER.replace(year=LATER.year + 1)
        assert aside_standing(wiring.backup_desk, at=late).state is State.BAD
        url = wiring.database.engine.url
        if url.get_backend_name() != "sqlite":
            with wiring.database.read() as tx:
                assert aside_databases(tx) == (done.aside,)
        aside = url.set(database=done.aside).render_as_string(hide_password=False)
    finally:
        wiring.close()
    for database in old(aside):
        with database.read() as tx:
            states = tx.execute(text("SELECT state FROM subject")).scalars().all()
        assert sorted(states) == ["active", "active", "erased"]


@BOTH
def test_a_database_in_use_is_not_replaced(decided: Lost) -> None:
    wiring = decided.opened()
    try:
        with pytest.raises(RestoreInUseError):
            replaced(decided)
        assert not here(wiring, decided.erased)
    finally:
        wiring.close()
    assert replaced(decided).aside is not None


def test_who_opens_it_meanwhile_is_found_out(
    decided: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server was started while the new database was made."""
    with closing(sqlite3.connect(place(decided))) as server:
        monkeypatch.setattr(replacing, "require_unused", lambda _url: None)
        server.execute("SELECT count(*) FROM subject").fetchall()
        with pytest.raises(RestoreInUseError):
            replaced(decided)
    assert not list(place(decided).parent.glob("*.restoring*"))
    assert aside_files(place(decided)) == ()
    decided.opened().close()


@BOTH
def test_a_damaged_backup_leaves_the_old_database_in_place(decided: Lost) -> None:
    content = bytearray(decided.backup.read_bytes())
    content[-1] ^= 1
    decided.backup.write_bytes(content)
    with pytest.raises(FileDamagedError):
        replaced(decided)
    decided.opened().close()


def test_an_empty_place_needs_nothing_moved(decided: Lost) -> None:
    place(decided).unlink()
    assert replaced(decided).aside is None
    assert aside_files(place(decided)) == ()


def test_a_full_disk_leaves_the_old_database_in_place(
    decided: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", full)
        with pytest.raises(RestoreFailedError):
            replaced(decided)
    decided.opened().close()


def test_a_damaged_database_is_moved_aside_as_it_is(decided: Lost) -> None:
    target = place(decided)
    wal = target.with_name(target.name + "-wal")
    content = bytearray(target.read_bytes())
    content[:100] = b"\0" * 100
    target.write_bytes(content)
    wal.write_bytes(b"torn")
    done = replaced(decided)
    (aside,) = aside_files(target)
    assert str(aside) == done.aside
    assert aside.read_bytes() == content
    assert aside.with_name(aside.name + "-wal").read_bytes() == b"torn"
    with pytest.raises(RestoredClosedError):
        decided.opened()


def test_a_database_with_torn_pages_is_moved_aside_too(decided: Lost) -> None:
    target = place(decided)
    content = bytearray(target.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    target.write_bytes(content)
    replaced(decided)
    (aside,) = aside_files(target)
    assert aside.read_bytes()[100:] == content[100:]


def test_two_of_one_moment_have_two_names(decided: Lost) -> None:
    assert replaced(decided).aside != replaced(decided).aside
    assert len(aside_files(place(decided))) == 2


class Dying:
    """Every step that changes names is counted; at the n-th the process dies."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.left, self.dead = at, False
        patch.setattr(os, "link", self._dies(os.link))
        patch.setattr(Path, "replace", self._dies(Path.replace))
        patch.setattr(Path, "unlink", self._dies(Path.unlink))
        patch.setattr(replacing, "durable_name", self._dies(durable_name))

    def _dies(self, real: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **named: object) -> object:
            self.left -= 1
            if self.left <= 0:
                self.dead = True
                raise Killed
            return real(*args, **named)

        return step


@pytest.mark.parametrize("log", ["in its file", "not readable"])
def test_death_at_any_step_of_the_swap_loses_nothing(
    tmp_path: Path, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somewhere lies the old one whole, the place holds nothing torn, and it can be run again."""
    old_bytes = database_of(tmp_path / "old.db", "old")
    new_bytes = database_of(tmp_path / "new.db", "new")
    for n in range(1, STEPS):
        folder = tmp_path / str(n)
        folder.mkdir()
        target, part = folder / "sekisho.db", folder / "sekisho.db.restoring"
        whole = old_bytes if log == "in its file" else b"\0" * 100 + old_bytes[100:]
        target.write_bytes(whole)
        if log == "not readable":
            target.with_name("sekisho.db-wal").write_bytes(b"torn")
        part.write_bytes(new_bytes)
        with monkeypatch.context() as patch:
            dying = Dying(patch, n)
            with suppress(Killed):
                replacing.swap_file(part, target, at=AT)
        kept = [path.read_bytes() for path in (target, *aside_files(target)) if path.exists()]
        assert any(one == whole for one in kept)
        if target.exists() and target.read_bytes() not in (whole, new_bytes):
            raise AssertionError
        if target.exists() and target.read_bytes() == new_bytes:
            assert not target.with_name("sekisho.db-wal").exists()
        part.write_bytes(new_bytes)
        replacing.swap_file(part, target, at=AT)
        assert target.read_bytes() == new_bytes
        assert any(path.read_bytes() == whole for path in aside_files(target))
    assert not dying.dead


def database_of(path: Path, word: str) -> bytes:
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE t (word TEXT)")
        made.execute("INSERT INTO t VALUES (?)", (word,))
        made.commit()
    return path.read_bytes()


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_a_killed_restore_left_on_the_server_goes(
    decided: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died with a half database beside; nothing dropped that one."""
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_closed", killed)
        patch.setattr(replacing, "_drop", lambda *_: None)
        with pytest.raises(Killed):
            replaced(decided)
    decided.opened().close()
    assert replaced(decided).aside is not None


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_database_that_the_server_still_makes_for_a_killed_process_is_waited_for(
    decided: Lost,
) -> None:
    """Two that make one of the same name would fail: so it happened where the machine was busy."""
    parsed = make_url(decided.settings.database_url or "")
    locks = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with ThreadPoolExecutor(1) as thread:
        with replacing._maintenance(parsed) as late:
            replacing._wait_for_turn(late, replacing._named(parsed.database or "", "restoring"))
            restored = thread.submit(replaced, decided)
            while not late.execute(locks).scalar_one():
                assert not restored.done(), restored.exception()
        assert restored.result().aside is not None


def killed(*_: object, **__: object) -> None:
    raise Killed
