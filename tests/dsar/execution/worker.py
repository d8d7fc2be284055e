"""A process that carries an erasure out and dies at its n-th step, as by `kill -9`."""

import os
import signal
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from audit.decisions.recorder import DecisionRecorder
from audit.log import AuditLog
from dsar.execution.driving import drive
from governance.connectors.types import (
    Answer,
    Asking,
    ConnectorKind,
    Erased,
    Erasure,
    Found,
    Health,
    PersonKeys,
)
from governance.core.terms import RequestId
from governance.crypto.providers.file import FileKeyProvider
from governance.customers.ports import Ports
from governance.db.engine import Database, sqlite_url
from governance.jobs.journal import Journal
from governance.keys.vault import FieldVault
from policies.snapshot import PolicyHolder, default_snapshot
from policies.types import Label
from tests.dsar.execution.fulfilling import Site
from tests.dsar.world import World

READS = ("BEGIN", "SELECT", "PRAGMA", "SET", "WITH", "SHOW")
SNAPSHOT = default_snapshot()


class Counter:
    """Counts what changes something, and ends the process at the n-th."""

    def __init__(self, last: int) -> None:
        self.seen, self.last = 0, last

    def step(self) -> None:
        """One more step; the process ends here if it is the last one."""
        self.seen += 1
        if self.seen == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().startswith(READS):
            self.step()

    def commit(self, _connection: Any) -> None:
        self.step()


@dataclass
class Ledger:
    """A connected system with a memory of its own, which outlives the process that asks it."""

    path: Path
    counter: Counter

    name = "shop"
    label = Label(ja="店舗システム", en="Shop system")
    kind = ConnectorKind.DATABASE

    def find(self, person: PersonKeys, asking: Asking) -> Answer:  # noqa: ARG002 # of the port
        return Found()

    def erase(self, person: PersonKeys, asking: Asking) -> Erasure:  # noqa: ARG002 # of the port
        """In effect once for each key, whoever asks."""
        self.counter.step()
        with sqlite3.connect(self.path) as store:
            store.execute("CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY, rows INTEGER)")
            store.execute("INSERT OR IGNORE INTO done VALUES (?, 3)", (asking.key,))
        store.close()
        self.counter.step()
        return Erased(records=3)

    def health(self, *, at: datetime) -> Health:  # noqa: ARG002 # of the port
        return Health(ok=True)


def opened(folder: Path, *, now: datetime, counter: Counter) -> Site:
    """The installation in this folder as one process sees it."""
    database, keys = (
        Database.open(sqlite_url(folder / name)) for name in ("sekisho.db", "keys.db")
    )
    vault = FieldVault.open(keys, FileKeyProvider(folder / "epochs"), clock=lambda: now)
    log = AuditLog(database.writer_engine, process_id="test-1", sealer=vault.seal_part)
    for engine in (database.writer_engine, keys.writer_engine):
        event.listen(engine, "before_cursor_execute", counter.statement)
        event.listen(engine, "commit", counter.commit)
    ports = Ports(
        database=database,
        vault=vault,
        audit=log,
        decisions=DecisionRecorder(database, log, marks=folder, clock=lambda: now),
        journal=Journal.open(folder / "journal", installation=vault.ring.installation),
        policies=PolicyHolder(SNAPSHOT),
        analyse=lambda texts, _lang: [() for _ in texts],
    )
    shop = Ledger(path=folder / "shop.db", counter=counter)
    return Site(World(ports), shops=(shop,), now=now)


def closed(site: Site) -> None:
    """Nothing of it is open any more."""
    site.ports.decisions.close()
    site.ports.journal.close()
    site.ports.database.close()
    site.ports.vault.ring.db.close()


def main(folder: str, request: str, now: str, last: str) -> None:
    """Drives the request; dies at step `last`, or prints how many steps there were."""
    counter = Counter(int(last))
    moment = datetime.fromisoformat(now).astimezone(UTC)
    site = opened(Path(folder), now=moment, counter=counter)
    drive(site.driver(), RequestId(request))
    print(counter.seen, flush=True)  # noqa: T201 # what the test reads
    closed(site)
