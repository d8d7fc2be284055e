"""While the process holds its lease, the event loop answers, and just as the database does."""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from consent.access import api, people
from consent.client.lease import boottime
from consent.deciding import by_database
from tests.consent.access.conftest import Decider
from tests.installation import AT

Use = Callable[..., dict[str, Any]]


class Held:
    """A lease that does not end during the test."""

    def holds_until(self) -> float | None:
        return boottime() + 60


@pytest.fixture
def leased(decider: Decider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Decider]:
    live = decider.wiring.live
    before, live.freshness = live.freshness, Held()
    live.follow(at=AT)
    for person in range(5):  # the reasons of refusals come from the database, once
        decider.ask("evaluation", question(decider, person))

    def waited(*_: Any) -> NoReturn:
        raise AssertionError("a thread was asked")

    monkeypatch.setattr(api.to_thread, "run_sync", waited)
    yield decider
    live.freshness = before


def question(decider: Decider, person: int) -> dict[str, Any]:
    return {
        "subject": {"type": "system", "id": "mailer"},
        "action": {"name": "use", "properties": {"purpose": "mail_marketing"}},
        "resource": {"type": "person", "id": decider.persons[person]},
    }


def test_single_questions_are_answered_from_memory(leased: Decider) -> None:
    found = [leased.ask("evaluation", question(leased, n)).shape for n in range(5)]
    assert [one["decision"] for one in found] == [True, True, True, False, False]
    assert all(one["context"]["snapshot"]["consent_seq"] for one in found)
    assert "valid_until" in found[0]["context"]


def test_batches_are_answered_from_memory(leased: Decider, use: Use) -> None:
    items = [{"resource": {"type": "person", "id": one}} for one in leased.persons]
    for semantic, expected in (
        ("execute_all", [True, True, True, False, False]),
        ("deny_on_first_deny", [True, True, True, False]),
        ("permit_on_first_permit", [True]),
    ):
        options = {"evaluations_semantic": semantic}
        shape = leased.ask("evaluations", {**use(), "options": options, "evaluations": items}).shape
        assert [one["decision"] for one in shape["evaluations"]] == expected


def test_a_search_looks_only_at_whom_memory_permits(
    decider: Decider, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = decider.wiring.live
    live.follow(at=AT)
    looked: list[int] = []

    def counted(tx: Any, policy: Any, kinds: Any, principal: Any, asked: Any, *, at: Any) -> Any:
        looked.append(len(asked))
        return by_database(tx, policy, kinds, principal, asked, at=at)

    monkeypatch.setattr(people, "by_database", counted)
    body = use(resource={"type": "person"})
    remembered = decider.ask("search/resource", body).shape["results"]
    monkeypatch.setattr(live, "current", None)
    assert decider.ask("search/resource", body).shape["results"] == remembered
    assert [one["id"] for one in remembered] == list(decider.persons[:3])
    assert looked == [3, 5]


def test_questions_that_rest_on_no_person_need_no_thread(leased: Decider) -> None:
    asked = {**question(leased, 0), "resource": {"type": "record", "id": "1"}}
    assert leased.ask("evaluation", asked).shape["decision"] is False
