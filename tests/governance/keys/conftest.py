"""A key store on each engine, with a file provider and a clock that the test moves."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance.crypto.providers.file import FileKeyProvider
from governance.db.engine import Database
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault

DAY = date(2026, 11, 25)


class FixedClock:
    """A clock that stands until the test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, step: timedelta) -> None:
        self.at += step


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def key_url(request: pytest.FixtureRequest, new_database: Callable[..., str]) -> str:
    return new_database(request.param)


@pytest.fixture
def key_database(key_url: str) -> Iterator[Database]:
    opened = Database.open(key_url)
    yield opened
    opened.close()


@pytest.fixture
def provider(tmp_path: Path) -> FileKeyProvider:
    return FileKeyProvider(tmp_path / "epochs")


@pytest.fixture
def vault(key_database: Database, provider: FileKeyProvider, clock: FixedClock) -> FieldVault:
    create_key_store(key_database, provider, day=DAY, at=clock())
    return FieldVault.open(key_database, provider, clock=clock)


@pytest.fixture
def other_process(
    vault: FieldVault, key_url: str, tmp_path: Path, clock: FixedClock
) -> Iterator[FieldVault]:
    """A second vault over the same key store, with its own connections and memory."""
    opened = Database.open(key_url)
    yield FieldVault.open(opened, FileKeyProvider(tmp_path / "epochs"), clock=clock)
    opened.close()
