"""AuthZEN Authorization API 1.0, single evaluation, as a raw ASGI application.

Subject = the calling system or staff member, resource = a person, action `use` with a purpose.
A refusal is an answer (200 with decision false); 400 is only for what is not of the form.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from typing import Any, cast

from anyio import to_thread
from starlette.requests import Request

from consent.checks import CheckAnswer, check, record_refusal
from consent.service import UseRequest
from governance.core.clock import Clock
from governance.core.errors import GovernanceError, WrongUseError
from governance.core.terms import FieldId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal, PrincipalKind
from governance.http.problems import language_of, problem_response
from governance.http.request import principal_of
from policies.actions import Action
from policies.api import ActionForbiddenError, SignInNeededError, ensure

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
MAX_BODY = 1_048_576  # octets of one evaluation
MAX_DEPTH = 32  # levels of nesting; a question has four


class EvaluationFormError(WrongUseError):
    """The body is not an AuthZEN evaluation request."""

    code = "evaluation_form"


class NotFoundHereError(GovernanceError):
    """No such address under /access."""

    code, status = "no_such_address", 404


class AccessApplication:
    """The decision endpoint; everything that fails answers no."""

    def __init__(self, ports: Ports, clock: Clock) -> None:
        self._ports = ports
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The evaluation's answer, or a problem detail."""
        request = Request(scope, receive)
        try:
            if not request.url.path.endswith("/v1/evaluation") or request.method != "POST":
                raise NotFoundHereError
            principal = principal_of(request)
            if principal.kind is PrincipalKind.ANONYMOUS:
                raise SignInNeededError
            ensure(principal, Action.CONSENT_CHECK, self._ports.policies.current)
            question = parse(await _body(receive), request_id=request.headers.get("x-request-id"))
            answer = await self._answer(principal, question)
        except GovernanceError as error:
            if isinstance(error, ActionForbiddenError):
                await self._refused(principal_of(request))
            await problem_response(error, language_of(request))(scope, receive, send)
            return
        await _respond(send, answer, request.headers.get("x-request-id"))

    async def _refused(self, principal: Principal) -> None:
        """That somebody asked who may not is on record; a full queue is waited for elsewhere."""
        record = partial(
            record_refusal, self._ports, principal, Action.CONSENT_CHECK, at=self._clock()
        )
        await to_thread.run_sync(record)

    async def _answer(self, principal: Principal, question: UseRequest) -> CheckAnswer:
        """The decision, on its way into the log before it is given."""
        decide = partial(check, self._ports, principal, question, at=self._clock())
        return await to_thread.run_sync(decide)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise EvaluationFormError
        part = cast("bytes", message.get("body", b""))
        size += len(part)
        if size > MAX_BODY:
            raise EvaluationFormError
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """I-JSON (RFC 7493): a repeated key has no one meaning, so it has none."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def parse(body: bytes, *, request_id: str | None) -> UseRequest:
    """The question of an evaluation request; raises EvaluationFormError."""
    if body.count(b"{") > MAX_DEPTH * 4 or body.count(b"[") > MAX_DEPTH * 4:
        raise EvaluationFormError
    try:
        document = json.loads(body, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):
        raise EvaluationFormError from None
    subject, resource = _part(document, "subject"), _part(document, "resource")
    action = _part(document, "action")
    _text(subject, "type")
    _text(subject, "id")
    if _text(resource, "type") != "person":
        raise EvaluationFormError
    properties = _optional(action, "properties")
    context = _optional(document, "context")
    _text(action, "name")
    purpose = properties.get("purpose", context.get("purpose", ""))
    seq = context.get("min_seq")
    field = _maybe(context, "field")
    if not isinstance(purpose, str) or not (seq is None or type(seq) is int):
        raise EvaluationFormError
    return UseRequest(
        subject=SubjectId(_text(resource, "id")),
        purpose=_sound(purpose),
        recipient=_maybe(context, "recipient"),
        channel=_maybe(context, "channel"),
        country=_maybe(context, "jurisdiction") or _maybe(context, "country"),
        field=FieldId(field) if field else None,
        min_seq=seq,
        request_id=request_id,
    )


def _part(document: object, name: str) -> Mapping[str, Any]:
    part = document.get(name) if isinstance(document, dict) else None
    if not isinstance(part, dict):
        raise EvaluationFormError
    return part


def _optional(part: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = part.get(name, {})
    if not isinstance(found, dict):
        raise EvaluationFormError
    return found


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not value:
        raise EvaluationFormError
    return _sound(value)


def _maybe(part: Mapping[str, Any], name: str) -> str | None:
    value = part.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise EvaluationFormError
    return _sound(value)


def _sound(value: str) -> str:
    """The text itself when every database can hold it: no NUL, no half of a surrogate pair."""
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise EvaluationFormError
    return value


async def _respond(send: Send, answer: CheckAnswer, request_id: str | None) -> None:
    shape = answer.as_json()
    context = {name: value for name, value in shape.items() if name != "decision"}
    if answer.exact.value.startswith("unavailable."):
        context["retry_after"] = 1  # seconds
    body = json.dumps({"decision": answer.decision, "context": context}, ensure_ascii=False)
    headers = [(b"content-type", b"application/json")]
    if request_id:
        headers.append((b"x-request-id", request_id.encode("latin-1", "replace")))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
