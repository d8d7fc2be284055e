"""A process that carries a purge run out until it is killed."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from governance.core.terms import RowId
from governance.db.engine import Database, sqlite_url
from tests.retention.town import NOW, town_in


def main(url: str, folder: str, run: str, minutes: str) -> None:
    """Drives the run to its end, so many minutes after the others began."""
    home = Path(folder)
    with (
        closing(Database.open(url)) as database,
        closing(Database.open(sqlite_url(home / "keys.db"))) as keys,
        town_in(home, database, keys) as town,
    ):
        town.now = NOW + timedelta(minutes=int(minutes))
        print("ready", flush=True)  # noqa: T201 # the test waits for it
        town.drive(RowId(run))
