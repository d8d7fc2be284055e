"""A process that carries out a purge, or erasures of the journal again, until it is killed."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from governance.core.terms import RowId
from governance.db.engine import Database, sqlite_url
from retention.reapplying import reapply
from retention.replaying import erase_again
from tests.retention.town import NOW, OPERATOR, town_in


def main(url: str, folder: str, run: str, minutes: str) -> None:
    """Drives the run, or all that the journal says, so many minutes after the others began."""
    home = Path(folder)
    with (
        closing(Database.open(url)) as database,
        closing(Database.open(sqlite_url(home / "keys.db"))) as keys,
        town_in(home, database, keys) as town,
    ):
        town.now = NOW + timedelta(minutes=int(minutes))
        town.ports = replace(town.ports, connected=lambda: ("shop",))
        print("ready", flush=True)  # noqa: T201 # the test waits for it
        if run:
            town.drive(RowId(run))
        else:
            left = reapply(town.ports, OPERATOR, clock=town.clock)
            erase_again(town.ports, OPERATOR, left, worker=town.worker())
