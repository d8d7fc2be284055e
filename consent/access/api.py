"""AuthZEN Authorization API 1.0 as a raw ASGI application in front of the rest.

A refusal is an answer (200 with decision false); 400 is only for what is not of the form. Every
answer carries the caller's X-Request-ID, errors included.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from anyio import to_thread

from consent.access import metadata
from consent.access.batch import answers, answers_now, batch_of
from consent.access.errors import (
    EvaluationFormError,
    MethodHereError,
    NotFoundHereError,
)
from consent.access.paging import Sought
from consent.access.questions import Document, question_of
from consent.access.quick import Quick
from consent.access.recording import Asking
from consent.access.search import search
from consent.access.shapes import encode
from consent.access.single import answer, answer_now
from consent.checks import record_refusal
from consent.state.live import LiveState
from consent.wire import (
    Application,
    Receive,
    Scope,
    Send,
    body_of,
    caller_of,
    header,
    require_json,
    respond,
    respond_problem,
)
from governance.core.clock import Clock, ForwardClock
from governance.core.errors import GovernanceError
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.http.strict_json import NotStrictError, object_of
from policies.actions import Action
from policies.api import ActionForbiddenError, ensure

Endpoint = Callable[[Asking, Document], Awaitable[bytes]]
PREFIX: Final = "/access/"
MAX_BODY: Final = 1_048_576  # octets of one question
QUICK: Final = {metadata.EVALUATION: Quick.single, metadata.EVALUATIONS: Quick.batch}
MAX_DEPTH: Final = 32  # levels of nesting; a question has four


class AccessApplication:
    """The decision endpoints; everything that fails answers no. Other addresses go on."""

    def __init__(
        self, app: Application, *, ports: Ports, live: LiveState, clock: Clock, origin: str
    ) -> None:
        self._app, self._ports, self._live = app, ports, live
        self._quick: Final = Quick(ports, live)
        self._clock: Final = ForwardClock(clock)  # a clock put back revives no ended consent
        self._configuration: Final = encode(metadata.configuration(origin))
        place = urlsplit(origin).path.rstrip("/")
        self._well_known: Final = {metadata.WELL_KNOWN, metadata.WELL_KNOWN + place}
        self._endpoints: Final[dict[str, Endpoint]] = {
            metadata.EVALUATION: self._evaluation,
            metadata.EVALUATIONS: self._evaluations,
            **{path: partial(self._search, sought) for sought, path in metadata.SEARCH.items()},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer to a question; what is no question goes on to the application behind."""
        path = scope["path"] if scope["type"] == "http" else ""
        if not path.startswith(PREFIX) and path not in self._well_known:
            await self._app(scope, receive, send)
            return
        request_id = header(scope, b"x-request-id")
        caller = caller_of(scope)
        try:
            if path in self._well_known:
                await self._told(scope, send, request_id)
                return
            body = await self._answered(scope, receive, caller, request_id)
        except GovernanceError as error:
            if isinstance(error, ActionForbiddenError):
                await self._refused(caller, Action(str(error.params["action"])))
            await respond_problem(error, request_id, scope, receive, send)
            return
        await respond(send, body, request_id)

    async def _answered(
        self, scope: Scope, receive: Receive, caller: Principal, request_id: bytes | None
    ) -> bytes:
        endpoint = self._endpoints.get(scope["path"])
        if endpoint is None:
            raise NotFoundHereError
        if scope["method"] != "POST":
            raise MethodHereError("POST")
        ensure(caller, Action.CONSENT_CHECK, self._ports.policies.current)
        require_json(scope)
        body = await body_of(receive, limit=MAX_BODY, form=EvaluationFormError)
        asking = self._asking(caller, request_id)
        if (read := QUICK.get(scope["path"])) is not None:
            made = read(self._quick, asking, body)
            if made is not None:
                return made
        return await endpoint(asking, _document(body))

    def single_now(self, caller: Principal, request_id: bytes | None, body: bytes) -> bytes | None:
        """The answer to one question of the commonest form; None: ask in general."""
        return self._quick.single(self._asking(caller, request_id), body)

    def _asking(self, caller: Principal, request_id: bytes | None) -> Asking:
        given = None if request_id is None else request_id.decode("latin-1")
        return Asking(caller, given, self._clock())

    async def _refused(self, caller: Principal, action: Action) -> None:
        """That somebody asked who may not is on record; a full queue is waited for elsewhere."""
        record = partial(record_refusal, self._ports, caller, action, at=self._clock())
        await to_thread.run_sync(record)

    async def _evaluation(self, asking: Asking, document: Document) -> bytes:
        question = question_of(document)
        made = answer_now(self._ports, self._live, asking, question)
        if made is None:
            made = await to_thread.run_sync(answer, self._ports, self._live, asking, question)
        return encode(made.as_json())

    async def _evaluations(self, asking: Asking, document: Document) -> bytes:
        batch = batch_of(document)
        if batch is None:
            return await self._evaluation(asking, document)
        made = answers_now(self._ports, self._live, asking, batch)
        if made is None:
            made = await to_thread.run_sync(answers, self._ports, self._live, asking, batch)
        return encode({"evaluations": [one.as_json() for one in made]})

    async def _search(self, sought: Sought, asking: Asking, document: Document) -> bytes:
        return encode(
            await to_thread.run_sync(search, self._ports, self._live, asking, sought, document)
        )

    async def _told(self, scope: Scope, send: Send, request_id: bytes | None) -> None:
        """The discovery document, to anybody."""
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodHereError("GET, HEAD")
        kept = (b"cache-control", b"public, max-age=%d" % metadata.MAX_AGE)
        await respond(send, self._configuration, request_id, kept)  # the server sends HEAD no body


def _document(body: bytes) -> Document:
    """The JSON object of the body; raises EvaluationFormError."""
    try:
        return object_of(body, depth=MAX_DEPTH)
    except NotStrictError:
        raise EvaluationFormError([("", "not_strict_json")]) from None
