"""Fixtures of the component layer: sample pages, a loopback server, Chromium."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from governance.core.errors import ForbiddenError
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.headers import page_headers
from governance.ui.pages import Page, Surface, Templates, environment
from governance.ui.parts import Link, Mistake, Term, Who
from governance.ui.preferences import Preferences, preferences_of
from governance.ui.problems import problem_of_status
from governance.ui.routes import ui_routes
from governance.ui.samples import navigation
from governance.ui.start import start_page
from governance.ui.style_page import style_page

START_SECONDS = 60
PAGES = ("style", "portal", "start", "sign_in", "code", "error", "confirm", "empty")


def page_of(
    view: Preferences,
    title: str,
    *,
    path: str,
    surface: Surface = Surface.PLAIN,
    invalid: bool = False,
) -> Page:
    officer = Who(name=text("ui.sample.officer", view.lang), role=text("ui.sample.role", view.lang))
    return Page(
        lang=view.lang,
        title=title,
        path=path,
        surface=surface,
        theme=view.theme,
        keys=view.keys,
        principal=None if surface is Surface.PLAIN else officer,
        nav=navigation() if surface is Surface.CONSOLE else (),
        owner=text("ui.sample.paper.issuer", view.lang) if surface is Surface.PORTAL else "",
        csrf="token",
        seek_href="/console/search",
        sign_out_href="" if surface is Surface.PLAIN else "/sign-out",
        demo=True,
        invalid=invalid,
    )


def rendered(templates: Templates, name: str, view: Preferences) -> str:
    lang = view.lang
    path = f"/{name}"
    match name:
        case "style":
            page = page_of(view, "ui.style.title", path="/console/style", surface=Surface.CONSOLE)
            return style_page(templates, page)
        case "portal":
            page = page_of(view, "ui.style.title", path=path, surface=Surface.PORTAL)
            return style_page(templates, page)
        case "start":
            return start_page(templates, page_of(view, "ui.start.title", path="/"))
        case "sign_in":
            page = page_of(view, "ui.sign_in.title", path=path, invalid=True)
            wrong = Mistake(field_id="address", sentence=text("ui.sample.form.address_wrong", lang))
            return templates.render(
                "sign_in.html",
                page,
                step="address",
                action="/sign-in",
                mistakes=(wrong,),
                address="",
            )
        case "code":
            page = page_of(view, "ui.sign_in.title", path=path)
            return templates.render(
                "sign_in.html",
                page,
                step="code",
                action="/sign-in",
                mistakes=(),
                address="mi••••@example.com",
                again_href="/sign-in",
            )
        case "error":
            page = page_of(view, "ui.problem.403.title", path=path, surface=Surface.CONSOLE)
            problem = problem_of_status(ForbiddenError.status, lang, reference="0193-7f3k")
            ways = (Link(label=text("ui.sample.nav.overview", lang), href="/console"),)
            return templates.render("error.html", page, problem=problem, ways=ways)
        case "confirm":
            page = page_of(view, "ui.confirm.what", path=path, surface=Surface.PORTAL)
            kept = Term(
                term=text("ui.sample.paper.kept", lang),
                text=text("ui.sample.paper.kept_text", lang),
            )
            return templates.render(
                "confirm.html",
                page,
                heading=text("ui.sample.switch.history", lang),
                question=text("ui.sample.switch.history_effect", lang),
                consequences=(kept,),
                action="/confirm",
                confirm_label=text("ui.sample.switch.no", lang),
                back_href="/portal",
                grave=True,
                hidden={"request": "R-2026-0412"},
            )
        case "empty":
            page = page_of(view, "ui.style.empty", path=path, surface=Surface.CONSOLE)
            problem = problem_of_status(404, lang, reference="0193-7f3k")
            return templates.render("error.html", page, problem=problem, ways=())
        case _:
            raise KeyError(name)


@pytest.fixture(scope="session")
def templates() -> Templates:
    return environment()


@pytest.fixture(scope="session")
def show(templates: Templates) -> Callable[[str, Preferences], str]:
    return partial(rendered, templates)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", PAGES)
    if "lang" in metafunc.fixturenames:
        parametrised = [
            mark
            for mark in metafunc.definition.iter_markers("parametrize")
            if "lang" in mark.args[0]
        ]
        if not parametrised:
            metafunc.parametrize("lang", list(Lang))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    base: str

    def url(self, name: str) -> str:
        return f"{self.base}/{name}"


def site_app(templates: Templates) -> Starlette:
    async def show(request: Request) -> HTMLResponse:
        accept = request.headers.get("accept-language", "")
        view = preferences_of(request.cookies, accept_language=accept)
        html = rendered(templates, request.path_params["name"], view)
        return HTMLResponse(html, headers=dict(page_headers(https=False)))

    async def style(request: Request) -> HTMLResponse:
        request.path_params["name"] = "style"
        return await show(request)

    async def part(_: Request) -> HTMLResponse:
        return HTMLResponse('<a id="due-sort-kind" href="#">swapped</a>')

    return Starlette(
        routes=[
            *ui_routes(),
            Route("/console/style", style),
            Route("/part", part),
            Route("/{name}", show),
        ]
    )


@pytest.fixture(scope="session")
def site(templates: Templates) -> Iterator[Site]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(site_app(templates), log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        yield Site(base=f"http://127.0.0.1:{port}")
        server.should_exit = True
        thread.join(START_SECONDS)
