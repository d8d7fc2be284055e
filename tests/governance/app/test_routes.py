"""Every route states who may use it, and the API's document names every address."""

from collections.abc import Iterator

import httpx
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from consent.access.document import paths as decision_paths
from consent.columns.document import paths as column_paths
from governance.app.factory import create_app
from governance.http.request import open_to_all
from policies.api import stated_actions
from tests.governance.app.conftest import Town

OPEN_BY_NATURE = {"/static/{file_name}", "/preferences", "/openapi.json"}
OPEN = {
    ("/", "GET"), ("/sign-in", "GET"), ("/sign-in", "POST"), ("/sign-out", "POST"),
    ("/docs", "GET"), ("/healthz", "GET"), ("/readyz", "GET"), ("/metrics", "GET"),
    ("/notices", "GET"), ("/notices/{notice}", "GET"), ("/notices/{notice}/{version}", "GET"),
    ("/portal/notices", "GET"), ("/collect/{name}", "GET"), ("/collect/{name}", "POST"),
    ("/collect/{name}/received", "GET"), ("/schemas/{name}", "GET"),
    ("/verifier.pyz", "GET"), ("/.well-known/security.txt", "GET"),
    # signing on: who comes back was vouched for, and its browser is the one that was sent
    ("/sign-on/{name}", "GET"), ("/sign-on/{name}/callback", "GET"),
    ("/sign-on/{name}/logout", "POST"), ("/sign-on/{name}/farewell", "GET"),
    ("/oauth/token", "POST"), ("/oauth/revoke", "POST"),
    ("/.well-known/oauth-authorization-server", "GET"),
    # anybody may ask; who they are is proved inside, and no answer tells whom we know
    ("/portal/requests", "GET"), ("/portal/requests/new", "POST"),
    ("/portal/requests/new/{name}", "GET"), ("/portal/requests/new/{name}", "POST"),
    ("/portal/requests/of/{request_id}", "GET"), ("/portal/requests/of/{request_id}/codes", "POST"),
    ("/portal/requests/of/{request_id}/code", "POST"),
    ("/portal/requests/of/{request_id}/papers", "POST"),
    ("/portal/requests/of/{request_id}/fee", "POST"),
    ("/portal/requests/of/{request_id}/letters/{letter}", "GET"),
    ("/portal/requests/of/{request_id}/withdraw", "GET"),
    ("/portal/requests/of/{request_id}/withdraw", "POST"),
    ("/portal/requests/of/{request_id}/scope", "POST"),
    ("/portal/requests/of/{request_id}/answer", "GET"),
    ("/portal/requests/of/{request_id}/answer", "POST"),
    ("/portal/requests/of/{request_id}/messages", "GET"),
    ("/portal/requests/of/{request_id}/messages", "POST"),
    ("/portal/requests/of/{request_id}/files", "POST"),
    ("/portal/requests/of/{request_id}/files/{row}", "GET"),
    ("/portal/requests/of/{request_id}/execution", "GET"),
    ("/portal/requests/of/{request_id}/execution", "POST"),
    ("/portal/certificates/{token}", "GET"), ("/v1/certificates/{token}", "POST"),
    ("/confirm/{token}", "GET"), ("/confirm/{token}", "POST"),
    # signing in, and the own account of whoever is signed in as staff, which is proved inside
    ("/sign-in/password", "POST"), ("/sign-in/second", "GET"), ("/sign-in/second", "POST"),
    ("/sign-in/passkey", "POST"), ("/sign-in/passkey/options", "POST"),
    ("/portal/sign-in", "GET"), ("/portal/sign-in", "POST"),
    ("/portal/sign-in/code", "GET"), ("/portal/sign-in/code", "POST"),
    ("/portal/sign-in/passkey", "POST"), ("/portal/sign-in/passkey/options", "POST"),
    ("/account", "GET"), ("/account/password", "POST"), ("/account/totp", "POST"),
    ("/account/totp/confirm", "POST"), ("/account/totp/remove", "POST"),
    ("/account/recovery", "POST"), ("/account/passkeys", "POST"),
    ("/account/passkeys/options", "POST"), ("/account/passkeys/{passkey}/remove", "POST"),
    ("/account/sessions/end", "POST"), ("/account/sessions/{session}/end", "POST"),
    ("/account/confirm", "GET"), ("/account/confirm", "POST"),
    ("/account/confirm/passkey", "POST"),
    ("/portal/requests/return", "GET"), ("/portal/requests/return", "POST"),
    ("/portal/requests/return/code", "GET"), ("/portal/requests/return/code", "POST"),
}  # fmt: skip


def all_routes(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    """Routes, those inside included routers too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from all_routes(inner.routes)
        else:
            yield route


def is_open(route: APIRoute) -> bool:
    return any(inner.call is open_to_all for inner in route.dependant.dependencies)


def test_every_route_states_its_action_or_is_open_by_name(town: Town) -> None:
    found_open, without = set(), []
    for route in all_routes(create_app(town.wiring).routes):
        if isinstance(route, APIRoute):
            actions = list(stated_actions(route.dependant))
            if is_open(route) and not actions:
                found_open |= {(route.path, method) for method in route.methods or ()}
            elif not actions:
                without.append(route.path)
        else:
            assert isinstance(route, Route)
            assert route.path in OPEN_BY_NATURE
    assert without == []
    assert found_open == OPEN


def test_the_document_names_every_shown_route_and_the_decision(town: Town) -> None:
    app = create_app(town.wiring)
    paths = app.openapi()["paths"]
    shown = {
        route.path
        for route in all_routes(app.routes)
        if isinstance(route, APIRoute) and route.include_in_schema
    }
    assert shown | set(decision_paths()) | set(column_paths()) == set(paths)
    assert {"/healthz", "/readyz", "/metrics"} <= shown


def test_the_document_is_served_and_the_page_of_it_lists_every_address(
    anybody: httpx.Client,
) -> None:
    document = anybody.get("/openapi.json").json()
    page = anybody.get("/docs")
    assert page.status_code == 200
    for path in document["paths"]:
        assert path in page.text
