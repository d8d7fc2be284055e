"""An HTTP(S) server on this machine that records what it gets."""

import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

from governance.outbound.ssrf import Egress

LOOPBACK = ip_network("127.0.0.0/8")
Reply = tuple[int, dict[str, str], bytes]


@dataclass(slots=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    reply: Callable[[Call], Reply] = lambda _: (204, {}, b"")

    @property
    def egress(self) -> Egress:
        """The guard opened by hand for this receiver."""
        return Egress(
            schemes=frozenset({"http", "https"}),
            ports=frozenset({self.port}),
            networks=(LOOPBACK,),
        )


def serve(receiver: Receiver, tls: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    class Recording(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, self.path, headers, self.rfile.read(length))
            receiver.calls.append(call)
            status, extra, body = receiver.reply(call)
            with suppress(OSError):
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the base class looks for these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - base class
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that refuses our certificate

    server = Quiet(("127.0.0.1", 0), Recording)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_port
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    return server
