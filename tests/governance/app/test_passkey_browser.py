"""Passkeys in Chromium with a virtual authenticator: made, used, proved anew; pages look right."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from governance.app.factory import Application, create_app
from governance.app.staff import add_staff
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.credentials.store import PASSKEY
from governance.identity.service import issue_code
from tests.installation import AT, create
from tests.journeys.looks import fits, violations
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A served installation that demands a second factor, by a name that passkeys take."""

    wiring: Wiring
    base: str

    def code(self) -> str:
        work = partial(issue_code, actor=ActorId("u:hanako"), kind=PrincipalKind.STAFF, at=AT)
        return self.wiring.database.write(work)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    wiring = create(tmp_path_factory.mktemp("passkey"))
    hire = partial(
        add_staff,
        wiring=wiring,
        login="hanako",
        display_name="架空 花子",
        roles=["privacy_officer"],
        at=AT,
    )
    wiring.database.write(hire)
    app: Application = create_app(wiring)
    with served(app) as address:
        base = address.replace("127.0.0.1", "localhost")
        changed = {"origin": base, "officer_mfa": True}
        app.state.wiring = replace(wiring, settings=wiring.settings.model_copy(update=changed))
        yield Place(wiring=wiring, base=base)
    wiring.close()


@pytest.fixture
def page(browser: "Browser", place: Place) -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="ja-JP")
    made = context.new_page()
    device: Any = context.new_cdp_session(made)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield made
    context.close()


def test_a_passkey_is_made_and_opens_the_account_ever_after(place: Place, page: "Page") -> None:
    faults: list[str] = []
    page.on("console", lambda told: faults.append(told.text))
    page.goto(f"{place.base}/sign-in?code={place.code()}")
    page.click("form[action='/sign-in'] button")
    assert page.url == f"{place.base}/account"
    assert page.goto(f"{place.base}/console") is not None
    assert page.locator("#latest").count() == 0  # nothing opens before
    page.goto(f"{place.base}/account")
    assert fits(page)
    assert violations(page) == []
    page.fill("#passkey-name", "会社の<b>パソコン</b>")
    page.click("#passkey-add")
    page.wait_for_selector("#remove-1")
    assert "会社の<b>パソコン</b>" in page.inner_text("#main")
    page.goto(f"{place.base}/console")
    assert page.locator("form[action='/sign-out']").count() > 0

    page.context.clear_cookies()
    page.goto(f"{place.base}/sign-in")
    assert fits(page)
    assert violations(page) == []
    page.click("#passkey")
    page.wait_for_url(f"{place.base}/console")
    page.goto(f"{place.base}/account/confirm?next=/console/policies")
    assert violations(page) == []
    page.click("#passkey")
    page.wait_for_url(f"{place.base}/console/policies")
    with place.wiring.database.read() as tx:
        count = tx.execute(select(PASSKEY.c.sign_count)).scalar_one()
    assert count >= 2
    assert not [fault for fault in faults if "Content Security Policy" in fault]


def test_a_passkey_of_nobody_is_told_and_opens_nothing(place: Place, page: "Page") -> None:
    page.goto(f"{place.base}/sign-in")
    page.click("#passkey")
    page.locator("[data-told]", has_text="パスキー").wait_for()
    assert page.url == f"{place.base}/sign-in"
    assert not [one for one in page.context.cookies() if one["name"] == "sekisho_session"]
