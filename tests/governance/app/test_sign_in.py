"""Signing in by a link, and what each kind of person may open."""

import html
import re

import httpx
import pytest

from governance.identity.middleware import SESSION_COOKIE
from tests.governance.app.conftest import Town

BROWSER = {"accept": "text/html"}
NOBODY = "00000000-0000-4000-8000-000000000000"


def token(page: httpx.Response) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return html.unescape(found.group(1))


def test_looking_at_the_link_does_not_spend_its_code(town: Town) -> None:
    code = town.code("u:privacy_officer")
    client = town.client()
    for _ in range(3):  # a mail scanner follows links
        page = client.get("/sign-in", params={"code": code})
        assert page.status_code == 200
        assert SESSION_COOKIE not in client.cookies
    answer = client.post("/sign-in", data={"code": code})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_code_opens_once(town: Town) -> None:
    code = town.code(f"p:{town.first}")
    assert town.client().post("/sign-in", data={"code": code}).headers["location"] == "/portal"
    again = town.client().post("/sign-in", data={"code": code}, headers=BROWSER)
    assert again.status_code == 401
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("code", ["", "nothing", "x" * 5000, "' OR 1=1", "\u3042"])
def test_a_code_that_was_never_given_opens_nothing(anybody: httpx.Client, code: str) -> None:
    answer = anybody.post("/sign-in", data={"code": code})
    assert answer.status_code == 401
    assert SESSION_COOKIE not in anybody.cookies


def test_another_sites_form_signs_nobody_in(town: Town) -> None:
    code = town.code(f"p:{town.first}")
    client = town.client()
    for site in ("cross-site", "same-site", "?"):
        answer = client.post("/sign-in", data={"code": code}, headers={"sec-fetch-site": site})
        assert answer.status_code == 403
    answer = client.post("/sign-in", data={"code": code}, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 303


def test_signing_out_needs_the_forms_token_and_ends_the_session(
    town: Town, officer: httpx.Client
) -> None:
    page = officer.get("/console", headers=BROWSER)
    stolen = officer.cookies[SESSION_COOKIE]
    for wrong in ("", "guess"):
        assert officer.post("/sign-out", data={"csrf": wrong}).status_code == 403
    assert officer.get("/console").status_code == 200
    assert officer.post("/sign-out", data={"csrf": token(page)}).status_code == 303
    late = town.client()
    late.cookies.set(SESSION_COOKIE, stolen)
    assert late.get("/console").status_code == 401


@pytest.mark.parametrize(
    ("role", "sees_log"), [("support", False), ("marketing", False), ("auditor", True)]
)
def test_staff_have_a_home_and_the_log_is_for_those_who_read_it(
    town: Town, role: str, *, sees_log: bool
) -> None:
    page = town.signed_in(f"u:{role}").get("/console", headers=BROWSER)
    assert page.status_code == 200
    assert ('id="care"' in page.text, 'id="latest"' in page.text) == (True, sees_log)


def test_a_customer_sees_themselves_and_nobody_else(town: Town) -> None:
    pages = {
        subject: town.signed_in(f"p:{subject}").get("/portal", headers=BROWSER).text
        for subject in (town.first, town.second)
    }
    assert "person1@example.com" in pages[town.first]
    assert "person2@example.com" not in pages[town.first]
    assert "person2@example.com" in pages[town.second]
    assert "person1@example.com" not in pages[town.second]


def test_a_form_of_one_session_does_not_work_in_another(town: Town, person: httpx.Client) -> None:
    other = town.signed_in(f"p:{town.second}")
    foreign = token(other.get("/portal", headers=BROWSER))
    for csrf in (foreign, ""):
        answer = person.post("/portal/choices/mail_marketing", data={"choice": "on", "csrf": csrf})
        assert answer.status_code == 403
        assert answer.json()["code"] == "stale_form"


@pytest.mark.parametrize("path", ["/portal", "/portal/choices/mail_marketing"])
def test_an_officer_has_no_portal(officer: httpx.Client, path: str) -> None:
    if path == "/portal":
        assert officer.get(path).status_code in (403, 404)
        return
    csrf = token(officer.get("/console", headers=BROWSER))
    answer = officer.post(path, data={"choice": "on", "csrf": csrf})
    assert answer.status_code in (403, 404)


def test_a_customer_cannot_open_the_console_nor_learn_who_is_in_it(
    town: Town, person: httpx.Client
) -> None:
    answers = [
        person.get(f"/console/persons/{subject}") for subject in (town.first, town.second, NOBODY)
    ]
    assert {answer.status_code for answer in answers} <= {403, 404}
    assert len({answer.text for answer in answers}) == 1
    assert person.get("/console").status_code in (403, 404)
    assert person.get("/console/style").status_code in (403, 404)


def test_who_may_not_read_learns_nothing_of_who_exists(town: Town) -> None:
    auditor = town.signed_in("u:auditor")
    answers = [auditor.get(f"/console/persons/{who}") for who in (town.first, NOBODY)]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1


def test_an_officer_reads_a_person_and_an_unknown_one_is_not_found(
    town: Town, officer: httpx.Client
) -> None:
    page = officer.get(f"/console/persons/{town.first}", headers=BROWSER)
    assert page.status_code == 200
    assert "person1@example.com" in page.text
    assert officer.get(f"/console/persons/{NOBODY}").status_code == 404
    assert officer.get("/console/figures/persons").status_code == 200
    assert officer.get("/console/figures/reviews").status_code == 200
    assert officer.get("/console/figures/nothing").status_code == 404


def test_support_sees_less_than_the_officer(town: Town, officer: httpx.Client) -> None:
    path = f"/console/persons/{town.first}"
    support = town.signed_in("u:support")
    whole = officer.get(path, headers=BROWSER)
    part = support.get(path, params={"purpose": "order_support"}, headers=BROWSER)
    assert part.status_code == 200
    assert whole.text.count("person1@example.com") > part.text.count("person1@example.com")


def test_a_choice_holds_before_the_page_is_shown_again(town: Town, person: httpx.Client) -> None:
    page = person.get("/portal", headers=BROWSER)
    for choice in ("on", "off", "on"):
        answer = person.post(
            "/portal/choices/mail_marketing", data={"choice": choice, "csrf": token(page)}
        )
        assert answer.status_code == 303
    assert (
        person.post(
            "/portal/choices/nothing", data={"choice": "on", "csrf": token(page)}
        ).status_code
        == 404
    )
    assert (
        person.post(
            "/portal/choices/mail_marketing", data={"choice": "maybe", "csrf": token(page)}
        ).status_code
        == 404
    )
