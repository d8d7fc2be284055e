"""`/v1/duplicates`, `/v1/merges`, `/v1/quality`: decided, undone, measured and signed over HTTP."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from governance.app.duplicates import search_now
from governance.app.quality import measure_step, review_step
from governance.jobs.runner import worker_of
from tests.governance.gateway.api.conftest import Desk, opened
from tests.installation import AT, MANAGER, create, customer, import_file, register, write_file

COMPANY = "会社ID,会社名,法人番号,電話番号,住所\r\n"
FIRMS = (
    "B1,架空商事株式会社,,03-5555-1234,東京都千代田区丸の内1-1\r\n"
    "B2,（株）架空商事,1180301018771,03-5555-1234,東京都千代田区丸の内1-1\r\n"
)
SAME = {"氏名": "架空　杏", "フリガナ": "カクウ アン", "生年月日": "1980/05/05"}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Look-alikes among persons and companies, and one night's figures and tasks."""
    folder: Path = tmp_path_factory.mktemp("quality")
    wiring = create(folder)
    rows = [customer(7, **SAME), customer(8, **SAME, 携帯番号="090-0000-0007")]
    import_file(wiring, write_file(folder, register(rows), name="more.csv"))
    import_file(wiring, write_file(folder, COMPANY + FIRMS, name="companies.csv"))
    with opened(wiring, folder) as desk:
        search_now(wiring, MANAGER, worker_of("test", wiring.clock, Event()))
        for step in (measure_step, review_step):
            wiring.database.write(partial(step, cursor=None, limit=1, at=AT))
        yield desk


def answered(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()


def best(desk: Desk, kind: str) -> dict[str, Any]:
    found = answered(desk.staff("data_manager").get("/v1/duplicates", params={"kind": kind}))
    return dict(found["items"][0])


@pytest.mark.parametrize("kind", ["person", "company"])
def test_a_pair_is_shown_merged_and_undone(searched: Desk, kind: str) -> None:
    manager, pair = searched.staff("data_manager"), best(searched, kind)
    assert (pair["kind"], pair["state"]) == (kind, "open")
    assert len(pair["explained"]) == len(pair["evidence"]) > 1
    assert "架空" not in str(pair)
    path = f"/v1/duplicates/{pair['id']}"
    shown = answered(manager.get(path))
    names = {shown[side]["fields"]["name"]["value"] for side in ("left", "right")}
    assert all("架空" in name for name in names)
    stale = answered(manager.post(f"{path}/merge", json={"version": "0" * 16}), 409)
    assert stale["code"] == "pair_changed"
    done = answered(manager.post(f"{path}/merge", json={"version": shown["version"]}))
    again = answered(manager.post(f"{path}/merge", json={}), 409)
    assert again["code"] == "pair_decided"
    first, *_ = answered(manager.get("/v1/merges"))["items"]
    assert (first["merge"], first["kind"], first["state"]) == (done["merge"], kind, "merged")
    if kind == "company":
        moved = manager.get(f"/v1/companies/{done['absorbed']}", params={"purpose": "data_quality"})
        assert answered(moved)["id"] == done["survivor"] or moved.json()["row"] == done["survivor"]
    undone = answered(manager.post(f"/v1/merges/{done['merge']}/undo", json={}))
    assert undone["absorbed"] == done["absorbed"]
    assert answered(manager.get(path))["state"] == "different"


def test_bodies_are_read_strictly(searched: Desk) -> None:
    manager = searched.staff("data_manager")
    wrong: tuple[dict[str, Any], ...] = (
        {"who": "x"}, {"survivor": "架空"}, {"choices": {"person.name": 1}}, {"choices": {"x": "y"}}
    )  # fmt: skip
    for body in wrong:
        found = answered(manager.post("/v1/duplicates/0123/merge", json=body), 422)
        assert found["code"] == "body_invalid"
    answered(manager.post("/v1/duplicates/0123/merge", json={}), 404)
    answered(manager.post("/v1/merges/0123/undo", json={"rest": "nobody"}), 422)
    answered(manager.post("/v1/merges/0123/undo", json={}), 404)


def test_only_who_may_decide_decides_and_only_who_may_look_looks(searched: Desk) -> None:
    auditor, support = searched.staff("auditor"), searched.staff("support")
    answered(auditor.get("/v1/duplicates"))
    answered(auditor.get("/v1/quality/tasks"))
    answered(auditor.post("/v1/duplicates/0123/merge", json={}), 403)
    for path in ("/v1/duplicates", "/v1/merges", "/v1/quality/measures", "/v1/quality/tasks"):
        answered(support.get(path), 403)
    assert searched.nobody().get("/v1/duplicates").status_code == 401


def test_figures_are_told_by_day_in_the_callers_language(searched: Desk) -> None:
    manager = searched.staff("data_manager")
    since = {"since": "2026-09-01"}
    told = {}
    for lang in ("ja", "en"):
        found = answered(
            manager.get("/v1/quality/measures", params=since, headers={"accept-language": lang})
        )
        told[lang] = {one["name"] for one in found["items"]}
    kpis = {one["kpi"] for one in found["items"]}
    assert kpis >= {
        *("error_rate", "completeness", "freshness", "duplicates", "unverified_contacts"),
        *("corrections_applied", "correction_days", "reviews_overdue", "company_duplicates"),
    }
    assert {one["day"] for one in found["items"]} == {"2026-10-01"}
    assert not told["ja"] & told["en"]
    later = answered(manager.get("/v1/quality/measures", params={"since": "2026-10-02"}))
    assert later["items"] == []


def test_a_review_is_given_to_somebody_and_signed(searched: Desk) -> None:
    manager = searched.staff("data_manager")
    tasks = answered(manager.get("/v1/quality/tasks"))["items"]
    task = next(one for one in tasks if one["topic"] == "company_duplicates")
    assert (task["found"], task["assignee"], task["overdue"]) == (1, None, False)
    path = f"/v1/quality/tasks/{task['id']}"
    for login in ("nobody", "support"):  # support may not look at reviews
        refused = answered(manager.post(f"{path}/assign", json={"login": login}), 422)
        assert refused["code"] == "quality_assignee"
    given = answered(manager.post(f"{path}/assign", json={"login": "auditor"}))
    assert given["assignee"] == "u:auditor"
    done = answered(manager.post(f"{path}/done", json={"comment": "同じ会社と確かめた"}))
    assert (done["done"], done["done_by"]) == (True, "u:data_manager")
    answered(manager.post(f"{path}/assign", json={"login": "auditor"}), 409)
    shown = answered(searched.staff("auditor").get(path))
    assert shown["comment"] == "同じ会社と確かめた"
    assert len(shown["rows"]) <= 1
