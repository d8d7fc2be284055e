"""Batches and columns of a thousand, from the body's octets to the answer's, each on record."""

import asyncio
import json
import time
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import closing
from typing import Any, Final

from consent.access.api import AccessApplication
from consent.columns.api import CHECK, ColumnApplication
from governance.app.bench.deciding.crowds import CHANNEL, PURPOSE, Held, Place, installation
from governance.app.bench.deciding.naive import Answer, Answers, Questions
from governance.app.bench.figure import Figure
from governance.core.terms import SubjectId

PERSONS: Final = 4_000
LIST: Final = 1_000  # questions of one batch
BATCHES: Final = 4  # of one round: fewer decisions than the queue of the log holds
ROUNDS: Final = 4
BATCH_FLOOR: Final = 180_000  # checks a second
COLUMN_FLOOR: Final = 2_000_000
PATH: Final = "/access/v1/evaluations"
Scope = MutableMapping[str, Any]


def measure(*, rows: int | None = None) -> tuple[Figure, ...]:
    """Checks a second of both forms."""
    with installation(rows or PERSONS) as place:
        live = place.wiring.live
        live.freshness = Held()
        live.follow(at=place.wiring.clock())
        return _figures(place)


def _figures(place: Place) -> tuple[Figure, ...]:
    lists = [place.people[n : n + LIST] for n in range(0, len(place.people), LIST)][:BATCHES]
    batches = [_batch(names) for names in lists]
    columns = [_column(names) for names in lists]
    known = {name: n % 10 < 7 for n, name in enumerate(place.people)}  # noqa: PLR2004 # as stored
    with closing(Asker(place)) as ask:
        return _rates(place, ask, batches, columns, known)


def _rates(
    place: Place,
    ask: "Asker",
    batches: Sequence[bytes],
    columns: Sequence[bytes],
    known: dict[SubjectId, bool],
) -> tuple[Figure, ...]:
    works: dict[str, Callable[[], object]] = {
        "batch": lambda: [ask(PATH, body) for body in batches],
        "column": lambda: [ask(CHECK, body) for body in columns],
        "pydantic": lambda: [_by_pydantic(body, known) for body in batches],
    }
    best = {name: _caller_seconds(place, work) for name, work in works.items()}
    rates = {name: LIST * len(batches) / taken for name, taken in best.items()}
    return (
        Figure(
            figure="batch of 1,000, explained and recorded one by one",
            value=rates["batch"],
            unit="checks/s",
            baseline="pydantic models over a dict, neither explained nor recorded",
            baseline_value=rates["pydantic"],
            target=f">= {BATCH_FLOOR:,}/s",
            met=rates["batch"] >= BATCH_FLOOR,
        ),
        Figure(
            figure="column of 1,000, recorded as one decision",
            value=rates["column"],
            unit="checks/s",
            baseline="pydantic models over a dict, neither explained nor recorded",
            baseline_value=rates["pydantic"],
            target=f">= {COLUMN_FLOOR:,}/s",
            met=rates["column"] >= COLUMN_FLOOR,
        ),
    )


def _caller_seconds(place: Place, work: Callable[[], object]) -> float:
    """Time on the processor of who asks; the log is written beside it by a thread of its own."""
    found = []
    for _ in range(ROUNDS):
        place.wiring.ports.decisions.settle()  # what waits for the log is no part of the next
        start = time.thread_time()
        work()
        found.append(time.thread_time() - start)
    return min(found)


class Asker:
    """Asks the product's endpoints in this process, without a connection between."""

    def __init__(self, place: Place) -> None:
        ports, live, clock = place.wiring.ports, place.wiring.live, place.wiring.clock
        self._caller = place.caller
        self._loop = asyncio.new_event_loop()
        self._app = ColumnApplication(
            AccessApplication(_nothing, ports=ports, live=live, clock=clock, origin="http://bench"),
            ports=ports,
            live=live,
            clock=clock,
        )

    def __call__(self, path: str, body: bytes) -> bytes:
        """The body of the answer."""
        return self._loop.run_until_complete(self._asked(path, body))

    def close(self) -> None:
        """No loop is left open."""
        self._loop.close()

    async def _asked(self, path: str, body: bytes) -> bytes:
        parts: list[bytes] = []

        async def receive() -> Scope:  # an ASGI callable
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Scope) -> None:  # an ASGI callable
            parts.append(message.get("body", b""))

        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [(b"content-type", b"application/json")],
            "state": {"principal": self._caller},
        }
        await self._app(scope, receive, send)
        return b"".join(parts)


async def _nothing(_scope: Scope, _receive: object, _send: object) -> None:
    raise LookupError


def _batch(names: Sequence[str]) -> bytes:
    question = {
        "subject": {"type": "system", "id": "bench"},
        "action": {"name": "use", "properties": {"purpose": PURPOSE}},
        "context": {"channel": CHANNEL},
    }
    persons = [{"resource": {"type": "person", "id": name}} for name in names]
    return json.dumps(question | {"evaluations": persons}).encode()


def _column(names: Sequence[str]) -> bytes:
    return json.dumps({"purpose": PURPOSE, "channel": CHANNEL, "subjects": list(names)}).encode()


def _by_pydantic(body: bytes, known: dict[SubjectId, bool]) -> bytes:
    asked = Questions.model_validate_json(body)
    answers = [
        Answer(
            decision=known.get(SubjectId(one.resource.id), False),
            context={"reason": "granted" if known.get(SubjectId(one.resource.id)) else "denied"},
        )
        for one in asked.evaluations
    ]
    return Answers(evaluations=answers).model_dump_json().encode()
