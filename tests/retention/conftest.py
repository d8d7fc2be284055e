"""A town on each engine with a real vault, journal and log; rules have no fixture."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from governance.crypto.providers.file import FileKeyProvider
from governance.db.engine import Database, sqlite_url
from governance.keys.epochs import create_key_store
from tests.retention.town import NOW, Town, town_in


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite_url(tmp_path / "keys.db"))
    yield opened
    opened.close()


@pytest.fixture
def town(database: Database, keys: Database, tmp_path: Path) -> Iterator[Town]:
    create_key_store(keys, FileKeyProvider(tmp_path / "epochs"), day=date(2026, 10, 1), at=NOW)
    with town_in(tmp_path, database, keys) as opened:
        yield opened
