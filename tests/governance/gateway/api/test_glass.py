"""`/v1/break-glass` over HTTP, and the line on the officers' pages while an access is open."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.governance.gateway.api.conftest import Desk, opened
from tests.installation import create

REASON = "本人の生命に関わる連絡のため（架空）"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("glass")
    with opened(create(folder), folder) as found:
        yield found


def answered(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()


def test_an_access_is_opened_shown_everywhere_ended_and_listed(desk: Desk) -> None:
    support, person = desk.staff("support"), desk.people[0]
    path, query = f"/v1/persons/{person}", {"purpose": "order_support", "fields": "email"}
    assert "break_glass" not in answered(support.get(path, params=query))
    assert "緊急アクセス中" not in support.get("/console").text
    body = {"purpose": "order_support", "subject": person, "minutes": 10, "reason": REASON}
    made = answered(support.post("/v1/break-glass", json=body), 201)
    assert made["open"]
    shown = answered(support.get(path, params=query))
    assert shown["break_glass"] == made["break_glass"]
    assert shown["fields"]["email"]["treatment"] == "clear"
    for page in ("/console", "/console/style", f"/console/persons/{person}?purpose=order_support"):
        assert "緊急アクセス中" in support.get(page).text
        assert "緊急アクセス中" not in desk.staff("privacy_officer").get(page).text
    lifted = support.get(f"/console/persons/{person}?purpose=order_support").text
    assert "緊急アクセスで開いています" in lifted
    again = answered(support.post("/v1/break-glass", json=body), 409)
    assert again["code"] == "glass_open"
    seen = answered(support.get(f"/v1/break-glass/{made['break_glass']}"))
    assert seen["reason"] == REASON
    ended = answered(support.post(f"/v1/break-glass/{made['break_glass']}/end"))
    assert not ended["open"]
    assert "break_glass" not in answered(support.get(path, params=query))
    assert len(answered(support.get("/v1/break-glass"))["items"]) == 1
    waiting = answered(desk.staff("auditor").get("/v1/break-glass", params={"unreviewed": True}))
    assert [one["break_glass"] for one in waiting["items"]] == [made["break_glass"]]
    review = {"verdict": "justified", "comment": "記録と照合した（架空）"}
    own = support.post(f"/v1/break-glass/{made['break_glass']}/review", json=review)
    assert own.status_code == 403
    done = desk.staff("auditor").post(f"/v1/break-glass/{made['break_glass']}/review", json=review)
    assert answered(done)["verdict"] == "justified"


@pytest.mark.parametrize(
    ("role", "change", "status"),
    [
        ("data_manager", {}, 403),
        ("support", {"purpose": "mail_marketing"}, 403),
        ("support", {"minutes": 500}, 422),
        ("support", {"reason": "急ぎ"}, 422),
        ("support", {"subject": "nobody"}, 404),
        ("support", {"extra": 1}, 422),
    ],
)
def test_an_access_is_refused_outside_its_terms(
    desk: Desk, role: str, change: dict[str, Any], status: int
) -> None:
    body = {"purpose": "order_support", "minutes": 10, "reason": REASON} | change
    answered(desk.staff(role).post("/v1/break-glass", json=body), status)


def test_a_system_never_opens_one(desk: Desk) -> None:
    body = {"purpose": "order_fulfilment", "minutes": 10, "reason": REASON}
    answered(desk.system("shop").post("/v1/break-glass", json=body), 403)
