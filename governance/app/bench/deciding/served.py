"""One worker of each application in a process of its own, and a client that only counts."""

import json
import multiprocessing
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn

from governance.app.bench.deciding.naive import create_naive
from governance.app.factory import create_app
from governance.app.following import following
from governance.app.server import config_of
from governance.app.wiring import Wiring
from governance.core.settings import Settings

START_S: Final = 60.0  # a process that has not begun by then is given up
END: Final = b"\r\n\r\n"
SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of asking for some time."""

    answers: int
    permits: int
    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def quantile(self, share: float) -> float:
        """The latency that so many answers did not exceed, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def serve_ours(folder: str, listening: socket.socket) -> None:
    """The installation of the folder, as `sekisho serve` serves it, without its jobs."""
    wiring = Wiring.open(Settings(data_dir=Path(folder)))
    with following(wiring):
        uvicorn.Server(config_of(create_app(wiring), wiring.settings)).run(sockets=[listening])
    wiring.close()


def serve_naive(path: str, listening: socket.socket) -> None:
    """The first draft over its database."""
    _run(create_naive(Path(path)), listening)


def _run(app: Any, listening: socket.socket) -> None:
    config = uvicorn.Config(
        app, access_log=False, log_level="critical", lifespan="off", server_header=False
    )
    uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def worker(serve: Any, place: str) -> Iterator[int]:
    """The port of a process that serves, until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        process = SPAWN.Process(target=serve, args=(place, listening), daemon=True)
        process.start()
        try:
            yield listening.getsockname()[1]
        finally:
            process.terminate()
            process.join(START_S)


def request_of(subject: str, purpose: str, channel: str, key: str | None) -> bytes:
    """One evaluation as octets on the wire."""
    body = json.dumps(
        {
            "subject": {"type": "system", "id": "bench"},
            "resource": {"type": "person", "id": subject},
            "action": {"name": "use", "properties": {"purpose": purpose}},
            "context": {"channel": channel},
        }
    ).encode()
    return _post("/access/v1/evaluation", body, key)


def _post(path: str, body: bytes, key: str | None) -> bytes:
    signed = "" if key is None else f"authorization: Bearer {key}\r\n"
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{signed}"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Line:
    """One connection, which asks its next question when it has its answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=START_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.asked = 0.0

    def ask(self, question: bytes) -> None:
        self.asked = time.perf_counter()
        self.socket.sendall(question)

    def answer(self) -> bytes | None:
        """The body of the answer, once it is here whole."""
        self.rest += self.socket.recv(65_536)
        head, found, body = self.rest.partition(END)
        if not found:
            return None
        at = head.lower().index(b"content-length:") + 15
        length = int(head[at:].split(b"\r", 1)[0])
        if len(body) < length:
            return None
        self.rest = body[length:]
        return body[:length]


def ask_for(
    port: int, questions: Sequence[bytes], *, lines: int, seconds: float, warm: int = 200
) -> Load:
    """As many answers as come by so many connections in this time."""
    open_lines = [_Line(port) for _ in range(lines)]
    for n in range(warm):
        _alone(open_lines[0], questions[n % len(questions)])
    poll = select.epoll()
    by_number = {line.socket.fileno(): line for line in open_lines}
    asked = answers = permits = 0
    latencies: list[float] = []
    start = time.perf_counter()
    for line in open_lines:
        poll.register(line.socket, select.EPOLLIN)
        line.ask(questions[asked % len(questions)])
        asked += 1
    while (now := time.perf_counter()) - start < seconds:
        for number, _ in poll.poll(1.0):
            line = by_number[number]
            body = line.answer()
            if body is None:
                continue
            latencies.append(time.perf_counter() - line.asked)
            answers += 1
            permits += b'"decision":true' in body
            line.ask(questions[asked % len(questions)])
            asked += 1
    poll.close()
    for line in open_lines:
        line.socket.close()
    return Load(answers=answers, permits=permits, seconds=now - start, latencies=tuple(latencies))


def ask_by_many(
    port: int, questions: Sequence[bytes], *, askers: int, lines: int, seconds: float
) -> float:
    """Answers a second to so many processes, each with its share of the connections.

    One asking process and one serving process with few connections wait for each other in turn.
    """
    started, found = SPAWN.Barrier(askers), SPAWN.SimpleQueue()
    share = list(questions)
    children = [
        SPAWN.Process(
            target=_asking,
            args=(port, share, lines // askers, seconds, started, found),
            daemon=True,
        )
        for _ in range(askers)
    ]
    for child in children:
        child.start()
    rate = sum(found.get() for _ in children)
    for child in children:
        child.join(START_S)
    return float(rate)


def _asking(
    port: int, questions: list[bytes], lines: int, seconds: float, started: Any, found: Any
) -> None:
    started.wait(START_S)
    found.put(ask_for(port, questions, lines=lines, seconds=seconds).rate)


def _alone(line: _Line, question: bytes) -> None:
    line.ask(question)
    while line.answer() is None:
        pass
