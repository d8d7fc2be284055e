"""The application: every route behind authentication, every answer with the safe headers."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import partial
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from audit.api import router as audit
from consent.access.api import PREFIX as ACCESS
from consent.access.api import AccessApplication
from consent.checks import record_refusal
from consent.columns.api import AUDIENCES, LIMIT, SEGMENTS, ColumnApplication
from consent.feed.api import router as feed
from governance.app import health
from governance.app.integrating import Integrating
from governance.app.openapi import with_evaluation
from governance.app.pages import router as start_pages
from governance.app.statement_routes import router as statements
from governance.app.version import VERSION
from governance.app.webhooks.api import router as webhooks
from governance.app.wiring import Wiring
from governance.console.log_pages import router as log_pages
from governance.console.pages import router as console
from governance.core.errors import GovernanceError, NotFoundError, WrongUseError
from governance.core.ids import new_row_id
from governance.core.logging import logger
from governance.gateway.api.bodies import query_invalid
from governance.gateway.api.bulk import router as bulk
from governance.gateway.api.collect import router as collected
from governance.gateway.api.companies import router as companies
from governance.gateway.api.consents import router as consents
from governance.gateway.api.duplicates import router as duplicates
from governance.gateway.api.exports import router as exports
from governance.gateway.api.glass import router as glass
from governance.gateway.api.notices import router as notices
from governance.gateway.api.persons import router as persons
from governance.gateway.api.provisions import router as provisions
from governance.gateway.api.quality import router as quality
from governance.gateway.api.recipients import router as recipients
from governance.gateway.api.rows import router as rows
from governance.gateway.api.searches import router as searches
from governance.http.problems import language_of, problem_response
from governance.http.request import principal_of
from governance.http.throttle import Throttle
from governance.identity.middleware import Authentication
from governance.portal.collecting import router as collecting
from governance.portal.pages import router as portal
from governance.portal.published import router as published
from governance.portal.receipts import router as receipts
from governance.reports.api import router as reports
from governance.ui.headers import page_headers, security_headers
from governance.ui.pages import environment
from governance.ui.routes import ui_routes
from governance.ui.surfaces import error_page
from policies.actions import Action
from policies.api import ActionForbiddenError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
MAX_BODY = 10 * 1024 * 1024  # octets of one request; files come in by the command line
LARGER = dict.fromkeys((AUDIENCES, SEGMENTS), LIMIT)  # lists of a million persons
log = logger()


class BodyTooLargeError(GovernanceError):
    """The request's body is larger than any form or question of ours."""

    code, status = "body_too_large", 413


class FaultError(GovernanceError):
    """Something that nobody foresaw; the log has its kind, nobody else has its words."""

    code = "fault"


class BadRequestError(WrongUseError):
    """The request is not of the form that this address takes."""

    code = "bad_request"


def create_app(wiring: Wiring) -> FastAPI:
    """The assembled application over one open installation."""
    app = FastAPI(
        title="Sekisho",
        version=VERSION,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        description="The checkpoint in front of a company's customer data (APPI, GDPR).",
    )
    app.state.wiring = wiring
    app.state.collect_throttle = Throttle(wiring.settings.collect_limit)
    app.openapi = lambda: with_evaluation(app)  # type: ignore[method-assign] # FastAPI's own way to extend it
    app.state.templates = environment("governance.console", "governance.portal", "governance.app")
    for router in (
        start_pages,
        console,
        log_pages,
        portal,
        receipts,
        collecting,
        published,
        health.router,
        bulk,
        searches,
        rows,
        persons,
        companies,
        duplicates,
        quality,
        exports,
        recipients,
        provisions,
        glass,
        notices,
        collected,
        consents,
        webhooks,
        feed,
        audit,
        statements,
        reports,
    ):
        app.include_router(router)
    app.router.routes.extend(ui_routes())
    app.add_exception_handler(GovernanceError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_middleware(Integrating, wiring=wiring, answer=_answer)
    app.add_middleware(
        AccessApplication,
        ports=wiring.ports,
        live=wiring.live,
        clock=wiring.clock,
        origin=wiring.settings.origin,
    )
    app.add_middleware(ColumnApplication, ports=wiring.ports, live=wiring.live, clock=wiring.clock)
    app.add_middleware(
        Authentication,
        database=wiring.database,
        clock=wiring.clock,
        callers=wiring.live.callers,
    )
    app.add_middleware(Edge, https=wiring.settings.origin.startswith("https:"))
    return app


class Edge:
    """The outermost layer: request id, body limit, headers of every answer."""

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], *, https: bool
    ) -> None:
        self._app = app
        self._static = _octets(security_headers(https=https))
        self._pages = _octets(page_headers(https=https))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request goes on with an id; its answer carries the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        request_id = _given_id(scope) or new_row_id()
        scope.setdefault("state", {})["request_id"] = request_id
        headers = self._static if path.startswith("/static/") else self._pages

        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = completed(message["headers"], headers, request_id)
            await send(message)

        most = LARGER.get(path, MAX_BODY)
        length, chunked = _announced(scope)
        if not length.isdigit() or int(length) > most:
            await problem_response(BodyTooLargeError(limit=most), language_of(Request(scope)))(
                scope, receive, with_headers
            )
            return
        try:
            body = _limited(receive, most) if chunked else receive
            await self._app(scope, body, with_headers)
        except Exception as error:  # the process edge: whatever was not foreseen
            if begun:
                raise
            kind = type(error).__name__  # a trace could quote a value
            log.error("http.fault", kind=kind, request=request_id)  # noqa: TRY400 # the same
            await _answer(Request(scope), FaultError())(scope, receive, with_headers)


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


class MethodError(WrongUseError):
    """The address does not take this method."""

    code, status = "method", 405


_BY_STATUS: Mapping[int, type[GovernanceError]] = {404: NotFoundError, 405: MethodError}


def _octets(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers)


def wants_page(request: Request) -> bool:
    """Whether the caller is a person with a browser."""
    return "text/html" in request.headers.get("accept", "")


def _answer(request: Request, error: GovernanceError) -> Response:
    if wants_page(request):
        return HTMLResponse(error_page(request, error), status_code=error.status)
    return problem_response(error, language_of(request))


async def _ours(request: Request, error: Exception) -> Response:
    if isinstance(error, ActionForbiddenError):
        wiring: Wiring = request.app.state.wiring
        action = Action(str(error.params["action"]))
        record = partial(
            record_refusal, wiring.ports, principal_of(request), action, at=wiring.clock()
        )
        await run_in_threadpool(record)
    return _answer(request, cast("GovernanceError", error))


async def _http(request: Request, error: Exception) -> Response:
    status = cast("HTTPException", error).status_code
    return _answer(request, _BY_STATUS.get(status, BadRequestError)())


async def _validation(request: Request, error: Exception) -> JSONResponse:
    """Names the fields that are wrong, never their content."""
    found = cast("RequestValidationError", error).errors()
    if request.url.path.startswith("/v1/"):
        return problem_response(query_invalid(found), language_of(request))
    places = sorted({".".join(map(str, item["loc"])) for item in found})
    response = problem_response(BadRequestError(), language_of(request))
    response.headers["x-invalid-fields"] = ",".join(places)[:200]
    return response
