"""The demo's data behind a server of its own, and browsers that sign in by the links."""

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text

from governance.core.clock import utc_now
from governance.core.terms import ActorId, PurposeId
from governance.db.engine import Database, sqlite_url
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code, register_client
from tests.demo_run import Done, command, copy_of, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

START_SECONDS = 60
WAIT_MS = 30_000  # a page on a busy machine


@dataclass(frozen=True, kw_only=True)
class Site:
    """The served demo."""

    base: str
    database: Database
    customer: str
    key: str  # of a mail sender

    def code(self, actor: str) -> str:
        """A fresh one-time code."""
        kind = PrincipalKind.PERSON if actor.startswith("p:") else PrincipalKind.STAFF
        return self.database.write(
            partial(issue_code, actor=ActorId(actor), kind=kind, at=utc_now())
        )


@dataclass  # no slots: Playwright marks the object that listens
class Seen:
    """A page with everything that it said and asked for."""

    page: "Page"
    base: str
    said: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def hear(self, message: "ConsoleMessage") -> None:
        self.said.append(message.text)

    def watch(self, request: "Request") -> None:
        if not request.url.startswith(self.base):
            self.foreign.append(request.url)

    def quiet(self) -> None:
        """No request left this machine, no policy was broken, no script failed."""
        assert self.foreign == []
        assert self.said == []


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _people(database: Database) -> tuple[str, str]:
    """The demo's customer, and the key of one more mail sender."""

    def write(tx: Connection) -> tuple[str, str]:
        customer = tx.execute(
            text(
                "SELECT subject_id FROM consent_event WHERE purpose = 'mail_marketing'"
                " ORDER BY seq DESC LIMIT 1"
            )
        ).scalar_one()
        _, key = register_client(
            tx,
            name="journey",
            role="mail_sender",
            purposes=[PurposeId("mail_marketing")],
            known_roles=frozenset({"mail_sender"}),
            at=utc_now(),
        )
        return str(customer), key

    return database.write(write)


@pytest.fixture(scope="module")
def site(demo_done: Done, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`sekisho serve` over a copy of the finished demo."""
    folder = copy_of(demo_done, tmp_path_factory.mktemp("journey") / "demo")
    database = Database.open(sqlite_url(folder / "sekisho.db"))
    customer, key = _people(database)
    port = free_port()
    log = (folder / "journey.log").open("wb")
    process = subprocess.Popen(
        command(
            *("serve", "--config", folder / "sekisho.toml", "--data", folder),
            *("--port", str(port)),
        ),
        stdout=log,
        stderr=log,
        env=environment(),
        cwd=Path(folder),
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            assert process.poll() is None, (folder / "journey.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield Site(base=f"http://127.0.0.1:{port}", database=database, customer=customer, key=key)
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        database.close()


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Opens pages and closes what it opened."""

    site: Site
    browser: "Browser"
    contexts: "list[BrowserContext]" = field(default_factory=list)

    def open(self, path: str, *, width: int = 1280, lang: str = "ja", script: bool = True) -> Seen:
        """A page that nobody is signed in to."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, locale=lang, java_script_enabled=script
        )
        context.set_default_timeout(WAIT_MS)
        self.contexts.append(context)
        seen = Seen(page=context.new_page(), base=self.site.base)
        seen.page.on("console", seen.hear)
        seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
        seen.page.on("request", seen.watch)
        seen.page.goto(self.site.base + path)
        return seen

    def signed_in(
        self, actor: str, *, width: int = 1280, lang: str = "ja", script: bool = True
    ) -> Seen:
        """The page behind a sign-in link, after its button."""
        code = self.site.code(actor)
        seen = self.open(f"/sign-in?code={code}", width=width, lang=lang, script=script)
        seen.page.locator("main form button").click()
        seen.page.wait_for_load_state()
        return seen

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture
def visits(site: Site, browser: "Browser") -> Iterator[Visits]:
    made = Visits(site=site, browser=browser)
    yield made
    made.close()
