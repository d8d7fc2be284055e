"""Events as syslog (RFC 5424) over TCP with counted frames (RFC 6587) or TLS (RFC 5425).

UDP is not offered: it loses without a word.
"""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from audit.forms.cef import cef
from audit.forms.ocsf import Source
from audit.review import RecordedEvent
from governance.outbound.client import system_trust
from governance.outbound.errors import DeliveryFailedError
from governance.outbound.ssrf import Egress, Resolver, pin_host, system_resolver

LOG_AUDIT = 13  # facility (RFC 5424 6.2.1)
NOTICE, WARNING = 5, 4
SECONDS = 10.0
BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogReceiver:
    """A syslog server; the connection goes to the address that the guard judged."""

    host: str
    port: int
    tls: bool
    egress: Egress
    source: Source
    hostname: str  # ours, as the header names it
    trust: ssl.SSLContext | None = None
    resolver: Resolver = system_resolver

    def carry(self, events: Sequence[RecordedEvent]) -> None:
        """Every frame was handed over and the connection closed in order; else raises.

        Syslog has no receipt: what the server's buffer loses, nobody tells us.
        """
        frames = b"".join(map(self._frame, events))
        address = pin_host(self.host, self.port, self.egress, resolver=self.resolver)
        try:
            with socket.create_connection((str(address), self.port), SECONDS) as plain:
                if not self.tls:
                    _hand_over(plain, frames)
                    return
                trust = self.trust or system_trust()
                with trust.wrap_socket(plain, server_hostname=self.host) as sealed:
                    sealed.sendall(frames)
                    _close(sealed)
        except (OSError, ValueError) as error:
            raise DeliveryFailedError(reason=type(error).__name__) from error

    def _frame(self, event: RecordedEvent) -> bytes:
        severity = WARNING if event.outcome in {"deny", "failed"} else NOTICE
        when = event.recorded_at.astimezone(UTC).isoformat(timespec="milliseconds")
        priority, kind = LOG_AUDIT * 8 + severity, event.action[:32]
        header = f"<{priority}>1 {when[:-6]}Z {self.hostname} sekisho - {kind} -"
        body = f"{header} {BOM}{cef(event, self.source)}".encode()
        return f"{len(body)} ".encode() + body


def _close(sealed: ssl.SSLSocket) -> None:
    """The server has read to the end and closed, with or without a goodbye of its own."""
    try:
        sealed.unwrap()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return
    except OSError as error:
        if error.errno:  # a reset: what was sent may not have been read
            raise


def _hand_over(connection: socket.socket, frames: bytes) -> None:
    """The server has read to the end: it closes after us."""
    connection.sendall(frames)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1024):
        pass
