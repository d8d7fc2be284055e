"""サインインの方法 in Chromium with a virtual authenticator: added, used, removed, gone."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.customers.master.types import ContactChannel, ContactKind, Wanted
from governance.customers.upkeep import merges
from governance.customers.upkeep.merges import Merge, MergeState, Standing
from governance.db.types import table_of
from governance.gateway.around.own_wishes import wish_of
from governance.identity.models import SessionRow
from governance.identity.persons.store import PASSKEY
from retention.erasure import Doomed, erase
from tests.governance.portal.entry.conftest import ALONE, NOBODY, PLACE, Portal, forget, token
from tests.installation import AT
from tests.journeys.looks import fits, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip
NAME = "花子の<b>携帯</b>"
SESSION = table_of(SessionRow)


@pytest.fixture
def base(portal: Portal) -> Iterator[str]:
    """The portal under a name that passkeys take."""
    place = portal.base.replace("127.0.0.1", "localhost")
    plain = portal.app.state.wiring
    changed = {"origin": place}
    settings = plain.settings.model_copy(update=changed)
    portal.app.state.wiring = replace(plain, settings=settings)
    yield place
    portal.app.state.wiring = plain


def proved(portal: Portal, page: "Page") -> None:
    """The page after a fresh code."""
    before = len(portal.letters())
    page.click("#send")
    page.wait_for_selector("#code")
    page.wait_for_function("document.querySelector('#done') !== null")
    deadline = time.monotonic() + 60
    while len(portal.letters()) <= before:  # posted after the answer has left
        assert time.monotonic() < deadline, "no letter came"
        page.wait_for_timeout(10)
    page.fill("#code", "00000000")
    page.click("#prove")
    page.wait_for_selector("#code[aria-invalid='true']")
    page.fill("#code", portal.letters()[-1].params["code"])
    page.click("#prove")
    page.wait_for_url("**/portal/ways?done=proved*")


def rows(portal: Portal) -> int:
    with portal.wiring.database.read() as tx:
        return tx.execute(select(func.count()).select_from(PASSKEY)).scalar_one()


def test_a_customer_adds_a_passkey_signs_in_by_it_and_removes_it(  # noqa: PLR0915 # one browser for many claims
    browser: "Browser", portal: Portal, base: str
) -> None:
    me = portal.person(1)
    signed = portal.signed_in(ALONE)
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="ja-JP")
    context.add_cookies([{"name": n, "value": v, "url": base} for n, v in signed.cookies.items()])
    page, faults = context.new_page(), []
    page.on("console", lambda told: faults.append(told.text))
    device: Any = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

    page.goto(f"{base}/portal")
    page.click("#can-fold > summary")
    page.click("a[href='/portal/ways']")
    assert fits(page)
    assert violations(page) == []
    assert page.locator("#add").count() == 0, "a code comes first, also right after the sign-in"
    said = {"csrf": token(page.content())}
    for path in ("passkeys/options", "passkeys", "passkeys/x/remove"):
        refused = page.request.post(f"{base}/portal/ways/{path}", form=said)
        assert refused.status == 403, path
    page.click("#sms-codes")
    page.wait_for_url("**/portal/ways?done=sms_off*")
    with portal.wiring.database.read() as tx:
        wish = wish_of(tx, me, ContactChannel.SMS, ContactKind.SERVICE)
    assert wish is Wanted.UNWANTED

    proved(portal, page)
    assert fits(page)
    assert violations(page) == []
    page.fill("#name", NAME)
    page.click("#add")
    page.wait_for_selector("#remove-1")
    assert NAME in page.inner_text("#passkey-1")
    assert portal.letters("portal/passkey/")[-1].to == ALONE
    changes = portal.happened("identity.credential_changed")
    assert changes[-1] == (f"p:{me}", me, "passkey")

    context.clear_cookies()
    page.goto(f"{base}{PLACE}?next=/portal/receipts")
    assert page.locator("[data-passkey-absent]").is_hidden()
    assert violations(page) == []
    page.click("#passkey")
    page.wait_for_url(f"{base}/portal/receipts")
    with portal.wiring.database.read() as tx:
        opened = tx.execute(select(SESSION).where(SESSION.c.passkey.is_not(None))).one()
        assert (opened.actor, opened.level) == (f"p:{me}", "mfa")

    context.clear_cookies()
    asked = []
    for address in (ALONE, NOBODY):  # the question after an address is the same for everybody
        page.goto(f"{base}{PLACE}")
        page.fill("#address", address)
        page.press("#address", "Enter")
        page.wait_for_url("**/portal/sign-in/code")
        body = page.inner_html("main")
        found = page.request.post(f"{base}{PLACE}/passkey/options").json()
        assert len(found.pop("challenge")) == len("x" * 43)
        asked.append((body, found))
    assert asked[0] == asked[1]
    assert "allowCredentials" not in asked[0][1] or asked[0][1]["allowCredentials"] == []
    merged = Merge(
        id=new_row_id(), survivor=portal.person(2), absorbed=me, state=MergeState.MERGED,
        consent_seq=0, undone_seq=None, left=new_row_id(), right=new_row_id(),
        before=Standing(state="active", restricted_at=None, band=None, guardian=False),
        merged_by=ActorId("u:x"), merged_at=AT,
    )  # fmt: skip  # by mistake it would show another's data
    portal.wiring.database.write(lambda tx: merges.enter(tx, merged))
    page.click("#passkey")
    page.locator("[data-told]", has_text="パスキー").wait_for()
    assert not [one for one in context.cookies() if one["name"] == "sekisho_session"]
    assert rows(portal) == 1
    undo = partial(merges.end, merge=merged.id, by=ActorId("u:x"), seq=0, at=AT)
    portal.wiring.database.write(undo)
    page.goto(f"{base}{PLACE}")
    page.click("#passkey")
    page.wait_for_url(f"{base}/portal")

    page.goto(f"{base}/portal/ways")
    proved(portal, page)
    page.click("#remove-1")
    page.wait_for_url("**/portal/ways?done=removed*")
    assert rows(portal) == 0
    assert portal.letters("portal/passkey_removed/")[-1].to == ALONE
    context.clear_cookies()
    page.goto(f"{base}{PLACE}")
    page.click("#passkey")
    page.locator("[data-told]", has_text="パスキー").wait_for()
    assert not [one for one in context.cookies() if one["name"] == "sekisho_session"]

    forget(portal)  # the clock stands, and five codes an hour go to one address
    signed = portal.signed_in(ALONE)
    context.add_cookies([{"name": n, "value": v, "url": base} for n, v in signed.cookies.items()])
    page.goto(f"{base}/portal/ways")
    proved(portal, page)
    page.click("#add")
    page.wait_for_selector("#remove-1")
    gone = Doomed(subject=me, erased_before=False, keeps={})
    portal.wiring.database.write(lambda tx: erase(tx, portal.wiring.vault, [gone], at=AT))
    assert rows(portal) == 0
    context.clear_cookies()
    page.goto(f"{base}{PLACE}")
    page.click("#passkey")
    page.locator("[data-told]", has_text="パスキー").wait_for()
    assert not [one for one in context.cookies() if one["name"] == "sekisho_session"]
    assert not [fault for fault in faults if "Content Security Policy" in fault]
    context.close()
