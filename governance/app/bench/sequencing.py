"""The sequencer on SQLite: how fast waiting events get their places, alone and beside writers."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import SQLModel

from audit.log import AuditLog
from audit.sequencer import LogKeys, sequence_once
from governance.app.bench.commits import DRAFT
from governance.app.bench.figure import Figure
from governance.core.clock import utc_now
from governance.core.ids import new_row_id
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer
from governance.db.engine import Database, sqlite_url

EVENTS = 60_000  # waiting when the sequencer starts
FILL = 2_000  # events of one transaction while filling
WRITERS = 32
BESIDE_S = 4.0  # how long the sequencer runs beside writers
IDLE_TARGET, BESIDE_TARGET = 30_000, 10_000  # events a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A log of its own, with its keys."""

    database: Database
    log: AuditLog
    keys: LogKeys


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Events placed a second with nothing else to do, and while 32 callers append."""
    events = rows or EVENTS
    with new_ledger() as ledger:
        filled = fill(ledger, events)
        start = time.perf_counter()
        placed = drain(ledger)
        idle = placed / (time.perf_counter() - start)
        fill(ledger, events)
        beside, written = _beside_writers(ledger)
    return (
        Figure(
            figure=f"sequencer alone, {placed:,} waiting events",
            value=idle,
            unit="events/s",
            baseline=f"inserting the same events, {FILL:,} a transaction",
            baseline_value=filled,
            target=f">= {IDLE_TARGET:,}/s",
            met=idle >= IDLE_TARGET,
        ),
        Figure(
            figure=f"sequencer beside {WRITERS} writers",
            value=beside,
            unit="events/s",
            baseline="events that the writers appended meanwhile, one a commit",
            baseline_value=written,
            target=f">= {BESIDE_TARGET:,}/s",
            met=beside >= BESIDE_TARGET,
        ),
    )


@contextmanager
def new_ledger() -> Iterator[Ledger]:
    """An empty log on the disk of the working folder, gone afterwards."""
    with (
        TemporaryDirectory(dir=Path.cwd()) as name,  # the temporary folder may be memory
        closing(Database.open(sqlite_url(Path(name) / "events.db"))) as database,
    ):
        yield ledger_in(database, Path(name))


def ledger_in(database: Database, folder: Path) -> Ledger:
    """An empty log in this database, signed with keys of its own."""
    SQLModel.metadata.create_all(database.writer_engine)
    return Ledger(
        database=database,
        log=AuditLog(
            database.writer_engine, process_id=new_row_id(), sealer=lambda _s, _r, part: part
        ),
        keys=LogKeys(
            origin="bench.example/sekisho",
            ed25519=Ed25519Signer.from_seed(bytes(32)),
            mldsa44=MlDsa44Signer.from_seed(bytes(32)),
            anchor=folder / "checkpoint",
        ),
    )


def fill(ledger: Ledger, events: int) -> float:
    """So many events wait; events inserted a second."""
    start = time.perf_counter()
    for at in range(0, events, FILL):
        many = [DRAFT] * min(FILL, events - at)
        ledger.database.write(partial(ledger.log.append_many, drafts=many))
    return events / (time.perf_counter() - start)


def drain(ledger: Ledger) -> int:
    """Nothing waits any more; how many events were placed."""
    total = 0
    while placed := pass_once(ledger):
        total += placed
    return total


def pass_once(ledger: Ledger) -> int:
    """One pass of the sequencer, its checkpoint included."""
    return sequence_once(ledger.database, ledger.keys, ledger.log, at=utc_now()).placed


def _beside_writers(ledger: Ledger) -> tuple[float, float]:
    """Events placed and events appended a second, both at once."""
    ended = threading.Event()
    written = [0] * WRITERS

    def append(k: int) -> None:
        while not ended.is_set():
            ledger.database.write(lambda tx: ledger.log.append(tx, DRAFT))
            written[k] += 1

    threads = [threading.Thread(target=append, args=(k,)) for k in range(WRITERS)]
    for thread in threads:
        thread.start()
    start, placed = time.perf_counter(), 0
    while time.perf_counter() - start < BESIDE_S:
        placed += pass_once(ledger)
    took = time.perf_counter() - start
    ended.set()
    for thread in threads:
        thread.join()
    return placed / took, sum(written) / took
