"""Calling systems over HTTP: made, looked at, given a new key, limited, ended by operators."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.installation import create
from tests.office import Office, opened

NEW = {"name": "newsletter", "role": "mail_sender", "purposes": ["mail_marketing"]}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("clients"))) as found:
        yield found


def knocks(office: Office, key: str) -> int:
    """How a route of systems answers to this key."""
    asked = {"purpose": "mail_marketing", "subjects": []}
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(
        f"{office.base}/v1/consents/check", json=asked, headers=headers, trust_env=False, timeout=60
    ).status_code


def test_a_system_lives_and_ends_over_http(office: Office) -> None:
    operator = office.browsers["it_operator"]

    def act(method: str, path: str, status: int, body: Any = None) -> Any:
        headers = {"origin": office.base, "sec-fetch-site": "same-origin"}
        answer = operator.request(method, f"/v1/clients{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    made = act("POST", "", 201, NEW)
    assert made["key"].startswith("sk_")
    assert knocks(office, made["key"]) == 200
    assert act("POST", "", 409, NEW)["type"].endswith("login_taken")
    act("POST", "", 422, NEW | {"name": "other", "role": "nobody"})
    act("POST", "", 422, NEW | {"name": "other", "admin": True})
    assert "newsletter" in {one["name"] for one in act("GET", "", 200)["items"]}
    second = act("POST", "/newsletter/keys", 201)["key"]
    assert (knocks(office, made["key"]), knocks(office, second)) == (200, 200)
    act("DELETE", f"/newsletter/keys/{made['key'][:12]}", 204)
    assert (knocks(office, made["key"]), knocks(office, second)) == (401, 200)
    act("PUT", "/newsletter/limit", 200, {"per_second": 5, "burst": 7})
    act("PUT", "/newsletter/limit", 422, {"per_second": -1, "burst": 7})
    shown = act("GET", "/newsletter", 200)
    assert shown["limit"] == {"per_second": 5, "burst": 7}
    assert len(shown["keys"]) == 2
    assert made["key"] not in str(shown)
    assert second not in str(shown)
    act("DELETE", "/newsletter", 204)
    assert knocks(office, second) == 401
    act("GET", "/nobody-known", 404)


@pytest.mark.parametrize("role", ["privacy_officer", "support", "auditor"])
def test_nobody_else_makes_or_ends_one(office: Office, role: str) -> None:
    headers = {"origin": office.base, "sec-fetch-site": "same-origin"}
    browser = office.browsers[role]
    assert browser.post("/v1/clients", json=NEW, headers=headers).status_code == 403
    assert browser.delete("/v1/clients/newsletter", headers=headers).status_code == 403
