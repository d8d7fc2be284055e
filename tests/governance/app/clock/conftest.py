"""An installation with one invented customer, on each engine; its clock is moved by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from governance.app.wiring import Wiring
from governance.core.settings import Settings
from governance.core.terms import SubjectId
from governance.jobs.runner import Worker, worker_of
from tests import installation
from tests.installation import AT


@dataclass
class House:
    """One installation, its one customer, and the time."""

    wiring: Wiring
    customer: SubjectId
    now: datetime = AT

    def clock(self) -> datetime:
        """The present of this house."""
        return self.now

    def later(self, **by: float) -> datetime:
        """Time has passed."""
        self.now += timedelta(**by)
        return self.now

    def worker(self, name: str = "one", stop: Event | None = None) -> Worker:
        """A process that drives jobs here."""
        return worker_of(name, self.clock, stop or Event())

    @property
    def mails(self) -> list[Path]:
        """What stands in the folder of the mail sink."""
        return sorted(self.wiring.settings.mail_folder.glob("*"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(
    request: pytest.FixtureRequest, new_database: Callable[..., str], tmp_path: Path
) -> Iterator[House]:
    """The installation on each engine."""
    url = new_database("sqlite" if request.param == "sqlite" else "upgraded")
    with opened(tmp_path, url=url) as made:
        yield made


@pytest.fixture
def sqlite_house(tmp_path: Path) -> Iterator[House]:
    """The installation as another process finds it by its folder alone."""
    with opened(tmp_path) as made:
        yield made


@contextmanager
def opened(folder: Path, *, url: str | None = None) -> Iterator[House]:
    """A house with its one customer, closed afterwards."""
    made = House.__new__(House)
    made.now = AT
    settings = Settings(data_dir=folder / "data", database_url=url)
    wiring = Wiring.create(settings, clock=made.clock)
    made.wiring = replace(wiring, ports=replace(wiring.ports, analyse=installation.nothing_found))
    path = installation.write_file(folder, installation.register([installation.customer(1)]))
    installation.import_file(made.wiring, path)
    (made.customer,) = installation.subjects(made.wiring)
    yield made
    wiring.close()
