"""The web side of a witness: a raw ASGI application with three addresses.

POST /add-checkpoint       C2SP tlog-witness
GET  /vkeys                the witness's public keys, one a line
GET  /checkpoint/<digest>  the newest cosigned note of the origin with this SHA-256
"""

from collections.abc import Awaitable, Callable, MutableMapping
from string import hexdigits
from typing import Any, Final

import anyio

from audit.errors import NoteFormError
from audit.witness.keeping import Witness
from audit.witness.protocol import BODY_LIMIT, SIZE_TYPE, Refusal, Refused, parse_submission
from governance.core.clock import Clock, utc_now

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PLAIN: Final = "text/plain; charset=utf-8"
SHOWN: Final = "/checkpoint/"
OK, NOT_FOUND, WRONG_METHOD, TOO_LARGE = 200, 404, 405, 413
DIGEST_DIGITS = 64
READING_SECONDS = 10.0


class _TooLargeError(Exception):
    """The body is longer than any request can be."""


class WitnessApplication:
    """Answers add-checkpoint under the rules of `protocol.judge`."""

    def __init__(self, witness: Witness, *, clock: Clock = utc_now) -> None:
        self._witness = witness
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; uvicorn's lifespan messages are answered as done."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        status, body, kind = await self._answer(scope, receive)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", kind.encode()),
                    (b"content-length", str(len(body)).encode()),
                    (b"x-content-type-options", b"nosniff"),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, str]:
        method, path = scope["method"], scope["path"]
        if path == "/add-checkpoint":
            if method != "POST":
                return WRONG_METHOD, b"", PLAIN
            try:
                with anyio.fail_after(READING_SECONDS):
                    body = await _body(receive)
            except _TooLargeError:
                return TOO_LARGE, b"", PLAIN
            except TimeoutError:
                return Refusal.FORM, b"", PLAIN
            return await anyio.to_thread.run_sync(self._add, body)
        if method not in {"GET", "HEAD"}:
            return WRONG_METHOD, b"", PLAIN
        if path == "/vkeys":
            return OK, "".join(key + "\n" for key in self._witness.vkeys).encode(), PLAIN
        if path.startswith(SHOWN):
            return await anyio.to_thread.run_sync(self._shown, path.removeprefix(SHOWN))
        return NOT_FOUND, b"", PLAIN

    def _add(self, body: bytes) -> tuple[int, bytes, str]:
        try:
            asked = parse_submission(body)
        except NoteFormError:
            return Refusal.FORM, b"", PLAIN
        found = self._witness.witness(asked, at=self._clock())
        if not isinstance(found, Refused):
            return OK, found.encode(), PLAIN
        if found.known_size is None:
            return found.refusal, b"", PLAIN
        return found.refusal, f"{found.known_size}\n".encode(), SIZE_TYPE

    def _shown(self, digest: str) -> tuple[int, bytes, str]:
        if len(digest) != DIGEST_DIGITS or not set(digest) <= set(hexdigits.lower()):
            return NOT_FOUND, b"", PLAIN
        try:
            return OK, (self._witness.folder / "seen" / digest).read_bytes(), PLAIN
        except FileNotFoundError:
            return NOT_FOUND, b"", PLAIN


async def _body(receive: Receive) -> bytes:
    found = bytearray()
    while True:
        message = await receive()
        found += message.get("body", b"")
        if len(found) > BODY_LIMIT:
            raise _TooLargeError
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(found)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
