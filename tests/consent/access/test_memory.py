"""While the process holds its lease, the event loop answers, and just as the database does."""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from consent.access import api
from consent.client.lease import boottime
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


def test_questions_that_rest_on_no_person_need_no_thread(leased: Decider) -> None:
    asked = {**question(leased, 0), "resource": {"type": "record", "id": "1"}}
    assert leased.ask("evaluation", asked).shape["decision"] is False
