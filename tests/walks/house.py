"""The demo's installation with something of every kind put into it, served to every role."""

import fcntl
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from governance.app.factory import create_app
from governance.app.wiring import Wiring
from governance.core.settings import Settings
from governance.core.terms import ActorId, SubjectId
from governance.http.principal import PrincipalKind
from governance.http.throttle import Throttle
from governance.identity.service import issue_code
from tests.demo_run import Done, copy_of
from tests.governance.console.test_scan_pages import finds
from tests.installation import with_ports
from tests.office import Office
from tests.security.ground import LIMITLESS
from tests.serving import served

CONNECTED: Final = """
connectors:
  archive:
    label: 書庫（架空） / Archive (invented)
    kind: manual
    mail: archive@example.com
    days: 7
"""
KEPT: Final = "kept.json"  # what a furnished house has beside its folder
PERSON: Final = "person"
QUICK: Final = 5_000  # requests of the comparison with Casbin; other tests put all
NOBODY: Final = "nobody"
TOKEN: Final = re.compile(r'name="csrf" value="([^"]*)"')
MISTAKE: Final = re.compile(r"<li><a href=\"#[^>]*>([^<]+)")


@dataclass(kw_only=True)
class House:
    """A served installation; `examples` are addresses no page leads to."""

    wiring: Wiring
    app: FastAPI
    base: str
    office: Office
    customer: SubjectId
    portal: httpx.Client  # the customer's browser
    visitor: httpx.Client  # the browser of somebody whom nobody knows
    examples: dict[str, str] = field(default_factory=dict)  # address -> who opens it

    def browser(self, caller: str) -> httpx.Client:
        """The browser of a role, of the customer or of nobody."""
        if caller == PERSON:
            return self.portal
        return self.visitor if caller == NOBODY else self.office.browsers[caller]

    def send(self, caller: str, path: str, form: Mapping[str, str], *, shown: str = "") -> str:
        """Where a form that was taken leads."""
        browser = self.browser(caller)
        token = TOKEN.search(browser.get(shown or path).text)
        assert token is not None, (shown, path)
        answer = browser.post(path, data={"csrf": token[1], **form})
        assert answer.status_code == httpx.codes.SEE_OTHER, (path, MISTAKE.findall(answer.text))
        return str(answer.headers["location"]).partition("?")[0]


Furnish = Callable[[House], None]


@contextmanager
def house(done: Done, folder: Path, furnish: Furnish) -> Iterator[House]:
    """A copy of the demo with what `furnish` put into it, open until the block ends.

    The first worker of a test run furnishes; everybody works on a copy of what it left.
    """
    first = done.folder.parent / "furnished"
    with (done.folder.parent / "furnishing").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)
        if not (first / KEPT).exists():
            _furnish(done, first, furnish)
    shutil.copytree(first, folder / "house")
    kept = json.loads((first / KEPT).read_text(encoding="utf-8"))
    with _opened(folder / "house") as made:
        made.customer = SubjectId(kept["customer"])  # the newest choice is somebody else's by now
        made.examples.update(kept["examples"])
        made.visitor.cookies.update(kept["visitor"])
        made.portal.cookies.update(kept["portal"])  # what was asked for is shown to its own session
        for role in kept["roles"]:  # who was hired; their sessions would end while others test
            made.office.browsers.sign_in(role)
        yield made


def _furnish(done: Done, folder: Path, furnish: Furnish) -> None:
    """The house is furnished in this folder and closed, with what its browsers hold."""
    shutil.rmtree(folder, ignore_errors=True)  # of one that died at it
    folder.mkdir(mode=0o700)
    copy_of(done, folder / "demo")
    with _opened(folder) as made:
        code = _code(made.wiring, made.customer)
        assert made.portal.post("/sign-in", data={"code": code}).is_redirect
        furnish(made)
        kept = {
            "customer": made.customer,
            "examples": made.examples,
            "visitor": dict(made.visitor.cookies),
            "portal": dict(made.portal.cookies),
            "roles": [*made.office.browsers],
        }
    (folder / KEPT).write_text(json.dumps(kept), encoding="utf-8")


@contextmanager
def _opened(folder: Path) -> Iterator[House]:
    """The installation of this folder, served."""
    connected = folder / "connectors.yaml"
    connected.write_text(CONNECTED, encoding="utf-8")
    settings = Settings(data_dir=folder / "demo", mode="demo", connectors_file=connected)
    opened = Wiring.open(settings)
    wiring = with_ports(opened, replace(opened.ports, analyse=finds))  # the model takes seconds
    try:
        with pytest.MonkeyPatch.context() as quick:
            quick.setattr("policies.compare.BUDGET", QUICK)
            yield from _served(wiring)
    finally:
        wiring.close()


def _served(wiring: Wiring) -> Iterator[House]:
    app = create_app(wiring)
    for name in ("collect_throttle", "request_throttle"):
        setattr(app.state, name, Throttle(LIMITLESS))
    with served(app) as base:
        made = House(
            wiring=wiring,
            app=app,
            base=base,
            office=Office(wiring, base),
            customer=_customer(wiring),
            portal=_browser(base),
            visitor=_browser(base),
        )
        yield made
        for browser in (made.portal, made.visitor):
            browser.close()
        made.office.close()


def _browser(base: str) -> httpx.Client:
    client = httpx.Client(base_url=base, timeout=60, trust_env=False)
    client.headers.update({"accept-language": "ja", "accept": "text/html"})
    return client


def _customer(wiring: Wiring) -> SubjectId:
    """Somebody of the demo who agreed to something."""
    newest = text(
        "SELECT subject_id FROM consent_event WHERE purpose = 'mail_marketing'"
        " ORDER BY seq DESC LIMIT 1"
    )
    with wiring.database.read() as tx:
        return SubjectId(tx.execute(newest).scalar_one())


def _code(wiring: Wiring, customer: SubjectId) -> str:
    actor = ActorId(f"p:{customer}")
    kind = PrincipalKind.PERSON
    return wiring.database.write(partial(issue_code, actor=actor, kind=kind, at=wiring.clock()))
