"""`/v1/notices`: a draft, its faults and reach, its announcement; strict bodies."""

from typing import Any

import pytest

from tests.governance.gateway.api.conftest import Desk

DRAFT: dict[str, Any] = {
    "effective_on": "2026-12-01",
    "change": "material",
    "title": {"ja": "位置情報の利用", "en": "Use of location"},
    "body": {"ja": "60日を超えて保存しません。", "en": "Kept no longer than 60 days."},
    "summary": {"ja": "保存期間を改めました。", "en": "The period was changed."},
    "predecessor": "3.1",
}
ADDRESS = "/v1/notices/location/versions/4.0"


def test_a_version_is_drafted_and_waits_for_a_second_person(town: Desk) -> None:
    officer = town.staff("privacy_officer")
    lacking = officer.put(ADDRESS, json={**DRAFT, "predecessor": "2.0"}).json()
    assert [one["code"] for one in lacking["faults"]] == ["not_the_newest"]
    assert officer.post(f"{ADDRESS}/announcement").json()["code"] == "notice_faults"
    drafted = officer.put(ADDRESS, json=DRAFT).json()
    assert (drafted["faults"], drafted["state"]) == ([], "draft")
    asked = officer.post(f"{ADDRESS}/announcement")
    assert asked.status_code == 202
    assert asked.json()["approval"]
    whole = officer.get(ADDRESS).json()
    assert (whole["state"], whole["drafted_by"]) == ("draft", "u:privacy_officer")
    assert whole["text"]["ja"].endswith("4.0 (2026-12-01): 保存期間を改めました。")
    compared = officer.get("/v1/notices/location/diff", params={"old": "3.1", "new": "4.0"})
    assert {one["change"] for one in compared.json()["ja"]} == {"added", "removed"}
    assert officer.delete(ADDRESS).json()["state"] == "dropped"


def test_whoever_works_here_reads_notices_and_few_write_them(town: Desk) -> None:
    support = town.staff("support")
    found = support.get("/v1/notices").json()
    assert {"marketing", "analysis"} <= {one["notice"] for one in found["notices"]}
    versions = support.get("/v1/notices/marketing").json()["items"]
    assert [one["version"] for one in versions] == ["1.0", "2.0", "2.1", "3.0", "3.1"]
    assert support.put(ADDRESS, json=DRAFT).status_code == 403
    assert town.nobody().get("/v1/notices").status_code == 401
    assert support.get("/v1/notices/nothing").status_code == 404
    assert support.get("/v1/notices/location/versions/9.9").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**DRAFT, "extra": 1},
        {**DRAFT, "effective_on": 5},
        {**DRAFT, "title": "位置情報"},
        {**DRAFT, "change": "Material"},
        {**DRAFT, "transfers": {}},
    ],
)
def test_a_body_of_another_form_is_refused_by_its_place(town: Desk, body: dict[str, Any]) -> None:
    refused = town.staff("privacy_officer").put(ADDRESS, json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "notice_form")
