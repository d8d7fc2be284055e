"""The outermost layer of the application: ids, limits and headers of every request and answer."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.requests import Request
from starlette.responses import Response

from consent.access.api import PREFIX as ACCESS
from consent.columns.api import AUDIENCES, LIMIT, SEGMENTS
from dsar.messages.types import MOST_BYTES
from governance.app.hosts import PROBES, HostUnknownError, foreign, name_in
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id
from governance.core.logging import logger
from governance.db.errors import DatabaseUnreachableError
from governance.http.problems import language_of_scope, problem_response
from governance.http.request import StaleFormError
from governance.http.sent import keeping
from governance.ui.headers import page_headers, security_headers

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Answerer = Callable[[Request, GovernanceError], Response]
MAX_BODY = 10 * 1024 * 1024  # octets of one request
LARGER = dict.fromkeys((AUDIENCES, SEGMENTS), LIMIT)  # lists of a million persons
FILES: Final = re.compile(r"/(portal/requests/of|console/requests)/[^/]+/files")
EMPTY: Final[Mapping[str, int]] = MappingProxyType({})
FORM: Final = 64 * 1024  # octets of a form around its file
log = logger()


class BodyTooLargeError(GovernanceError):
    """The request's body is larger than any form or question of ours."""

    code, status = "body_too_large", 413


class FaultError(GovernanceError):
    """Something that nobody foresaw; the log has its kind, nobody else has its words."""

    code = "fault"


class Edge:
    """The outermost layer: request id, body limit, headers of every answer."""

    def __init__(
        self,
        app: Asgi,
        *,
        https: bool,
        answer: Answerer,
        hosts: frozenset[str] | None = None,
        larger: Mapping[str, int] = EMPTY,
    ) -> None:
        """`answer` makes the response to an error of which nobody else has heard.

        `larger` are addresses that take longer bodies, in octets.
        """
        self._larger: Final = {**LARGER, **larger}
        self._app, self._problem, self._hosts = app, answer, hosts
        self._static = _octets(security_headers(https=https))
        self.pages: Final = _octets(page_headers(https=https))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request goes on with an id; its answer carries the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        request_id = _given_id(scope) or new_row_id()
        scope.setdefault("state", {})["request_id"] = request_id
        headers = self._static if path.startswith("/static/") else self.pages

        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = completed(message["headers"], headers, request_id)
            await send(message)

        if (refused := self._refusal(scope)) is not None:
            answer = problem_response(refused, language_of_scope(scope))
            await answer(scope, receive, with_headers)
            return
        most = self._larger.get(path) or _most(path)
        length, chunked = _announced(scope)
        if not length.isdigit() or int(length) > most:
            too_large = self._problem(Request(scope), BodyTooLargeError(limit=most))
            await too_large(scope, receive, with_headers)
            return
        try:
            body = _limited(receive, most) if chunked else receive
            await self._app(scope, keeping(scope, body), with_headers)
        except Exception as error:  # the process edge: whatever was not foreseen
            if begun:
                raise
            kind = type(error).__name__  # a trace could quote a value
            log.error("http.fault", kind=kind, request=request_id)  # noqa: TRY400 # the same
            await self._problem(Request(scope), _told(error))(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> GovernanceError | None:
        """Why the request goes no further: another host than ours, or another site's page."""
        headers = scope["headers"]
        if self._hosts is not None and scope["path"] not in PROBES:
            named = [value for name, value in headers if name == b"host"]
            if len(named) != 1 or name_in(named[0]) not in self._hosts:
                return HostUnknownError()  # fails closed: none, or two, is none
        return StaleFormError() if foreign(scope["method"], headers, self._hosts) else None


def _told(error: Exception) -> GovernanceError:
    """Of what nobody foresaw: a database that is away passes, any other is a fault of ours."""
    if isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnreachableError(reason=type(error).__name__)
    return FaultError()


def _most(path: str) -> int:
    """How long a body may be there: files of a request are longer than any form."""
    return MOST_BYTES + FORM if path.endswith("/files") and FILES.fullmatch(path) else MAX_BODY


def _announced(scope: Scope) -> tuple[bytes, bool]:
    """The length that the body is said to have, which the server holds it to; is there none."""
    length, chunked = b"", False
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = length or value
        elif name == b"transfer-encoding":
            chunked = True
    return length or b"0", chunked or not length


def completed(
    given: Iterable[tuple[bytes, bytes]], ours: tuple[tuple[bytes, bytes], ...], request_id: str
) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with those of ours that it does not set itself."""
    found = list(given)
    present = {name.lower() for name, _ in found}
    found += [pair for pair in ours if pair[0] not in present]
    if b"x-request-id" not in present:
        found.append((b"x-request-id", request_id.encode("latin-1")))
    return found


def _given_id(scope: Scope) -> str | None:
    """The caller's own id of a decision request, which every answer to it carries (AuthZEN 1.0)."""
    if not str(scope["path"]).startswith(ACCESS):
        return None
    given = (value for name, value in scope["headers"] if name == b"x-request-id")
    return next((value.decode("latin-1") for value in given), None)


def _limited(receive: Receive, most: int) -> Receive:
    """A body without a length is refused at the same limit."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise BodyTooLargeError(limit=most)
        return message

    return limited


def _octets(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers)
