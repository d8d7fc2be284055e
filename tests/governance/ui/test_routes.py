"""Static files are kept for good under their hash; the view switch comes back where it was."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from governance.ui.assets import asset_url, assets
from governance.ui.routes import ui_routes


class Client:
    """Asks the routes as a browser would, one request at a time."""

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=Starlette(routes=ui_routes()))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.request(method, path, **options)

        asked: Coroutine[Any, Any, httpx.Response] = once()
        return asyncio.run(asked)

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)


@pytest.fixture
def client() -> Client:
    return Client()


def test_every_asset_is_served_for_good(client: Client) -> None:
    for asset in assets().values():
        answer = client.get(asset.url)
        assert answer.status_code == 200
        assert answer.content == asset.body
        assert "immutable" in answer.headers["cache-control"]


def test_unknown_file_is_not_found(client: Client) -> None:
    assert client.get("/static/sekisho.000000000000.css").status_code == 404
    assert client.get("/static/..%2fpages.py").status_code == 404


def test_choice_is_kept_and_reader_is_back(client: Client) -> None:
    answer = client.post(
        "/preferences",
        content="lang=en&next=%2Fconsole%2Faudit",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/audit"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("sekisho_view=en.auto.on")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_choice_never_redirects_elsewhere(client: Client) -> None:
    answer = client.post("/preferences", content="theme=dark&next=https%3A%2F%2Fexample.com")
    assert answer.headers["location"] == "/"


def test_large_form_is_refused(client: Client) -> None:
    assert client.post("/preferences", content="x" * 5000).status_code == 413


def test_script_is_under_sixty_kilobytes_even_unpacked() -> None:
    scripts = [asset for asset in assets().values() if asset.name.endswith(".js")]
    assert sum(len(asset.body) for asset in scripts) < 60_000


def test_style_and_script_load_nothing_from_outside() -> None:
    for name in ("sekisho.css", "sekisho.js", "icons.svg", "mark.svg"):
        body = assets()[name].body.decode()
        body = body.replace("http://www.w3.org/2000/svg", "")
        assert "http" not in body
        assert "@import" not in body
        assert "url(" not in body


def test_scripts_keep_nothing_in_the_browser() -> None:
    for name in ("htmx.js", "sekisho.js"):
        body = assets()[name].body.decode()
        assert "localStorage" not in body
        assert "sessionStorage" not in body
        assert "indexedDB" not in body


def test_name_follows_content() -> None:
    assert asset_url("sekisho.css").startswith("/static/sekisho.")
    assert asset_url("sekisho.css") != asset_url("sekisho.js")
