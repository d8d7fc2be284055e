"""What the raw decision endpoints do with octets: headers, bodies, answers, problems."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, cast

from consent.access.errors import MediaTypeError, MethodHereError
from governance.core.errors import GovernanceError
from governance.http.principal import ANONYMOUS, Principal
from governance.http.problems import DetailedError, language_of_scope, problem_response
from policies.api import SignInNeededError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
JSON: Final = b"application/json"


def header(scope: Scope, name: bytes) -> bytes | None:
    """The value of the first header of this name, which is written small."""
    for given, value in scope["headers"]:
        if given == name:
            return cast("bytes", value)
    return None


def caller_of(scope: Scope) -> Principal:
    """Who asks, as the authentication left it."""
    return cast("Principal", scope.get("state", {}).get("principal", ANONYMOUS))


def require_json(scope: Scope) -> None:
    """Raises MediaTypeError unless the body says to be JSON in UTF-8."""
    given = header(scope, b"content-type")
    if given == JSON:
        return
    media, _, parameters = (given or b"").partition(b";")
    charset = parameters.partition(b"charset=")[2].strip().strip(b'"').lower()
    if media.strip().lower() != JSON or charset not in (b"", b"utf-8"):
        raise MediaTypeError


async def body_of(receive: Receive, *, limit: int, form: type[DetailedError]) -> bytes:
    """The whole body; raises the form's error when it is larger or breaks off."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise form
        part = cast("bytes", message.get("body", b""))
        size += len(part)
        if size > limit:
            raise form([("", "too_large")])
        if not message.get("more_body"):
            return b"".join((*parts, part)) if parts else part
        parts.append(part)


async def respond(
    send: Send, body: bytes, request_id: bytes | None, *more: tuple[bytes, bytes]
) -> None:
    """The answer, with the caller's own id of its request."""
    headers = [(b"content-type", JSON), (b"content-length", b"%d" % len(body)), *more]
    if request_id is not None:
        headers.append((b"x-request-id", request_id))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def respond_problem(
    error: GovernanceError, request_id: bytes | None, scope: Scope, receive: Receive, send: Send
) -> None:
    """The error as problem details, with what AuthZEN asks of its headers."""
    headers: dict[str, str] = {}
    if request_id is not None:
        headers["x-request-id"] = request_id.decode("latin-1")
    if isinstance(error, SignInNeededError):
        headers["www-authenticate"] = 'Bearer realm="sekisho"'
    if isinstance(error, MethodHereError):
        headers["allow"] = error.allowed
    response = problem_response(error, language_of_scope(scope), headers)
    await response(scope, receive, send)
