"""The officer's way: overview, a figure, a person in two views, the style page."""

import re

import pytest
from playwright.sync_api import expect

from governance.core.terms import Lang
from tests.journeys.conftest import Seen, Site, Visits
from tests.journeys.looks import fits, violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
OFFICER, SUPPORT = "u:tanaka", "u:mori"
WIDTHS = (1280, 390, 320)


def sound(seen: Seen, *, lang: str) -> None:
    """The page has no finding, fits, is in its language and asked nobody else."""
    expect(seen.page.locator("html")).to_have_attribute("lang", lang)
    assert violations(seen.page) == []
    assert fits(seen.page)
    seen.quiet()


@pytest.mark.parametrize("lang", [lang.value for lang in Lang])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_officer_sees_the_whole_and_looks_into_it(
    visits: Visits, site: Site, lang: str, width: int
) -> None:
    seen = visits.signed_in(OFFICER, width=width, lang=lang)
    assert seen.page.url == site.base + "/console"
    sound(seen, lang=lang)
    assert seen.page.locator("#events tbody tr").count() >= 5
    seen.page.locator('a[href="/console/figures/quarantined"]').first.click()
    seen.page.wait_for_url("**/console/figures/quarantined")
    assert "customers.csv" in seen.page.content()
    sound(seen, lang=lang)
    seen.page.goto(f"{site.base}/console/persons/{site.customer}")
    sound(seen, lang=lang)
    seen.page.goto(f"{site.base}/console/style")
    expect(seen.page.locator("html")).to_have_attribute("lang", lang)
    assert fits(seen.page)
    seen.quiet()


@pytest.mark.parametrize(("width", "lang"), [(1280, "en"), (390, "ja")])
def test_the_officer_reviews_the_log(visits: Visits, site: Site, width: int, lang: str) -> None:
    seen = visits.signed_in(OFFICER, width=width, lang=lang)
    seen.page.goto(f"{site.base}/console/audit")
    sound(seen, lang=lang)
    seen.page.locator("#list-audit-log tbody a[href*='/events/']").first.click()
    seen.page.wait_for_url("**/console/audit/events/*")
    sound(seen, lang=lang)
    seen.page.goto(f"{site.base}/console/audit/persons/{site.customer}")
    sound(seen, lang=lang)
    seen.page.goto(f"{site.base}/console/audit")
    seen.page.locator("#comment").fill("架空の所見")
    seen.page.locator("#sign").click()
    seen.page.wait_for_url("**/console/audit?signed=*")
    expect(seen.page.locator("#reviewed")).to_contain_text("架空の所見")
    sound(seen, lang=lang)


def test_the_overview_says_how_far_the_log_is_proved(visits: Visits) -> None:
    page = visits.signed_in(OFFICER).page
    expect(page.locator("main")).to_contain_text(re.compile(r"署名|検証"))


def test_support_sees_less_of_the_same_person(visits: Visits, site: Site) -> None:
    whole = visits.signed_in(OFFICER)
    whole.page.goto(f"{site.base}/console/persons/{site.customer}")
    part = visits.signed_in(SUPPORT)
    part.said.clear()  # the overview is not theirs
    part.page.goto(f"{site.base}/console/persons/{site.customer}?purpose=order_support")
    withheld = ".sk-treated .sk-withheld"
    assert part.page.locator(withheld).count() > whole.page.locator(withheld).count()
    assert part.page.get_by_text("見える", exact=True).count() < (
        whole.page.get_by_text("見える", exact=True).count()
    )
    for each in (whole, part):
        sound(each, lang="ja")


def test_a_reading_is_on_the_overview_at_once(visits: Visits, site: Site) -> None:
    seen = visits.signed_in(OFFICER)
    seen.page.goto(f"{site.base}/console/persons/{site.customer}")
    with seen.page.expect_navigation():
        seen.page.goto(f"{site.base}/console")
    link = seen.page.locator(f'#events a[href="/console/persons/{site.customer}"]')
    assert link.count() >= 1


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_purpose_changes_the_view(visits: Visits, site: Site, *, script: bool) -> None:
    seen = visits.signed_in(OFFICER, script=script)
    seen.page.goto(f"{site.base}/console/persons/{site.customer}")
    before = seen.page.inner_text("main")
    seen.page.locator('main select[name="purpose"]').select_option("mail_marketing")
    seen.page.locator("#look").click()
    seen.page.wait_for_url("**purpose=mail_marketing*")
    assert seen.page.inner_text("main") != before
    if script:
        seen.quiet()


@pytest.mark.parametrize("path", ["/", "/docs", "/sign-in", "/nowhere", "/portal"])
@pytest.mark.parametrize("lang", [lang.value for lang in Lang])
def test_every_open_page_is_sound(visits: Visits, path: str, lang: str) -> None:
    seen = visits.open(path, width=320, lang=lang)
    expect(seen.page.locator("html")).to_have_attribute("lang", lang)
    assert violations(seen.page) == []
    assert fits(seen.page)
    assert seen.foreign == []
    assert [words for words in seen.said if "status of 40" not in words] == []


def test_the_demo_says_so_on_every_page(visits: Visits) -> None:
    for seen in (visits.open("/"), visits.signed_in(OFFICER)):
        expect(seen.page.locator("body")).to_contain_text("架空")


def test_signing_out_ends_it(visits: Visits, site: Site) -> None:
    seen = visits.signed_in(OFFICER)
    seen.page.locator('form[action="/sign-out"] button').first.click()
    seen.page.wait_for_load_state()
    answer = seen.page.goto(f"{site.base}/console")
    assert answer is not None
    assert answer.status == 401
