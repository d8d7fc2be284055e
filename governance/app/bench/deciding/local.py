"""The client that decides in the caller's process, followed by a served installation."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from consent.client.client import Client
from governance.app.bench.deciding.crowds import CHANNEL, PURPOSE, Place
from governance.app.bench.figure import Figure
from governance.core.terms import SubjectId

FLOOR: Final = 800_000  # checks a second
CHECKS: Final = 20_000  # of one round
ROUNDS: Final = 8
DUTIES: Final = ("purpose_tag", "no_onward_transfer")
PATIENCE: Final = 60.0  # seconds until it knows every person
STEP: Final = 0.01  # seconds between two looks whether the records are upstream


def measure(place: Place, port: int) -> Figure:
    """Decisions a second, each asked again by `if` and recorded upstream, beside a bare dict."""
    people = [place.people[n % len(place.people)] for n in range(CHECKS)]
    known = {name: n % 10 < 7 for n, name in enumerate(place.people)}  # noqa: PLR2004 # as stored
    with Client(f"http://127.0.0.1:{port}", place.key, enforces=DUTIES) as client:
        client.register(place.people, timeout=PATIENCE)
        client.ready(PATIENCE)
        permits = _yes(client, people)
        value, base = _best(client, lambda: _yes(client, people), lambda: _plain(known, people))
    wanted = sum(known[name] for name in people)
    return Figure(
        figure="client in the caller's process, asked again before use and recorded",
        value=CHECKS / value,
        unit="checks/s",
        baseline="a function around a dict, without lease, duties or record",
        baseline_value=CHECKS / base,
        target=f">= {FLOOR:,}/s",
        met=permits == wanted and CHECKS / value >= FLOOR,
    )


def _best(client: Client, *works: Callable[[], object]) -> tuple[float, ...]:
    """The shortest times of the calling thread, in turn; records go upstream in between."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, found, strict=True):
            _emptied(client)
            start = time.thread_time()
            work()
            times.append(time.thread_time() - start)
    return tuple(min(times) for times in found)


def _emptied(client: Client) -> None:
    """What was decided is upstream."""
    until = time.monotonic() + PATIENCE
    while client.unsent and time.monotonic() < until:
        time.sleep(STEP)


def _yes(client: Client, people: Sequence[SubjectId]) -> int:
    """How many may be written to."""
    allowed, count = client.allowed, 0
    for name in people:
        if allowed(name, PURPOSE, channel=CHANNEL):
            count += 1
    return count


def _plain(known: Mapping[SubjectId, bool], people: Sequence[SubjectId]) -> int:
    def allowed(name: SubjectId, _purpose: str, *, channel: str) -> bool:
        return bool(channel) and known.get(name, False)

    count = 0
    for name in people:
        if allowed(name, PURPOSE, channel=CHANNEL):
            count += 1
    return count
