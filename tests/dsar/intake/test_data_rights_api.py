"""Requests by other systems: the protocol's shape, the system's scope, no word of who is known."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from governance.app.factory import create_app
from governance.identity.service import register_client
from tests.installation import AT, create, customer, import_file, register, write_file
from tests.serving import served

PATH = "/v1/data-rights-requests"
ASKED = {
    "exercise": "access",
    "regime": "appi",
    "name": "架空　花子一",
    "email": "person1@example.com",
}


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, httpx.Client]]:
    folder = Path(tmp_path_factory.mktemp("systems"))
    wiring = create(folder)
    import_file(wiring, write_file(folder, register([customer(1)])))
    roles = frozenset({"request_intake", "shop"})
    keys = {
        name: wiring.database.write(
            lambda tx, name=name, role=role: register_client(  # type: ignore[misc] # bound now
                tx, name=name, role=role, purposes=[], known_roles=roles, at=AT
            )
        )[1]
        for name, role in (("agent", "request_intake"), ("other", "request_intake"),
                           ("shop", "shop"))
    }  # fmt: skip
    with served(create_app(wiring)) as base:
        made = {
            name: httpx.Client(
                base_url=base, headers={"authorization": f"Bearer {key}"}, trust_env=False
            )
            for name, key in keys.items()
        }
        yield made
        for client in made.values():
            client.close()
    wiring.close()


def test_a_system_files_and_follows_its_own_requests_alone(
    systems: dict[str, httpx.Client],
) -> None:
    filed = systems["agent"].post(PATH, json=ASKED)
    assert filed.status_code == 201
    told = filed.json()
    assert (told["status"], told["reason"]) == ("open", "need_user_verification")
    place = f"{PATH}/{told['request_id']}"
    assert systems["agent"].get(place).json() == told
    foreign, none = systems["other"].get(place), systems["other"].get(f"{PATH}/R-2026-AAAAA-AAAAA")
    assert (foreign.status_code, foreign.json()) == (404, none.json())
    assert systems["shop"].post(PATH, json=ASKED).status_code == 403
    assert httpx.post(f"{systems['agent'].base_url}{PATH}", json=ASKED).status_code in (401, 403)


def test_a_known_and_an_unknown_person_are_answered_alike(
    systems: dict[str, httpx.Client],
) -> None:
    nobody = {**ASKED, "name": "架空 知子", "email": "nobody@example.org"}
    known, unknown = (systems["agent"].post(PATH, json=body).json() for body in (ASKED, nobody))
    assert {**known, "request_id": ""} == {**unknown, "request_id": ""}


def test_the_same_key_is_the_same_request_of_that_system(systems: dict[str, httpx.Client]) -> None:
    key = {"idempotency-key": "k-1"}
    first, again = (systems["agent"].post(PATH, json=ASKED, headers=key).json() for _ in range(2))
    assert first["request_id"] == again["request_id"]
    other = systems["other"].post(PATH, json=ASKED, headers=key).json()
    assert other["request_id"] != first["request_id"]


@pytest.mark.parametrize(
    "more",
    [
        {"exercise": "nonsense"},
        {"exercise": "deletion"},
        {"email_verified": True},
        {"subject": "3b241101-e2bb-4255-8caf-4136c566a962"},
        {"name": ""},
        {"email": "not an address"},
    ],
)
def test_what_is_missing_or_claimed_too_much_is_refused(
    systems: dict[str, httpx.Client], more: dict[str, object]
) -> None:
    answer = systems["agent"].post(PATH, json={**ASKED, **more})
    assert answer.status_code == 422
    assert "not an address" not in answer.text
