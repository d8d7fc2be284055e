"""What went wrong in a peer product does not here: advisories of fides, as tests.

Those that other files hold already are named in docs/asvs.yaml under `advisories`.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from governance.core.addresses import SCHEMES, faulty_address
from governance.core.settings import Settings, SettingsError
from governance.core.settings_reading import load
from tests.security.ground import Ground, address, places
from tests.security.test_authorisation_matrix import STREAM, chosen

ROOT = Path(__file__).resolve().parents[2]
UNSAFE = (
    "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//example.com", "x", "",
    "https://", "https://u:p@example.com", "https://example.com\r\nx: y", "https://a b",
    "https://example.com\\@evil.example", "https://[::1", "gopher://example.com",
)  # fmt: skip
SECRET = re.compile(r"whsec_[\w+/=-]{8}|\bsk_[\w-]{16}|BEGIN [A-Z ]*PRIVATE KEY|\$argon2")
ELSEWHERE = re.compile(rb"""(?:src|href|action|url\(|import|fetch)\s*[=(]?\s*["']?(?:https?:)?//""")
DATABASES = {"database_url", "keys_url"}


@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_cve_2023_46126_a_setting_takes_no_address_of_an_unsafe_scheme(name: str) -> None:
    for value in UNSAFE:
        with pytest.raises(SettingsError) as caught:
            load(environment={}, overrides={name: value})
        assert caught.value.params == {"setting": name}
    load(environment={}, overrides={name: "https://example.com"})


def test_cve_2023_46126_every_address_of_the_settings_has_its_schemes() -> None:
    named = {
        name
        for name in Settings.model_fields
        if name.endswith(("_url", "_address", "_endpoint", "_issuer")) or name == "origin"
    }
    assert named - DATABASES <= set(SCHEMES)
    assert faulty_address({"origin": "https://example.com/path"}) == "origin"


def test_cve_2023_46125_and_2024_35189_no_answer_shows_a_secret_again(town: Ground) -> None:
    """Keys of systems, secrets of webhooks, private keys and hashes: shown once, to who made it."""
    hook = next(value for key, value in town.found.items() if key.endswith(" hook"))
    calls: list[Any] = []
    asked: list[str] = []
    for place in places(town.app):
        given = town.existing(place) if place.parameters else {}
        if place.method != "GET" or place.path == STREAM or given is None:
            continue
        allowed = [name for name in town.callers if town.may(name, place)]
        for caller in chosen(allowed, place, "secrets"):
            query = {"purpose": "order_support"}
            calls.append((caller, "GET", address(place, given), {"params": query}))
            asked.append(f"{place.path} {caller}")
    answers = town.ask(calls)
    assert [name for name, one in zip(asked, answers, strict=True) if SECRET.search(one.text)] == []
    assert hook in "".join(one.text for one in answers), "the webhook itself is shown"


def test_cve_2024_38537_no_page_loads_anything_from_elsewhere() -> None:
    found = [
        str(path.relative_to(ROOT))
        for folder in ("governance", "consent", "dsar", "audit", "policies", "retention")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".html", ".css", ".js", ".svg"} and ELSEWHERE.search(path.read_bytes())
    ]
    assert found == []
