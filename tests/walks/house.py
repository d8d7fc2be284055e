"""The demo's installation with something of every kind put into it, served to every role."""

import re
from collections.abc import Iterator, Mapping
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
from tests.demo_run import copy_of, shared_demo
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


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """A copy of the finished demo, open until the block ends."""
    with shared_demo() as done:
        place = copy_of(done, folder / "demo")
    connected = folder / "connectors.yaml"
    connected.write_text(CONNECTED, encoding="utf-8")
    opened = Wiring.open(Settings(data_dir=place, mode="demo", connectors_file=connected))
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
        customer = _customer(wiring)
        made = House(
            wiring=wiring,
            app=app,
            base=base,
            office=Office(wiring, base),
            customer=customer,
            portal=_browser(base),
            visitor=_browser(base),
        )
        assert made.portal.post("/sign-in", data={"code": _code(wiring, customer)}).is_redirect
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
