"""A connection that owes its octets for too long is closed; a head without end is not read."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from governance.app.lane import Lane
from governance.app.patience import (
    BODY_SECONDS,
    HEAD_LINES,
    HEAD_OCTETS,
    HEAD_SECONDS,
    REFUSED,
    WHOLE_SECONDS,
    PatientProtocol,
    close_late,
    protocol_of,
)


class Wire(asyncio.Transport):
    """A connection that keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.sent, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """A reader that has enough."""

    def resume_reading(self) -> None:
        """A reader that goes on."""


async def _app(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


Joined = tuple[PatientProtocol, Wire, asyncio.AbstractEventLoop]


@pytest.fixture
def join() -> Iterator[Callable[[], Joined]]:
    with asyncio.Runner() as runner:
        config = uvicorn.Config(_app, http=protocol_of(cast("Lane", None)), lifespan="off")
        config.load()

        def made() -> Joined:
            loop = runner.get_loop()
            protocol = cast("PatientProtocol", protocol_of(cast("Lane", None))(
                config=config, server_state=ServerState(), app_state={}, _loop=loop
            ))  # fmt: skip
            wire = Wire()
            protocol.connection_made(wire)
            return protocol, wire, loop

        yield made


HEAD = b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n"


@pytest.mark.parametrize(
    ("sent", "patience"),
    [
        (b"", HEAD_SECONDS),
        (b"POST /x HT", HEAD_SECONDS),
        (HEAD, HEAD_SECONDS),
        (HEAD + b"\r\n", BODY_SECONDS),
        (HEAD + b"\r\n12345678", BODY_SECONDS),
    ],
)
def test_who_owes_octets_is_waited_for_so_long(
    join: Callable[[], Joined], sent: bytes, patience: float
) -> None:
    protocol, wire, loop = join()
    if sent:
        protocol.data_received(sent)
    since = loop.time()
    assert close_late({protocol}, since + patience - 5) == 0
    assert close_late({protocol}, since + patience + 1) == 1
    assert wire.closed


def test_a_drip_ends_however_often_it_drops(join: Callable[[], Joined]) -> None:
    protocol, wire, loop = join()
    protocol.data_received(HEAD + b"\r\n1")
    begun = loop.time()
    protocol._owed = begun + WHOLE_SECONDS
    assert close_late({protocol}, begun + WHOLE_SECONDS + 1) == 1
    assert wire.closed


def test_who_said_everything_is_not_hurried(join: Callable[[], Joined]) -> None:
    protocol, wire, loop = join()
    protocol.data_received(HEAD + b"\r\n123456789")
    assert close_late({protocol}, loop.time() + WHOLE_SECONDS * 2) == 0
    assert not wire.closed
    protocol.data_received(HEAD)  # the next one has its own time
    assert close_late({protocol}, loop.time() + HEAD_SECONDS + 1) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET /x HTTP/1.1\r\nx: " + b"a" * HEAD_OCTETS * 2,
        b"GET /x HTTP/1.1\r\n"
        + b"".join(b"x%d: y\r\n" % n for n in range(HEAD_LINES + 1))
        + b"\r\n",
        b"GET /" + b"a" * HEAD_OCTETS * 2,
    ],
    ids=["long", "lines", "address"],
)
def test_a_head_without_end_is_refused_before_anybody_hears_of_it(
    join: Callable[[], Joined], head: bytes
) -> None:
    protocol, wire, _loop = join()
    for start in range(0, len(head), 8_192):
        protocol.data_received(head[start : start + 8_192])
        if wire.closed:
            break
    assert wire.closed
    assert wire.sent == REFUSED
    assert protocol.cycle is None


def test_an_ordinary_head_is_not_refused(join: Callable[[], Joined]) -> None:
    protocol, wire, _loop = join()
    protocol.data_received(b"GET /x HTTP/1.1\r\ncookie: " + b"a" * 8_000 + b"\r\n\r\n")
    assert not wire.closed
    assert protocol.cycle is not None
