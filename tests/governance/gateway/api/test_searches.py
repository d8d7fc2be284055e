"""Searches over HTTP: words in bodies, ids in addresses; a saved search is nobody else's."""

from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from governance.customers.search.filling import follow
from governance.gateway.search_saved import LIFE, SAVED, forget_searches
from tests.governance.gateway.api.conftest import Desk
from tests.installation import AT

PATH = "/v1/persons/search"


@pytest.fixture
def full(desk: Desk) -> Desk:
    """The two customers can be found in every way."""
    follow(desk.wiring.database, desk.wiring.vault)
    return desk


def ask(desk: Desk, who: str = "support", **body: Any) -> httpx.Response:
    return desk.staff(who).post(PATH, json={"purpose": "order_support", **body})


def test_a_person_is_found_and_shown_as_the_searcher_may_see_them(full: Desk) -> None:
    answer = ask(full, text="架空 花子二 0001")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    (item,) = shown["items"]
    assert item["id"] == full.people[0]
    assert item["matched"]["level"] == "edge"  # of the narrowest group: the last four digits
    assert "mobile" in item["matched"]["fields"]
    assert item["fields"]["name"]["value"] == "架空 花子二"
    assert item["fields"]["email"]["treatment"] == "masked"
    assert (shown["next"], shown["index_behind"], shown["search_id"]) == (None, 0, None)
    assert (
        shown["refused"] == {"address": "denied.actor.no_rule"}
        or "address" not in shown["searched"]
    )


def test_pages_follow_a_cursor(full: Desk) -> None:
    first = ask(full, text="架空", limit=1).json()
    second = ask(full, text="架空", limit=1, cursor=first["next"]).json()
    assert {one["id"] for page in (first, second) for one in page["items"]} == set(full.people)
    assert second["next"] is None


def test_a_saved_search_is_repeated_by_its_id_by_its_owner_alone_until_its_end(full: Desk) -> None:
    saved = ask(full, values={"email": "person1@example.com"}, save=True).json()
    path = f"/v1/persons/searches/{saved['search_id']}"
    again = full.staff("support").get(path)
    assert [one["id"] for one in again.json()["items"]] == [full.people[0]]
    assert full.staff("data_manager").get(path).status_code == 404
    database = full.wiring.database
    with database.read() as tx:
        (row,) = tx.execute(select(SAVED)).all()
    assert b"person1" not in bytes(row.content)
    early, late = (partial(forget_searches, at=at, limit=10) for at in (AT, AT + LIFE))
    assert (database.write(early), database.write(late)) == (0, 1)
    assert full.staff("support").get(path).status_code == 404
    with database.read() as tx:
        assert tx.execute(select(func.count()).select_from(SAVED)).scalar_one() == 0
    assert timedelta(hours=1) < LIFE <= timedelta(days=1)


def test_the_answer_says_how_many_as_far_as_it_looked(full: Desk) -> None:
    one = ask(full, text="架空", limit=1).json()
    every = ask(full, text="架空", limit=1, count=True).json()
    assert (every["total"], every["total_is"]) == (len(full.people), "exact")
    assert one["total"] <= every["total"]
    assert one["total_is"] in {"exact", "at_least"}


def test_a_company_is_found_saved_and_repeated_by_its_own_path(full: Desk) -> None:
    sales, purpose = full.staff("sales"), "corporate_sales"
    fields = {"name": "株式会社架空商事", "representative": "架空　代表", "phone": "03-5555-1234"}
    made = sales.post("/v1/companies", params={"purpose": purpose}, json={"fields": fields})
    assert made.status_code == 201, made.text
    body = {"purpose": purpose, "values": {"name": "㈱架空商事"}, "save": True}
    answer = sales.post("/v1/companies/search", json=body)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    (item,) = shown["items"]
    assert made.headers["location"].endswith(item["id"])
    assert item["matched"]["level"] == "exact"
    assert item["matched"]["fields"] == ["name"]
    assert item["fields"]["name"]["value"] == "株式会社架空商事"
    assert (shown["total"], shown["total_is"]) == (1, "exact")
    again = sales.get(f"/v1/companies/searches/{shown['search_id']}")
    assert [one["id"] for one in again.json()["items"]] == [item["id"]]
    assert sales.get(f"/v1/persons/searches/{shown['search_id']}").status_code == 404
    path = made.headers["location"]
    etag = sales.get(path, params={"purpose": purpose}).headers["etag"]
    changed = sales.patch(
        path,
        params={"purpose": purpose, "reason": "changed"},
        headers={"if-match": etag},
        json={"name": "株式会社架空物産"},
    )
    assert changed.status_code == 200, changed.text
    names = {"㈱架空商事": 0, "架空物産": 1}
    for name, count in names.items():
        found = sales.post("/v1/companies/search", json={**body, "values": {"name": name}})
        assert len(found.json()["items"]) == count, name


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": ""}, 400, "search_empty"),
        ({"text": "架空", "cursor": "AAAA"}, 400, "search_cursor"),
        ({"text": "架空", "purpose": "corporate_sales"}, 403, "search_refused"),
        ({"text": "架空", "purpose": "no_such"}, None, None),
        ({"text": "架空", "unknown": 1}, None, None),
        ({"text": 1}, None, None),
        ({"text": "架空", "limit": 0}, None, None),
        ({"values": {"sex": "女"}}, None, None),
    ],
)
def test_what_cannot_be_searched_is_refused(
    full: Desk, body: dict[str, Any], status: int | None, code: str | None
) -> None:
    answer = ask(full, **body)
    assert 400 <= answer.status_code < 500
    assert "架空" not in answer.text
    if status is not None:
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_search_needs_its_action(full: Desk) -> None:
    assert full.nobody().post(PATH, json={"purpose": "order_support"}).status_code == 401
    assert ask(full, "auditor", text="架空").status_code == 403


def test_the_document_describes_the_search(full: Desk) -> None:
    document = full.nobody().get("/openapi.json").json()
    operation = document["paths"][PATH]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert {"purpose", "text", "values", "cursor"} <= set(schema["properties"])
