"""`/v1/webhooks`: subscriptions over HTTP, for whom may change systems."""

from functools import partial

import pytest

from governance.app.staff import add_staff
from tests.governance.gateway.api.conftest import Desk
from tests.installation import AT

ADDRESS = "/v1/webhooks"
BODY = {
    "client": "mailer",
    "url": "https://hooks.example.com/in",
    "types": ["consent.changed"],
    "ed25519": True,
}


@pytest.fixture(scope="module")
def keeper(town: Desk) -> str:
    """Who may change systems."""
    role = "it_operator"
    make = partial(
        add_staff, wiring=town.wiring, login=role, display_name=role, roles=(role,), at=AT
    )
    town.wiring.database.write(make)
    return role


def test_an_address_is_kept_over_http(town: Desk, keeper: str) -> None:
    client = town.staff(keeper)
    made = client.post(ADDRESS, json=BODY)
    assert made.status_code == 201, made.text
    hook = made.json()["id"]
    assert made.json()["secret"].startswith("whsec_")
    whole = client.get(f"{ADDRESS}/{hook}").json()
    assert "secret" not in whole
    assert whole["public_key"] == made.json()["public_key"]
    assert [one["id"] for one in client.get(ADDRESS).json()["items"]] == [hook]
    sent = client.post(f"{ADDRESS}/{hook}/test")
    assert sent.status_code == 202
    log = client.get(f"{ADDRESS}/{hook}/deliveries", params={"state": "waiting"}).json()["items"]
    assert [one["id"] for one in log] == [sent.json()["id"]]
    again = client.post(f"{ADDRESS}/deliveries/{sent.json()['id']}/resend")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert client.post(f"{ADDRESS}/{hook}/resend").json() == {"resent": 0}
    assert client.post(f"{ADDRESS}/{hook}/secret").json()["secrets"] == 2
    assert client.request("DELETE", f"{ADDRESS}/{hook}/secret").json()["secrets"] == 1
    assert client.post(f"{ADDRESS}/{hook}/enable").json()["state"] == "active"
    assert client.delete(f"{ADDRESS}/{hook}").status_code == 204
    assert client.get(f"{ADDRESS}/{hook}").status_code == 404


@pytest.mark.parametrize(
    "other",
    [
        {"url": "http://hooks.example.com/in"},
        {"url": "https://hooks.example.com:8443/in"},
        {"client": "nobody"},
        {"types": []},
        {"types": ["test"]},
        {"types": ["Consent.Changed"]},
        {"more": 1},
    ],
)
def test_an_address_of_another_form_is_refused(
    town: Desk, keeper: str, other: dict[str, object]
) -> None:
    refused = town.staff(keeper).post(ADDRESS, json=BODY | other)
    assert refused.status_code == 422, refused.text


def test_addresses_are_not_for_everybody(town: Desk) -> None:
    assert town.nobody().get(ADDRESS).status_code == 401
    assert town.staff("support").get(ADDRESS).status_code == 403
    assert town.staff("auditor").post(ADDRESS, json=BODY).status_code == 403
    assert town.system("mailer").post(ADDRESS, json=BODY).status_code == 403
