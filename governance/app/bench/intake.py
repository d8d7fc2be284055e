"""Taking customers in, complete: normalised, searched, sealed, indexed, audited, durable."""

import csv
import io
import sqlite3
import time
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from governance.app.bench.figure import Figure
from governance.app.wiring import Wiring
from governance.core.settings import load
from governance.core.terms import ActorId
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportRequest
from governance.http.principal import Principal, PrincipalKind

ROWS = 20_000
BATCH = 500  # rows of one commit, as the import commits them
TARGET = 2_000  # customers a second
LOADER = Principal(
    id=ActorId("u:bench"), kind=PrincipalKind.STAFF, roles=frozenset({"data_manager"})
)


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Customers a second, against the same rows as plain text into one table."""
    with TemporaryDirectory(dir=Path.cwd()) as name:  # the temporary folder may be memory
        folder = Path(name)
        customers = _customers(rows or ROWS)
        source = folder / "customers.csv"
        with source.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(customers)
        value, plain = _taken_in(folder, source), _plain(folder, customers)
    return (
        Figure(
            figure="import of customers, complete",
            value=value,
            unit="customers/s",
            baseline="the same rows as plain text into one table without an index",
            baseline_value=plain,
            target=f">= {TARGET:,}/s",
            met=value >= TARGET,
        ),
    )


def _customers(count: int) -> list[list[str]]:
    """The demo customers over and over, each time with new ids."""
    text = files("governance.app.demo.data").joinpath("customers.csv").read_bytes().decode("cp932")
    header, *shipped = csv.reader(io.StringIO(text, newline=""))
    whole = [row for row in shipped if len(row) == len(header)]
    return [
        header,
        *([f"C{100_001 + n}", *whole[n % len(whole)][1:]] for n in range(count)),
    ]


def _taken_in(folder: Path, source: Path) -> float:
    settings = load(environment={}, overrides={"data_dir": folder / "installation"})
    with closing(Wiring.create(settings)) as wiring:
        wiring.worker.start()
        take_in(
            wiring.ports, LOADER, ImportRequest(path=_first(source)), at=wiring.clock()
        )  # dictionaries and tables of the process are read
        start = time.perf_counter()
        outcome = take_in(wiring.ports, LOADER, ImportRequest(path=source), at=wiring.clock())
        return outcome.counts.read / (time.perf_counter() - start)


def _first(source: Path) -> Path:
    """A file of a few of these customers, for warming up."""
    few = source.with_name("few.csv")
    with source.open(encoding="utf-8") as stream:
        few.write_text("".join(next(stream) for _ in range(8)), encoding="utf-8")
    return few


def _plain(folder: Path, rows: list[list[str]]) -> float:
    header, *data = rows
    with closing(sqlite3.connect(folder / "plain.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(f"CREATE TABLE plain ({', '.join(f'c{n}' for n in range(len(header)))})")
        insert = f"INSERT INTO plain VALUES ({', '.join('?' * len(header))})"  # noqa: S608 # no value
        start = time.perf_counter()
        for at in range(0, len(data), BATCH):
            database.execute("BEGIN IMMEDIATE")
            database.executemany(insert, data[at : at + BATCH])
            database.execute("COMMIT")
        return len(data) / (time.perf_counter() - start)
