"""Installations for the tests of the gate, on each engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from governance.app.wiring import Wiring
from tests.installation import create


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def installation(
    request: pytest.FixtureRequest, new_database: Callable[..., str], tmp_path: Path
) -> Iterator[Wiring]:
    url = new_database("upgraded") if request.param == "postgres" else None
    wiring = create(tmp_path, url=url)
    yield wiring
    wiring.close()


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Wiring]:
    wiring = create(tmp_path)
    yield wiring
    wiring.close()
