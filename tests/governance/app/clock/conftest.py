"""An installation with one invented customer, on each engine; its clock is moved by hand."""

from collections.abc import Callable, Iterator
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
    made = House.__new__(House)
    made.now = AT
    settings = Settings(data_dir=tmp_path / "data", database_url=new_database(request.param))
    opened = Wiring.create(settings, clock=made.clock)
    made.wiring = replace(opened, ports=replace(opened.ports, analyse=installation.nothing_found))
    path = installation.write_file(tmp_path, installation.register([installation.customer(1)]))
    installation.import_file(made.wiring, path)
    (made.customer,) = installation.subjects(made.wiring)
    yield made
    opened.close()
