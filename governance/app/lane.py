"""The commonest question, answered in its connection: no task, no scope, no layers.

uvicorn makes an application's call of every request. For one decision that is most of the time,
so `POST /access/v1/evaluation` in its commonest form is answered where its last octet arrives.
Whatever is not exactly that goes the usual way, with the octets that have come: another address,
a key that was not proved before, a body that is not plain, every answer but 200. The answers are
the same (tests/governance/app/test_lane.py); so are the limits, for uvicorn still reads.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from consent.access.api import AccessApplication
from consent.access.metadata import EVALUATION
from consent.wire import JSON
from governance.core.ids import new_row_id
from governance.identity.clients.bearers import Bearer
from governance.identity.clients.certificates import PEER, SCOPE
from governance.identity.middleware import Authentication

PATH: Final = EVALUATION.encode()
SHORT: Final = 4_096  # octets of a body that is kept until it is whole; the commonest have 200
PLAIN: Final = re.compile(rb"[!-~]{1,128}")  # an id of a request that needs no second look
UNUSUAL: Final = frozenset({b"transfer-encoding", b"upgrade"})
END: Final = b"\r\n\r\n"
Headers = Sequence[tuple[bytes, bytes]]


class Asker(NamedTuple):
    """What a head said: who asks, by a credential that was proved before, under which own id."""

    bearer: Bearer
    request_id: bytes | None


class Lane:
    """Headers and body of one question in, the whole answer out."""

    def __init__(
        self,
        decisions: AccessApplication,
        signed_in: Authentication,
        headers: Headers,
    ) -> None:
        """`headers` are those that every answer carries."""
        self._decisions, self._signed_in = decisions, signed_in
        self._fixed: Final = ((b"content-type", JSON), *headers)
        self._head: tuple[Headers, bytes] = (), b""

    def answer(
        self, said: Mapping[bytes, bytes], address: str | None, body: bytes, *, given: Headers
    ) -> tuple[Asker, bytes] | None:
        """Who asks, and the answer with the server's own headers; None: ask the application."""
        request_id = said.get(b"x-request-id")
        if said.get(b"content-type") != JSON or not UNUSUAL.isdisjoint(said):
            return None
        if request_id is not None and PLAIN.fullmatch(request_id) is None:
            return None
        known = self._signed_in.remembered(said.get(b"authorization", b""), address)
        if known is None or known.certificate is not None:  # a certificate is looked at elsewhere
            return None
        asker = Asker(known, request_id)
        made = self.again(asker, body, given=given)
        return None if made is None else (asker, made)

    def again(self, asker: Asker, body: bytes, *, given: Headers) -> bytes | None:
        """The same to the octets of a head to which an answer was given before."""
        bearer = asker.bearer
        if bearer.place != self._signed_in.callers() or not bearer.opens():
            return None  # fails closed: who may call has changed
        if not bearer.passes():
            return None  # too often: the application says so
        made = self._decisions.single_now(bearer.principal, asker.request_id, body)
        if made is None:
            bearer.asks_again()
            return None
        told = asker.request_id or new_row_id().encode()
        head = self._begin(given)
        return b"%b%b\r\ncontent-length: %d\r\n\r\n%b" % (head, told, len(made), made)

    def _begin(self, given: Headers) -> bytes:
        """What every answer begins with; the server's headers are another list each second."""
        known = self._head
        if known[0] is not given:
            lines = b"".join(b"%b: %b\r\n" % pair for pair in (*given, *self._fixed))
            known = self._head = given, b"HTTP/1.1 200 OK\r\n" + lines + b"x-request-id: "
        return known[1]


class Head(NamedTuple):
    """A head that was read and answered; who sends the same octets again means the same."""

    octets: bytes
    length: int  # of the body that it announces
    asker: Asker


