"""Audited commits on PostgreSQL against plain inserts, with the sequencer paused and running."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from sqlalchemy import Column, Connection, Index, MetaData, Table, create_engine, insert, select

from audit.leaf import STORED, stored
from audit.models import EVENTS, LEAVES
from governance.app.bench.commits import DRAFT
from governance.app.bench.figure import Figure
from governance.app.bench.sequencing import Ledger, drain, ledger_in, pass_once
from governance.app.bench.servers import server_url
from governance.core.ids import new_event_id
from governance.core.terms import EventId
from governance.db.engine import Database
from governance.db.readers import READ_SECONDS, PostgresReaders

CONNECTIONS = 32
COMMITS = 3_200  # of each round, over all connections
ROUNDS = 3  # of each kind, in turn; the middle one counts
PAUSE_S = 0.1  # between two passes of the sequencer
PAUSED_SHARE, RUNNING_SHARE, LAG_LIMIT = 0.9, 0.75, 1.0


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Commits a second with 32 connections; nothing where no server can be started."""
    with TemporaryDirectory(dir=Path.cwd()) as name, _server(Path(name)) as database:
        if database is None:
            return ()
        ledger = ledger_in(database, Path(name))
        plain = _plain_table(database)
        each = (rows or COMMITS) // CONNECTIONS or 1
        works: Mapping[str, Callable[[], float]] = {
            "plain": lambda: _commits(database, _plain_insert(plain), each),
            "paused": lambda: _commits(database, _append(ledger), each),
        }
        found: dict[str, list[float]] = {name: [] for name in (*works, "running")}
        lags: list[float] = []
        for _ in range(ROUNDS):
            for kind, work in works.items():
                found[kind].append(work())
            drain(ledger)
            rate, seen = _running(ledger, each)
            found["running"].append(rate)
            lags += seen
            drain(ledger)
        return _figures({kind: median(rates) for kind, rates in found.items()}, lags)


def _figures(rates: Mapping[str, float], lags: list[float]) -> tuple[Figure, ...]:
    lag = quantiles(lags, n=100)[98]
    shares = {"paused": PAUSED_SHARE, "running": RUNNING_SHARE}
    return (
        *(
            Figure(
                figure=f"audited commits, PostgreSQL, {CONNECTIONS} connections, sequencer {kind}",
                value=rates[kind],
                unit="commits/s",
                baseline="the same row into a plain table of the same form, one a commit",
                baseline_value=rates["plain"],
                target=f">= {share:.0%}",
                met=rates[kind] >= share * rates["plain"],
            )
            for kind, share in shares.items()
        ),
        Figure(
            figure="lag from commit to place in the tree, p99, PostgreSQL",
            value=lag,
            unit="s",
            baseline="the middle event",
            baseline_value=median(lags),
            target=f"<= {LAG_LIMIT:g} s",
            met=lag <= LAG_LIMIT,
        ),
    )


@contextmanager
def _server(folder: Path) -> Iterator[Database | None]:
    """A server of its own with a pool for all connections; None where none is installed."""
    with server_url(folder) as url:
        if url is None:
            yield None
            return
        engine = create_engine(url, pool_size=CONNECTIONS + 2, hide_parameters=True)
        with closing(Database(engine, None, PostgresReaders(READ_SECONDS))) as database:
            yield database


def _plain_table(database: Database) -> Table:
    """A table with the columns and indexes of the log's, and nothing behind it."""
    plain = Table(
        "plain_event",
        MetaData(),
        *(Column(c.name, c.type, primary_key=c.primary_key) for c in EVENTS.c),
        *(Index(f"plain_{n}", *index.columns.keys()) for n, index in enumerate(EVENTS.indexes)),
    )
    plain.create(database.writer_engine)
    return plain


def _plain_insert(plain: Table) -> Callable[[Connection], EventId]:
    statement = insert(plain)

    def write(tx: Connection) -> EventId:
        event = new_event_id()
        row = stored(DRAFT, event_id=event, process_id="p", n=1, skipped=None, parts_digest=None)
        tx.execute(statement, dict(zip(STORED, row, strict=True)))
        return event

    return write


def _append(ledger: Ledger) -> Callable[[Connection], EventId]:
    return lambda tx: ledger.log.append(tx, DRAFT)


def _commits(
    database: Database,
    write: Callable[[Connection], EventId],
    each: int,
    committed: dict[EventId, float] | None = None,
) -> float:
    """Commits a second over all connections."""

    def call() -> None:
        for _ in range(each):
            event = database.write(write)
            if committed is not None:
                committed[event] = time.perf_counter()

    threads = [threading.Thread(target=call) for _ in range(CONNECTIONS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * CONNECTIONS / (time.perf_counter() - start)


def _running(ledger: Ledger, each: int) -> tuple[float, list[float]]:
    """Commits a second while the sequencer runs, and each event's way from commit to place."""
    ended = threading.Event()
    committed: dict[EventId, float] = {}
    passes: list[tuple[float, int]] = []

    def sequence() -> None:
        while not ended.wait(PAUSE_S):
            if placed := pass_once(ledger):
                passes.append((time.perf_counter(), placed))

    with ledger.database.read() as tx:
        first = len(tx.execute(select(LEAVES.c.seq)).all())
    sequencer = threading.Thread(target=sequence)
    sequencer.start()
    rate = _commits(ledger.database, _append(ledger), each, committed)
    while sum(placed for _, placed in passes) < len(committed) and sequencer.is_alive():
        time.sleep(PAUSE_S)
    ended.set()
    sequencer.join()
    with ledger.database.read() as tx:
        query = select(LEAVES.c.event_id).where(LEAVES.c.seq >= first).order_by(LEAVES.c.seq)
        ids = iter(tx.execute(query).scalars().all())
    lags = [
        max(0.0, at - committed[event])
        for at, placed in passes
        for event in (next(ids) for _ in range(placed))
        if event in committed
    ]
    return rate, lags
