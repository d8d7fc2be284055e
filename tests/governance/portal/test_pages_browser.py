"""Pages of points, published notices and receipts: accessible, narrow, without script."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from consent.choices import Choice
from consent.collecting import service
from consent.service import choose
from consent.types import EventKind
from governance.app.factory import create_app
from governance.app.published import site_files
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, Lang, PurposeId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code
from tests.installation import AT, OFFICER, add_person, create
from tests.journeys.looks import fits, violations
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PAGES = ("/collect/newsletter", "/collect/survey", "/notices", "/notices/analysis/3.0")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A served installation with open points, one person's code, and the pages as files."""

    wiring: Wiring
    base: str
    code: str
    site: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("portal")
    wiring = create(folder)
    for name in ("newsletter", "survey"):
        opening = partial(service.set_open, ports=wiring.ports, principal=OFFICER, name=name)
        wiring.database.write(partial(opening, opened=True, at=AT))
    subject = add_person(wiring)
    yes = Choice(subject=subject, purpose=PurposeId("mail_marketing"), kind=EventKind.GIVEN)
    choose(wiring.ports, OFFICER, yes, at=AT)
    actor = ActorId(f"p:{subject}")
    code = wiring.database.write(partial(issue_code, actor=actor, kind=PrincipalKind.PERSON, at=AT))
    with wiring.database.read() as tx:
        files = site_files(tx, wiring, at=AT)
    site = folder / "site"
    site.mkdir()
    for name, content in files.items():
        (site / name).write_bytes(content)
    with served(create_app(wiring)) as base:
        yield Place(wiring=wiring, base=base, code=code, site=site)
    wiring.close()


def looked(browser: "Browser", lang: Lang, *, width: int) -> "Page":
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        locale="ja-JP" if lang is Lang.JA else "en-US",
    )
    return context.new_page()


@pytest.mark.parametrize(("lang", "width"), [(Lang.JA, 1280), (Lang.EN, 320)])
def test_every_page_is_accessible_and_fits(
    browser: "Browser", place: Place, lang: Lang, width: int
) -> None:
    page = looked(browser, lang, width=width)
    for path in PAGES:
        page.goto(place.base + path)
        assert violations(page) == [], path
        assert fits(page), path
    for name in ("index", "marketing-3.1"):
        page.goto((place.site / f"{name}.{lang.value}.html").as_uri())
        assert fits(page), name
        assert page.locator("main h1").count() == 1
    page.context.close()


def test_a_form_is_sent_and_receipts_are_saved_without_script(
    browser: "Browser", place: Place
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = context.new_page()
    page.goto(place.base + "/collect/newsletter")
    page.fill("#item-name", "架空　手子")
    page.fill("#item-email", "teko@example.com")
    page.check("#ask-mail_marketing")
    page.click("main form button")
    assert page.locator(".sk-summary").count() == 1  # of age was not ticked
    assert page.is_checked("#ask-mail_marketing")
    page.check("#adult")
    page.click("main form button")
    page.wait_for_url("**/received")
    page.goto(f"{place.base}/sign-in?code={place.code}")
    page.click("main form button")
    page.goto(place.base + "/portal/receipts")
    for which, name in (("page-", "receipt.html"), ("all-", "receipt.zip")):
        with page.expect_download() as saved:
            page.click(f'button[id^="{which}"]')
        assert saved.value.suggested_filename == name
    context.close()
