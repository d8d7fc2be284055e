"""One filled log for each engine, and a copy of it for each attack."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from audit.log import AuditLog
from governance.db.engine import Database
from tests.audit.bench import OTHER, SUBJECT, Bench, masked, part
from tests.audit.worker import keys_at

COUNTER = itertools.count()
Copied = Callable[[Path], AbstractContextManager[str]]  # (a folder for a copy) -> its URL


def opened(url: str, folder: Path, process_id: str) -> Bench:
    db = Database.open(url)
    log = AuditLog(db.writer_engine, process_id=process_id, sealer=masked)
    return Bench(db, log, keys_at(folder / "checkpoint"))


def fill(url: str, folder: Path) -> None:
    """Seven events in the tree, two of them with parts, and two checkpoints."""
    bench = opened(url, folder, "web-0")
    with closing(bench.db):
        SQLModel.metadata.create_all(bench.db.writer_engine)
        bench.add(count=2)
        bench.add(part(), part(OTHER), subject=SUBJECT, fields=("person.name",))
        bench.add(part(OTHER))
        bench.sequence()
        bench.add(count=3, purpose="order_support", reasons=("permit.role",), consent_seq=7)
        bench.sequence(1)
        bench.db.checkpoint()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def mould(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Copied]]:
    """The folder of a filled log, and how its database is copied."""
    folder = tmp_path_factory.mktemp("mould")
    if request.param == "sqlite":
        fill(f"sqlite:///{folder / 'log.db'}", folder)
        yield folder, partial(_copied_file, folder)
        return
    base: str = request.getfixturevalue("postgres_url")
    with closing(Database.open(base)) as admin:
        name = f"mould{os.getpid()}"
        _run(admin, f"CREATE DATABASE {name}")
        fill(_beside(base, name), folder)
        yield folder, partial(_copied_database, admin, base, name)
        _run(admin, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def filled(mould: tuple[Path, Copied], tmp_path: Path) -> Iterator[Bench]:
    """A copy of the filled log that may be spoilt."""
    folder, copied = mould
    shutil.copy(folder / "checkpoint", tmp_path)
    with copied(tmp_path) as url:
        bench = opened(url, tmp_path, "web-1")
        with closing(bench.db):
            yield bench


@contextmanager
def _copied_file(folder: Path, to: Path) -> Iterator[str]:
    shutil.copy(folder / "log.db", to)
    yield f"sqlite:///{to / 'log.db'}"


@contextmanager
def _copied_database(admin: Database, base: str, name: str, _to: Path) -> Iterator[str]:
    fresh = f"attack{os.getpid()}_{next(COUNTER)}"
    _run(admin, f"CREATE DATABASE {fresh} TEMPLATE {name}")
    yield _beside(base, fresh)
    _run(admin, f"DROP DATABASE {fresh} WITH (FORCE)")


def _beside(base: str, name: str) -> str:
    """The URL of another database of the same server."""
    head, _, query = base.partition("?")
    return head.rsplit("/", 1)[0] + "/" + name + ("?" + query if query else "")


def _run(admin: Database, statement: str) -> None:
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
