"""A store with frames in every place, on each engine, with a clock that the test moves."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from governance.crypto.providers.file import FileKeyProvider
from governance.db.engine import Database, sqlite_url
from governance.keys.epochs import create_key_store
from tests.governance.custody.world import NOW, World, custodian


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite_url(tmp_path / "keys.db"))
    yield opened
    opened.close()


@pytest.fixture
def world(database: Database, keys: Database, tmp_path: Path) -> Iterator[World]:
    provider = FileKeyProvider(tmp_path / "epochs")
    create_key_store(keys, provider, day=date(2026, 10, 1), at=NOW)
    made: list[World] = []

    def clock() -> datetime:
        return made[0].clock() if made else NOW

    by = custodian(database, keys, tmp_path, clock=clock, name="test-1")
    made.append(World(by))
    yield made[0]
    by.ports.decisions.close()
    by.ports.journal.close()
