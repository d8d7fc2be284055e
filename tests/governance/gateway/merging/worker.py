"""A process that merges and undoes until it is killed: folder, URL of the data."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import update

from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from governance.core.ids import new_row_id
from governance.core.terms import SubjectId
from governance.crypto.providers.file import FileKeyProvider
from governance.customers.ports import Ports
from governance.customers.upkeep.candidates import DUPLICATE
from governance.customers.upkeep.merges import merges_of
from governance.db.engine import Database, sqlite_url
from governance.gateway.merging import unmerge
from governance.jobs.journal import Journal
from governance.keys.vault import FieldVault
from policies.snapshot import PolicyHolder, default_snapshot
from tests.governance.gateway.merging.couple import CLERK, PAIR, Couple
from tests.retention.town import NOW, Town


@contextmanager
def opened(folder: Path, url: str) -> Iterator[Couple]:
    """The two of an installation that exists, as another process sees them."""
    with (
        closing(Database.open(url)) as database,
        closing(Database.open(sqlite_url(folder / "keys.db"))) as keys,
    ):
        yield from seen(folder, database, keys)


def seen(folder: Path, database: Database, keys: Database) -> Iterator[Couple]:
    """The two in these open databases."""
    vault = FieldVault.open(keys, FileKeyProvider(folder / "epochs"), clock=lambda: NOW)
    log = AuditLog(database.writer_engine, process_id=new_row_id(), sealer=vault.seal_part)
    ports = Ports(
        database=database,
        vault=vault,
        audit=log,
        decisions=DecisionRecorder(database, log, marks=folder, clock=lambda: NOW),
        journal=Journal.open(folder / "journal", installation=vault.ring.installation),
        policies=PolicyHolder(default_snapshot()),
        analyse=lambda texts, _lang: [() for _ in texts],
    )
    ids = [SubjectId(f"{n:08x}-0000-4000-8000-{n:012x}") for n in (1, 2)]
    town = Town(ports, now=NOW + timedelta(hours=1), people={"older": ids[0], "newer": ids[1]})
    yield Couple(town=town, older=ids[0], newer=ids[1])
    ports.decisions.close()
    ports.journal.close()


def apart(couple: Couple) -> None:
    """The two are two and their pair waits, whatever was going on."""
    ports = couple.town.ports
    with ports.database.read() as tx:
        standing = [merge for merge in merges_of(tx, couple.older) if merge.stands]
    for merge in reversed(standing):
        unmerge(ports, CLERK, merge.id, at=couple.town.clock())
    again = update(DUPLICATE).where(DUPLICATE.c.score == PAIR).values(state="open")
    ports.database.write(lambda tx: tx.execute(again))


def main(folder: str, url: str) -> None:
    with opened(Path(folder), url) as couple:
        while True:
            for act in (partial(apart, couple), couple.merge):
                print("begun", flush=True)  # noqa: T201 # read by the test
                act()
