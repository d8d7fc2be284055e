"""How long and how much a connection may owe us: a head that never ends, a body that drips.

uvicorn with httptools reads a head of any length and waits for it as long as it takes; each such
connection holds memory and a place. The server looks at its connections every few seconds.
"""

from typing import Any, Final, cast

from governance.app.lane import Lane, LaneProtocol

HEAD_SECONDS: Final = 20.0  # from the connection, or from the first octet, to the end of the head
BODY_SECONDS: Final = 30.0  # between two pieces of a body
WHOLE_SECONDS: Final = 600.0  # a list of a million persons (40 MB) at half a megabit
HEAD_OCTETS: Final = 65_536
HEAD_LINES: Final = 100
LOOKS: Final = 50  # ticks of the server (a tenth of a second) between two looks
REFUSED: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class PatientProtocol(LaneProtocol):
    """The connection with a limit to its patience."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._owed: float | None = None  # since when the other side owes octets; None: we do
        self._begun = 0.0  # when the message began
        self._in_head = False
        self._octets = 0  # of the head so far

    def connection_made(self, transport: Any) -> None:
        """Somebody is here, and has to say what for."""
        super().connection_made(transport)
        self._begun = self._owed = self.loop.time()
        self._in_head, self._octets = True, 0

    def data_received(self, data: bytes) -> None:
        """What came is read; a head without end is not read on."""
        super().data_received(data)
        if self._in_head:
            self._octets += len(data)
            if self._octets > HEAD_OCTETS:
                self._refuse()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._begun = self._owed = self.loop.time()
        self._in_head, self._octets = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole; a body may be owed."""
        self._in_head, self._owed = False, self.loop.time()
        if len(self.headers) > HEAD_LINES:
            self._refuse()
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body came; of what is refused none is taken."""
        if self.transport.is_closing():
            return
        self._owed = self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is our turn."""
        self._owed = None
        if not self.transport.is_closing():
            super().on_message_complete()

    def late(self, now: float) -> bool:
        """Whether the other side has owed its octets for too long."""
        if self._owed is None:
            return False
        patience = HEAD_SECONDS if self._in_head else BODY_SECONDS
        return now - self._owed > patience or now - self._begun > WHOLE_SECONDS

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(REFUSED)
            self.transport.close()


def close_late(connections: Any, now: float) -> int:
    """How many connections were closed because they owed their octets for too long."""
    late = [one for one in tuple(connections) if isinstance(one, PatientProtocol) and one.late(now)]
    for one in late:
        cast("Any", one.transport).abort()
    return len(late)


def protocol_of(lane: Lane) -> type[PatientProtocol]:
    """The protocol for `uvicorn.Config(http=...)`."""
    return type("Protocol", (PatientProtocol,), {"lane": lane})
