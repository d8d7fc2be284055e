"""The outside shop as a real database on each engine, and as we ask it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from governance.connectors.database import DatabaseConnector
from governance.connectors.erasing import ERASURE, Memory
from governance.connectors.reading import read_connectors
from governance.connectors.specs import DatabaseSpec
from governance.db.engine import Database
from tests.outside import SHOP, TABLES, Outside


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def outside(
    request: pytest.FixtureRequest,
    new_database: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Outside]:
    url = new_database(request.param)
    if request.param == "postgres":
        address = make_url(url).set(drivername="postgresql+psycopg")
        engine = create_engine(address, poolclass=NullPool)
    else:
        engine = create_engine(url, poolclass=NullPool)
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    monkeypatch.setitem(os.environ, "SHOP_DB", url)
    made = Outside(url=url, engine=engine)
    for statement in TABLES.split(";"):
        made.run(statement)
    yield made
    engine.dispose()


@pytest.fixture
def memory(new_database: Callable[..., str]) -> Iterator[Memory]:
    """Our own database, which remembers erasures."""

    opened = Database.open(new_database("sqlite"))
    ERASURE.create(opened.writer_engine)
    yield Memory(database=opened)
    opened.close()


@pytest.fixture
def declared(tmp_path: Path) -> Callable[[str], DatabaseSpec]:
    """The first declared system of a YAML text."""

    def read(words: str = SHOP) -> DatabaseSpec:
        path = tmp_path / "connectors.yaml"
        path.write_text(words, encoding="utf-8")
        (spec,) = read_connectors(path)
        assert isinstance(spec, DatabaseSpec)
        return spec

    return read


@pytest.fixture
def shop(
    outside: Outside, memory: Memory, declared: Callable[..., DatabaseSpec]
) -> DatabaseConnector:
    """The shop as we ask it."""
    return DatabaseConnector(spec=declared(SHOP), memory=memory)
