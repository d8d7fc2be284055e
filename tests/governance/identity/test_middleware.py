"""What the sign-in middleware leaves on a request, whatever the request brings."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from governance.core.errors import GovernanceError
from governance.core.terms import ActorId
from governance.db.engine import Database
from governance.http.principal import PrincipalKind
from governance.http.request import StaleFormError, check_csrf, csrf_token, principal_of
from governance.identity import service
from governance.identity.middleware import SESSION_COOKIE, Authentication
from tests.installation import AT

ANONYMOUS = {"id": "anonymous", "kind": "anonymous", "roles": [], "csrf": False}


def whoami(request: Request) -> Response:
    principal = principal_of(request)
    return JSONResponse(
        {
            "id": principal.id,
            "kind": principal.kind.value,
            "roles": sorted(principal.roles),
            "csrf": bool(csrf_token(request)),
        }
    )


def form(request: Request) -> Response:
    try:
        check_csrf(request, request.query_params.get("token", ""))
    except GovernanceError as error:
        return JSONResponse({"code": error.code}, status_code=error.status)
    return JSONResponse({"code": "done"})


class Browser:
    """Sends one request at a time to an application in this process."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app=app, client=("203.0.113.9", 1))

    def send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        async def request() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://127.0.0.1"
            ) as client:
                return await client.request(method, path, **parts)

        return asyncio.run(request())


@pytest.fixture
def browser(database: Database) -> Browser:
    routes = [Route(path, whoami) for path in ("/", "/static/x.css", "/healthz", "/metrics")]
    routes.append(Route("/form", form, methods=["POST"]))
    return Browser(Authentication(Starlette(routes=routes), database=database, clock=lambda: AT))


@pytest.fixture
def session(database: Database) -> tuple[str, str]:
    """The session's secret and its form token."""
    database.write(
        partial(
            service.invite_staff,
            login="taro",
            display_name="架空",
            roles=["support"],
            known_roles=frozenset({"support"}),
            by=ActorId("u:admin"),
            at=AT,
        )
    )
    opened, secret = database.write(
        partial(
            service.open_session,
            actor=ActorId("u:taro"),
            kind=PrincipalKind.STAFF,
            lasting=timedelta(hours=1),
            at=AT,
        )
    )
    return secret, opened.csrf


@pytest.fixture
def key(database: Database) -> str:
    return database.write(
        partial(
            service.register_client,
            name="shop",
            role="shop",
            purposes=[],
            known_roles=frozenset({"shop"}),
            at=AT,
        )
    )[1]


def seen(browser: Browser, path: str = "/", **headers: str) -> Any:
    answer = browser.send("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert answer.status_code == 200
    return answer.json()


def test_without_proof_the_caller_is_anonymous(browser: Browser) -> None:
    assert seen(browser) == ANONYMOUS


def test_a_session_cookie_names_its_holder_and_carries_a_form_token(
    browser: Browser, session: tuple[str, str]
) -> None:
    got = seen(browser, cookie=f"other=1; {SESSION_COOKIE}={session[0]}")
    assert got == {"id": "u:taro", "kind": "staff", "roles": ["support"], "csrf": True}


def test_a_bearer_key_names_its_system(browser: Browser, key: str) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        got = seen(browser, authorization=f"{scheme} {key}")
        assert got == {"id": "svc:shop", "kind": "system", "roles": ["shop"], "csrf": False}


def test_a_wrong_key_does_not_fall_back_to_the_cookie(
    browser: Browser, session: tuple[str, str]
) -> None:
    cookie = f"{SESSION_COOKIE}={session[0]}"
    assert seen(browser, authorization="Bearer sk_wrong", cookie=cookie) == ANONYMOUS


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": "\x01\x02;;;=;="},
        {"cookie": f"{SESSION_COOKIE}="},
        {"cookie": f'{SESSION_COOKIE}="unfinished'},
        {"cookie": f"{SESSION_COOKIE}=" + "a" * 8000},
        {"cookie": f"{SESSION_COOKIE}=\xe9\xff"},
        {"cookie": "=" * 4000},
        {"authorization": "Bearer"},
        {"authorization": "Bearer  "},
        {"authorization": "Bearer " + "x" * 8000},
        {"authorization": "Basic dGFybzp0YXJv"},
        {"authorization": "\xff\xfe"},
        {"authorization": "Bearer \xe3\x81\x82"},
    ],
)
def test_garbage_is_anonymous_and_never_an_error(
    browser: Browser, session: tuple[str, str], headers: dict[str, str]
) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = browser.send("GET", "/", headers=raw)
    assert (answer.status_code, answer.json()) == (200, ANONYMOUS)


@pytest.mark.parametrize("path", ["/static/x.css", "/healthz", "/metrics"])
def test_what_needs_nobody_asks_the_database_nothing(
    browser: Browser, session: tuple[str, str], database: Database, path: str
) -> None:
    database.close()
    assert seen(browser, path, cookie=f"{SESSION_COOKIE}={session[0]}") == ANONYMOUS


def test_a_form_needs_the_token_of_its_own_session(
    browser: Browser, session: tuple[str, str]
) -> None:
    headers = {"cookie": f"{SESSION_COOKIE}={session[0]}"}
    for token in ("", "wrong", session[1][:-1], session[0]):
        answer = browser.send("POST", "/form", params={"token": token}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, StaleFormError.code)
    assert browser.send("POST", "/form", params={"token": session[1]}, headers=headers).is_success
    assert browser.send("POST", "/form", params={"token": session[1]}).status_code == 403
    assert browser.send("POST", "/form", params={"token": ""}).status_code == 403


def test_a_caller_cannot_bring_a_principal_of_its_own(database: Database) -> None:
    """Whatever the server's scope held under `state` is replaced before the application runs."""
    told: dict[str, object] = {}

    async def application(scope: Any, _receive: Any, _send: Any) -> None:
        told.update(scope["state"])

    async def nothing(*_message: Any) -> Any:
        return {}

    scope = {
        "type": "http",
        "path": "/",
        "headers": [(b"accept-language", b"en")],
        "client": ("203.0.113.9", 1),
        "state": {"principal": "forged", "csrf": "forged"},
    }
    guard = Authentication(application, database=database, clock=lambda: AT)
    asyncio.run(guard(scope, nothing, nothing))
    assert getattr(told["principal"], "id", None) == "anonymous"
    assert told["csrf"] == ""
