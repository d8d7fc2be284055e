"""The application: every route behind authentication, every answer with the safe headers."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import cast

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp

from audit.api import router as audit
from consent.access.api import AccessApplication
from consent.checks import record_refusal
from consent.columns.api import ColumnApplication
from consent.feed.api import router as feed
from dsar.intake.api import router as data_rights
from governance.app import health
from governance.app.contact import router as security_contact
from governance.app.edge import Asgi, Edge, Receive, Scope, Send
from governance.app.health_pages import router as health_pages
from governance.app.hosts import hosts_of
from governance.app.integrating import Integrating
from governance.app.job_pages import router as jobs
from governance.app.lane import Lane
from governance.app.openapi import with_evaluation
from governance.app.pages import router as start_pages
from governance.app.portal_entry import router as portal_entry
from governance.app.portal_entry import way_in
from governance.app.portal_passkey import router as portal_passkey
from governance.app.sign_in_pages import router as sign_in
from governance.app.sign_on_pages import router as sign_on
from governance.app.statement_routes import pages as statement_pages
from governance.app.statement_routes import router as statements
from governance.app.version import VERSION
from governance.app.webhooks.api import router as webhooks
from governance.app.wiring import Wiring
from governance.console.import_files import FILE_STEPS, most_of
from governance.console.routers import ROUTERS as CONSOLE
from governance.core.errors import GovernanceError, NotFoundError, WrongUseError
from governance.gateway.api.bodies import query_invalid
from governance.gateway.api.breaches import router as breaches
from governance.gateway.api.bulk import router as bulk
from governance.gateway.api.clients import router as clients
from governance.gateway.api.collect import router as collected
from governance.gateway.api.companies import router as companies
from governance.gateway.api.consents import router as consents
from governance.gateway.api.duplicates import router as duplicates
from governance.gateway.api.exports import router as exports
from governance.gateway.api.glass import router as glass
from governance.gateway.api.guardians import router as guardian_hands
from governance.gateway.api.notices import router as notices
from governance.gateway.api.persons import router as persons
from governance.gateway.api.provisions import router as provisions
from governance.gateway.api.quality import router as quality
from governance.gateway.api.recipient_hooks import router as recipient_hooks
from governance.gateway.api.recipients import router as recipients
from governance.gateway.api.rows import router as rows
from governance.gateway.api.searches import router as searches
from governance.http.problems import language_of, problem_response
from governance.http.request import principal_of
from governance.http.sealed_form import DRAINED
from governance.http.sent import arrive
from governance.http.throttle import Throttle
from governance.identity.clients.api import router as oauth
from governance.identity.clients.certificates import proxies_of
from governance.identity.clients.types import rate_of
from governance.identity.credentials.hashing import Hasher
from governance.identity.credentials.terms import cost_of, limits_of
from governance.identity.middleware import Authentication
from governance.identity.naming import names_of
from governance.portal.acting import router as acting
from governance.portal.certificates import router as certificates
from governance.portal.collecting import router as collecting
from governance.portal.confirming import router as confirming
from governance.portal.pages import router as portal
from governance.portal.published import router as published
from governance.portal.receipts import router as receipts
from governance.portal.requests.answer import router as request_answer
from governance.portal.requests.carrying import router as request_carrying
from governance.portal.requests.exchange import router as request_exchange
from governance.portal.requests.life import router as request_life
from governance.portal.requests.pages import router as request_pages
from governance.portal.requests.returning import router as request_return
from governance.portal.requests.wizard import router as request_form
from governance.portal.schemas import router as schemas
from governance.portal.ways import router as portal_ways
from governance.provisioning.api import router as provisioning
from governance.reports.api import router as reports
from governance.signon.discovery import Directory
from governance.signon.reading import require_providers
from governance.ui.pages import environment
from governance.ui.routes import ui_routes
from governance.ui.surfaces import error_page
from policies.actions import Action
from policies.api import (
    ActionForbiddenError,
    SignInNeededError,
    ensure,
    snapshot_of,
    stated_actions,
)
from retention.datasets.api import router as datasets
from retention.holds.api import router as holds

NUL = "NUL (0x00)"  # as the driver of PostgreSQL names it, and no value
BEYOND = "22003"  # SQLSTATE of a number that its column cannot hold
TOKEN_TRIES = 600  # that failed at the token endpoint, from one network within an hour


class BadRequestError(WrongUseError):
    """The request is not of the form that this address takes."""

    code = "bad_request"


class Application(FastAPI):
    """FastAPI's routes behind what answers without them: decisions take none of their time."""

    front: Asgi
    lane: Lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request passes the edge, the sign-in and the decisions; the rest is FastAPI's."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self.front(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Without the layer that answers unforeseen faults: the edge does, and once."""
        stack = super().build_middleware_stack()
        return stack.app if isinstance(stack, ServerErrorMiddleware) else stack


