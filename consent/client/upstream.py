"""What a client asks of the server, over one pool of connections."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import httpx

from .records import Recorded, body
from .sse import Event, events

TIMEOUT: Final = 10.0  # seconds of one request
ASKING: Final = 2.0  # seconds of asking for a lease, which lasts about as long: later is too late
SILENCE: Final = 5.0  # seconds without any line of the feed; it speaks every half second
PART: Final = 1_000  # persons of one request
JSON: Final = {"content-type": "application/json"}
FORBIDDEN: Final = frozenset({401, 403})


class RefusedError(Exception):
    """The server knows this key no more, or not for this."""


class Told(NamedTuple):
    """What came of asking for the lease."""

    standing: str  # granted, joined, behind
    owed: int
    seconds: float
    now: int  # the server's clock, in milliseconds since 1970


class Upstream:
    """Sends and reads; holds no state but its connections."""

    def __init__(self, base_url: str, key: str, *, purposes: Sequence[str] | None) -> None:
        self._base_url, self._key = base_url, key
        self._purposes = None if purposes is None else ",".join(purposes)
        self._opening = threading.Lock()
        self._opened: httpx.Client | None = None

    @property
    def _http(self) -> httpx.Client:
        """The pool, made when it is first needed: reading certificates takes a while."""
        with self._opening:
            if self._opened is None:
                self._opened = httpx.Client(
                    base_url=self._base_url,
                    headers={
                        "authorization": f"Bearer {self._key}",
                        "user-agent": "sekisho-client",
                    },
                    timeout=TIMEOUT,
                    trust_env=False,  # no proxy of the environment between a gate and its answers
                )
            return self._opened

    def __repr__(self) -> str:
        return "Upstream(...)"

    def ask(self, holder: str, *, applied: int) -> Told:
        """The lease, asked for with the position that is applied."""
        asked = {"holder": holder, "applied": applied}
        told = self._post("/v1/leases", asked, timeout=ASKING)
        return Told(
            standing=str(told["standing"]),
            owed=int(told["owed"]),
            seconds=float(told["seconds"]),
            now=int(told["now"]),
        )

    def give_back(self, holder: str) -> None:
        """Nobody waits for this holder any more."""
        answer = self._http.delete(f"/v1/leases/{holder}")
        answer.raise_for_status()

    def register(self, add: Iterable[str], remove: Iterable[str]) -> int:
        """The position from which on the feed speaks of these persons."""
        adds, removes, seq = list(add), list(remove), 0
        for start in range(0, max(len(adds), len(removes), 1), PART):
            end = start + PART
            part = {"add": adds[start:end], "remove": removes[start:end]}
            seq = int(self._post("/v1/identifiers", part)["seq"])
        return seq

    def record(
        self, batch: Sequence[Recorded], *, stream: str, wall: Callable[[float], float]
    ) -> None:
        """The decisions stand in the server's log; `wall` turns our clock into the server's."""
        self._sent("/v1/decisions", body(batch, stream=stream, wall=wall))

    @contextmanager
    def feed(self, *, after: int | None, tag: str, rows: int) -> Iterator[Iterator[Event]]:
        """The events after a position, or everything anew where what we know is not whole."""
        headers = {"accept": "text/event-stream"}
        if after is not None:
            headers["last-event-id"] = str(after)
        query = {"tag": tag, "rows": str(rows)}
        if self._purposes is not None:
            query["purposes"] = self._purposes
        timeout = httpx.Timeout(TIMEOUT, read=SILENCE)
        with self._http.stream(
            "GET", "/v1/feed", headers=headers, params=query, timeout=timeout
        ) as answer:
            if answer.status_code in FORBIDDEN:
                raise RefusedError
            answer.raise_for_status()
            yield events(answer.iter_lines())

    def close(self) -> None:
        """No connection is open."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()

    def _post(
        self, path: str, members: dict[str, Any], *, timeout: float = TIMEOUT
    ) -> dict[str, Any]:
        return self._sent(path, json.dumps(members).encode(), timeout=timeout)

    def _sent(self, path: str, octets: bytes, *, timeout: float = TIMEOUT) -> dict[str, Any]:
        answer = self._http.post(path, content=octets, headers=JSON, timeout=timeout)
        if answer.status_code in FORBIDDEN:
            raise RefusedError
        answer.raise_for_status()
        told = json.loads(answer.content)
        if not isinstance(told, dict):
            raise TypeError("no object")
        return told
