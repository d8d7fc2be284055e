"""Single checks over HTTP and by the client: one worker beside one of a first draft."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from governance.app.bench.deciding import local
from governance.app.bench.deciding.crowds import CHANNEL, PURPOSE, Place, installation
from governance.app.bench.deciding.naive import fill
from governance.app.bench.deciding.served import (
    ask_by_many,
    ask_for,
    request_of,
    serve_naive,
    serve_ours,
    worker,
)
from governance.app.bench.figure import Figure

PERSONS: Final = 2_000
SECONDS: Final = 3.0
LINES: Final = 16
ASKERS: Final = 2  # processes that ask
ROUNDS: Final = 3  # in turn; the best counts
FLOOR: Final = 15_000  # requests a second
RATIO: Final = 15
QUICK_MS: Final = 0.2


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Requests a second by sixteen connections, the latency by one, and the client's checks."""
    with installation(rows or PERSONS) as place, TemporaryDirectory() as folder:
        path = Path(folder) / "naive.db"
        fill(path, place.people, PURPOSE)
        place.wiring.ports.decisions.close()
        with (
            worker(serve_ours, str(place.folder)) as ours,
            worker(serve_naive, str(path)) as naive,
        ):
            return (*_figures(place, ours, naive), local.measure(place, ours))


def _figures(place: Place, ours: int, naive: int) -> tuple[Figure, ...]:
    asked = [request_of(name, PURPOSE, CHANNEL, place.key) for name in place.people]
    plain = [request_of(name, PURPOSE, CHANNEL, None) for name in place.people]
    ask_for(ours, asked, lines=LINES, seconds=0, warm=len(asked))  # what refusals rest on is known
    many = [
        (
            ask_by_many(ours, asked, askers=ASKERS, lines=LINES, seconds=SECONDS),
            ask_by_many(naive, plain, askers=ASKERS, lines=LINES, seconds=SECONDS),
        )
        for _ in range(ROUNDS)
    ]
    one = ask_for(ours, asked, lines=1, seconds=SECONDS)
    one_plain = ask_for(naive, plain, lines=1, seconds=SECONDS)
    rate = max(mine for mine, _ in many)
    base = max(other for _, other in many)
    return (
        Figure(
            figure="single check over HTTP, one worker, explained and recorded",
            value=rate,
            unit="requests/s",
            baseline="FastAPI and SQLModel, the bare look-up",
            baseline_value=base,
            target=f">= {RATIO}x and >= {FLOOR:,}/s",
            met=rate >= FLOOR and rate >= RATIO * base,
        ),
        Figure(
            figure="single check over HTTP, one connection, half of the answers within",
            value=one.quantile(0.5) * 1_000,
            unit="ms",
            baseline="FastAPI and SQLModel, the bare look-up",
            baseline_value=one_plain.quantile(0.5) * 1_000,
            target=f"< {QUICK_MS} ms",
            met=one.quantile(0.5) * 1_000 < QUICK_MS,
        ),
    )
