"""What every answer carries, what every form demands, and what a request may not be."""

from pathlib import Path
from typing import Any

import pytest

from governance.app.contact import security_txt
from governance.app.edge import MAX_BODY
from governance.app.hosts import hosts_of, name_in
from governance.core.settings import Settings, SettingsError
from governance.core.settings_reading import load
from governance.http.cookies import ONLY_HERE
from governance.ui.headers import page_headers
from tests.installation import AT
from tests.security.ground import NOBODY, Ground, address, places, unknown
from tests.security.test_authorisation_matrix import STREAM, chosen

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = {"sec-fetch-site": "cross-site", "origin": "https://evil.example.com"}
# Whoever comes without a session is asked by the form itself (a code, a proof), not by a token.
PUBLIC = ("/notices", "/schemas/", "/verifier.pyz", "/portal/notices")
WITHOUT_SESSION = ("/sign-in", "/confirm/", "/collect/", "/portal/requests", "/v1/certificates/")


def test_every_answer_carries_every_header(town: Ground) -> None:
    wanted = {name.lower(): value for name, value in page_headers(https=False)}
    calls: list[Any] = [
        (NOBODY, "GET", "/static/none", {}),
        (NOBODY, "GET", "/nowhere", {}),
        (NOBODY, "PUT", "/console", {}),
        (NOBODY, "POST", "/v1/holds", {"content": b"x" * (MAX_BODY + 1)}),
        (NOBODY, "GET", "/healthz", {"headers": {"host": "evil.example.com"}}),
        (NOBODY, "GET", "/", {"headers": {"host": "evil.example.com"}}),
    ]
    for place in places(town.app):
        if place.method != "GET" or place.path == STREAM:
            continue
        given = town.existing(place) or unknown(place)
        callers = chosen(list(town.callers), place, "headers")
        calls += [(caller, "GET", address(place, given), {}) for caller in callers]
    wrong = {}
    for call, answer in zip(calls, town.ask(calls), strict=True):
        own = {"content-security-policy"} if "attachment" in str(answer.headers) else set()
        lacks = {
            name: answer.headers.get(name)
            for name, value in wanted.items()
            if answer.headers.get(name) != value and name not in own
        }
        if "/static/" in call[2] or call[2].startswith(PUBLIC):
            lacks.pop("cache-control", None)
        if lacks:
            wrong[call[2]] = lacks
    assert wrong == {}


def test_no_header_allows_what_is_unsafe() -> None:
    policy = dict(page_headers(https=True))["Content-Security-Policy"]
    assert "unsafe-" not in policy
    assert "*" not in policy
    assert "http" not in policy


def test_no_form_of_another_site_changes_anything(town: Ground) -> None:
    """A browser that is signed in, made to send what another site's page wrote."""
    calls: list[Any] = []
    asked: list[Any] = []
    for place in places(town.app):
        if place.method == "GET" or place.path.startswith(WITHOUT_SESSION):
            continue
        given = town.existing(place) or unknown(place)
        allowed = [
            name
            for name, sent in town.callers.items()
            if town.may(name, place) and "cookie" in sent
        ]
        for caller in chosen(allowed, place, "csrf"):
            more = {"headers": dict(FOREIGN)} | _body(place)
            calls.append((caller, place.method, address(place, given), more))
            asked.append(f"{place.method} {place.path} {caller}")
    wrong = [
        f"{name} {answer.status_code}"
        for name, answer in zip(asked, town.ask(calls), strict=True)
        if answer.status_code != 403
    ]
    assert not wrong, "\n".join(wrong)


def _body(place: Any) -> dict[str, Any]:
    return {"json": {}} if place.path.startswith("/v1/") else {"data": {"csrf": "guessed"}}


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, False),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "?"}, True),
        ({"origin": "http://127.0.0.1:8443"}, False),
        ({"origin": "null"}, True),
        ({"origin": "https://evil.example.com"}, True),
        ({"origin": "https://127.0.0.1.evil.example.com"}, True),
    ],
)
def test_a_browser_says_from_where_it_comes(
    town: Ground,
    headers: dict[str, str],
    refused: bool,  # noqa: FBT001 # as the table says
) -> None:
    call = ("customer", "POST", "/portal/choices/mail_marketing", {"headers": dict(headers)})
    (answer,) = town.ask([call])
    assert (answer.status_code == 403) is refused


@pytest.mark.parametrize("host", ["evil.example.com", "", "127.0.0.1.evil.example.com", "[::1"])
def test_another_name_in_host_is_refused_except_for_probes(town: Ground, host: str) -> None:
    headers = {"host": host}
    page, probe, own = town.ask(
        [
            (NOBODY, "GET", "/", {"headers": dict(headers)}),
            (NOBODY, "GET", "/healthz", {"headers": dict(headers)}),
            (NOBODY, "GET", "/", {"headers": {"host": "LOCALHOST:9"}}),
        ]
    )
    assert (page.status_code, page.json()["code"]) == (421, "host_unknown")
    assert probe.status_code == 200
    assert own.status_code == 200


def test_the_names_follow_from_the_settings() -> None:
    safe = {"mode": "production", "origin": "https://privacy.example.com", "host": "0.0.0.0"}  # noqa: S104 # as in a container
    named = hosts_of(Settings.model_validate(safe))
    assert named is not None
    assert "privacy.example.com" in named
    assert hosts_of(Settings.model_validate({"host": "0.0.0.0"})) is None  # noqa: S104 # a developer's
    assert hosts_of(Settings()) == {"127.0.0.1", "localhost", "::1"}
    assert name_in(b"Privacy.Example.com:8443") == "privacy.example.com"


def test_cookies_are_of_this_host_alone_over_https() -> None:
    for path in (ROOT / "governance").rglob("*.py"):
        if path.name != "cookies.py":
            assert ".set_cookie(" not in path.read_text(encoding="utf-8"), path
    assert ONLY_HERE == "__Host-"


def test_whoever_finds_a_hole_is_told_whom_to_tell(town: Ground) -> None:
    (none,) = town.ask([(NOBODY, "GET", "/.well-known/security.txt", {})])
    assert none.status_code == 404
    told = security_txt("mailto:security@example.com", "https://privacy.example.com/", at=AT)
    assert told == (
        "Contact: mailto:security@example.com\n"
        "Expires: 2026-12-30T00:00:00Z\n"
        "Preferred-Languages: ja, en\n"
        "Canonical: https://privacy.example.com/.well-known/security.txt\n"
    )


@pytest.mark.parametrize(
    "contact", ["security@example.com", "javascript:x", "mailto:a@example.com\nExpires: never", ""]
)
def test_a_contact_that_is_no_address_stops_the_start(contact: str) -> None:
    with pytest.raises(SettingsError):
        load(environment={}, overrides={"security_contact": contact})
    load(environment={}, overrides={"security_contact": "https://example.com/report"})