class LaneProtocol(HttpToolsProtocol):
    """uvicorn's connection, with the lane before its application."""

    lane: Lane

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._open: Final = self.limit_concurrency is None and not self.root_path
        self._between = True  # no request has begun to come
        self._fresh = b""  # what came since then, as long as it may be one whole request
        self._known: Head | None = None
        self._body: bytes | None = None  # of a question that may be answered here
        self._leaving = False  # the server stops: what comes is answered and the connection closed
        self._active = 0.0  # when the last answer was given here, on the loop's clock

    def data_received(self, data: bytes) -> None:
        """A whole request under a head that is known needs no reading; any other is read."""
        known = self._known
        if known is not None and self._between and data.startswith(known.octets):
            body = data[len(known.octets) :]
            if len(body) == known.length and not self._busy():
                given = self.server_state.default_headers
                if (made := self.lane.again(known.asker, body, given=given)) is not None:
                    self._sent(made)
                    return
        self._fresh = data if self._between else b""
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._between = False
        super().on_message_begin()
        scope = cast("dict[str, Any]", self.scope)
        scope[PEER] = self.client[0] if self.client else None  # a proxy's word changes the other
        tls = self.transport.get_extra_info("ssl_object")
        if tls is not None:
            scope[SCOPE] = tls.getpeercert(binary_form=True)

    def on_headers_complete(self) -> None:
        """What may be answered here waits for its body; the rest is on its way."""
        self._body = b"" if self.url == PATH and self._takes() else None
        if self._body is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A body that is longer than a question goes the usual way as it comes."""
        if self._body is not None:
            body = self._body + body
            if len(body) <= SHORT:
                self._body = body
                return
            self._usual()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The question is answered, or goes the usual way as if it came now."""
        self._between = True
        fresh, self._fresh = self._fresh, b""
        body = self._body
        if body is not None:
            self._known = None
            if (found := self._answered(body)) is not None:
                self._body = None
                asker, made = found
                head, end, rest = fresh.partition(END)
                if rest == body:  # nothing came before or after it
                    self._known = Head(head + end, len(body), asker)
                self._sent(made)
                return
            self._usual()
            super().on_body(body)
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """A connection on which an answer was given since is closed so much later."""
        left = self._active + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
            return
        handler = self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(left, handler)

    def shutdown(self) -> None:
        """A question whose body is on its way is answered yet."""
        self._leaving = True
        if self._body is None:
            super().shutdown()

    def _answered(self, body: bytes) -> tuple[Asker, bytes] | None:
        said = dict(self.headers)
        if self._busy() or len(said) != len(self.headers):  # a header that stands twice
            return None
        given = self.server_state.default_headers
        return self.lane.answer(said, self._address(said), body, given=given)

    def _sent(self, answer: bytes) -> None:
        """The answer is on its way, and the connection waits for the next question."""
        self.transport.write(answer)
        self._active = self.loop.time()
        self.server_state.total_requests += 1
        if self.timeout_keep_alive_task is None:
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, handler)

    def _takes(self) -> bool:
        """Whether a request with these headers may be answered here."""
        parser = self.parser
        return (
            self._open
            and not self.expect_100_continue
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
        )

    def _usual(self) -> None:
        """The request is uvicorn's, as if its headers had come now."""
        self._body = None
        super().on_headers_complete()
        if self._leaving:
            self.cycle.keep_alive = False

    def _busy(self) -> bool:
        """Whether an answer must wait: for another one, for a slow reader, or for good."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # none before the first
        waits = cycle is not None and not cycle.response_complete
        return waits or self.flow.write_paused or self._leaving or self.transport.is_closing()

    def _address(self, said: Mapping[bytes, bytes]) -> str | None:
        """The caller's address, as uvicorn tells it to the application behind a known proxy."""
        address = self.client[0] if self.client else None
        forwarded = said.get(b"x-forwarded-for")
        if forwarded is None or not isinstance(self.app, ProxyHeadersMiddleware):
            return address
        trusted = self.app.trusted_hosts
        if address not in trusted:
            return address
        return trusted.get_trusted_client_address(forwarded.decode("latin1"))[0] or address