ROUTERS = (
    start_pages,
    sign_in,
    sign_on,
    *CONSOLE,
    jobs,
    health_pages,
    portal_entry,
    portal_passkey,
    portal_ways,
    portal,
    acting,
    receipts,
    request_form,
    request_life,
    request_exchange,
    request_pages,
    request_return,
    request_answer,
    request_carrying,
    certificates,
    confirming,
    schemas,
    collecting,
    published,
    health.router,
    security_contact,
    bulk,
    searches,
    guardian_hands,
    rows,
    persons,
    companies,
    duplicates,
    quality,
    exports,
    recipients,
    recipient_hooks,
    provisions,
    breaches,
    glass,
    notices,
    collected,
    consents,
    oauth,
    clients,
    provisioning,
    webhooks,
    feed,
    audit,
    statements,
    statement_pages,
    reports,
    data_rights,
    holds,
    datasets,
)


def create_app(wiring: Wiring) -> Application:
    """The assembled application over one open installation."""
    app = Application(
        title="Sekisho",
        version=VERSION,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        description="The checkpoint in front of a company's customer data (APPI, GDPR).",
    )
    app.state.wiring = wiring
    app.state.hasher = Hasher(cost_of(wiring.settings))
    app.state.busy_pages = {}
    require_providers(wiring.settings)
    app.state.directory = Directory()
    app.state.collect_throttle = Throttle(wiring.settings.collect_limit)
    app.state.token_throttle = Throttle(TOKEN_TRIES)
    app.state.request_throttle = Throttle(wiring.settings.request_limit)
    app.state.portal_throttle = Throttle(wiring.settings.request_limit)
    app.openapi = lambda: with_evaluation(app)  # type: ignore[method-assign] # FastAPI's own way to extend it
    made = environment("governance.console", "governance.portal", "governance.app")
    app.state.templates = replace(made, names_of=partial(_names, wiring))
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # as they are: included, each were built once more
    app.router.routes.extend(ui_routes())
    app.add_exception_handler(GovernanceError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(DataError, _unstorable)
    app.add_middleware(Integrating, wiring=wiring, answer=_answer)
    app.front, app.lane = _front(app, wiring)
    return app


def _names(wiring: Wiring, actors: Collection[str]) -> Mapping[str, str]:
    with wiring.database.glance() as tx:
        return names_of(tx, actors)


def _front(app: Application, wiring: Wiring) -> tuple[Asgi, Lane]:
    """The layers from the inside to the outside, and the lane past them."""
    decisions = AccessApplication(
        partial(FastAPI.__call__, app),
        ports=wiring.ports,
        live=wiring.live,
        clock=wiring.clock,
        origin=wiring.settings.origin,
    )
    columns = ColumnApplication(decisions, ports=wiring.ports, live=wiring.live, clock=wiring.clock)
    settings = wiring.settings
    signed_in = Authentication(
        columns,
        database=wiring.database,
        clock=wiring.clock,
        callers=wiring.live.callers,
        proxies=proxies_of(settings),
        every=rate_of(settings.client_rate),
        share=settings.workers,
        limits=limits_of(settings),
        https=(https := settings.origin.startswith("https:")),
    )
    larger = dict.fromkeys(FILE_STEPS, most_of(settings) * DRAINED)
    edge = Edge(signed_in, https=https, hosts=hosts_of(settings), answer=_answer, larger=larger)
    return edge, Lane(decisions, signed_in, edge.pages)


class MethodError(WrongUseError):
    """The address does not take this method."""

    code, status = "method", 405


_BY_STATUS: Mapping[int, type[GovernanceError]] = {404: NotFoundError, 405: MethodError}


def wants_page(request: Request) -> bool:
    """Whether the caller is a person with a browser."""
    return "text/html" in request.headers.get("accept", "")


def _portal_page(request: Request) -> bool:
    """Whether a customer looks at a page of the portal and can come back to it."""
    path = request.url.path
    return request.method == "GET" and (path == "/portal" or path.startswith("/portal/"))


def _answer(request: Request, error: GovernanceError) -> Response:
    if wants_page(request):
        if isinstance(error, SignInNeededError) and _portal_page(request):
            return RedirectResponse(way_in(request.url.path), status_code=303)
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
    await arrive(request)
    return _answer(request, cast("GovernanceError", error))


async def _http(request: Request, error: Exception) -> Response:
    status = cast("HTTPException", error).status_code
    return _answer(request, _BY_STATUS.get(status, BadRequestError)())


async def _unstorable(request: Request, error: Exception) -> Response:
    """A sign or a number was sent that no column holds, wherever; all else is a fault of ours."""
    said = cast("DataError", error).orig
    if NUL not in str(said) and getattr(said, "sqlstate", None) != BEYOND:
        raise error
    return _answer(request, BadRequestError())


def _refusal(request: Request) -> GovernanceError | None:
    """Why whoever asks may not use this route; a body is read before a route's action is asked."""
    route = request.scope.get("route")
    if isinstance(route, APIRoute):
        for action in stated_actions(route.dependant):
            try:
                ensure(principal_of(request), action, snapshot_of(request))
            except GovernanceError as refused:
                return refused
    return None


async def _validation(request: Request, error: Exception) -> Response:
    """Names the fields that are wrong, never their content, to whoever may use the route."""
    if (refused := _refusal(request)) is not None:
        return await _ours(request, refused)
    found = cast("RequestValidationError", error).errors()
    if request.url.path.startswith("/v1/"):
        return problem_response(query_invalid(found), language_of(request))
    places = sorted({".".join(map(str, item["loc"])) for item in found})
    response = _answer(request, BadRequestError())
    response.headers["x-invalid-fields"] = ",".join(places)[:200]
    return response
