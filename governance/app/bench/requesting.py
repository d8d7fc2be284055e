"""Requests of persons taken in through the use case: claim sealed, looked up, filed, told, audited.

Each caller waits until its own request is durable, as a page does. The register is empty: a request
for nobody takes the same steps as one for somebody.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Column, MetaData, String, Table, insert

from dsar.intake.service import file_request
from dsar.intake.types import Claim, Filing, Source
from dsar.types import Intake, RequestKind
from governance.app.bench.figure import Figure
from governance.app.wiring import Wiring
from governance.core.settings_reading import load
from governance.db.engine import Database, sqlite_url
from governance.http.principal import ANONYMOUS

ROWS: Final = 3_000
CALLERS: Final = 32
TARGET: Final = 300  # requests a second on two cores
NAIVE: Final = Table(
    "naive_request", MetaData(), *(Column(name, String) for name in ("kind", "name", "email"))
)


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Requests a second on SQLite, beside one plain row a request, a commit each."""
    count = rows or ROWS
    with TemporaryDirectory(dir=Path.cwd()) as name:  # the temporary folder may be memory
        folder = Path(name)
        plain = _plain(folder, count)
        filed = _filed(folder, count)
    return (
        Figure(
            figure=f"requests taken in, {CALLERS} waiting callers",
            value=filed,
            unit="requests/s",
            baseline="one plain row a request into one table, a commit each, one caller",
            baseline_value=plain,
            target=f">= {TARGET}/s",
            met=filed >= TARGET,
        ),
    )


def _claims(count: int) -> list[Claim]:
    return [
        Claim(name=f"架空 {number}", email=f"person{number}@example.com") for number in range(count)
    ]


def _plain(folder: Path, count: int) -> float:
    with closing(Database.open(sqlite_url(folder / "plain.db"))) as database:
        NAIVE.create(database.writer_engine)
        begun = time.perf_counter()
        for claim in _claims(count):
            row = {"kind": "disclosure", "name": claim.name, "email": claim.email}
            database.write(lambda tx, row=row: tx.execute(insert(NAIVE).values(row)))  # type: ignore[misc] # bound now
        return count / (time.perf_counter() - begun)


def _filed(folder: Path, count: int) -> float:
    settings = load(environment={}, overrides={"data_dir": folder / "data"})
    with closing(Wiring.create(settings)) as wiring, ThreadPoolExecutor(CALLERS) as callers:

        def one(claim: Claim) -> None:
            filing = Filing(
                kind=RequestKind.DISCLOSURE,
                intake=Intake.PORTAL,
                source=Source.PORTAL,
                claim=claim,
                policy_days=settings.dsar_policy_days,
            )
            file_request(wiring.ports, ANONYMOUS, filing, at=wiring.clock())

        list(callers.map(one, _claims(CALLERS)))  # keys and statements are made once
        begun = time.perf_counter()
        list(callers.map(one, _claims(count)))
        return count / (time.perf_counter() - begun)
