"""`sekisho person`: shown, taken in and corrected by values from standard input alone."""

import io
import json
from typing import Any

import pytest

from governance.core.clock import utc_now
from tests.governance.cli.conftest import Home, Run, Said

SUPPORT = ("--as", "support")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a document on standard input."""

    def put(document: Any) -> None:
        words = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(words.encode())))

    return put


def shown(run: Run, home: Home, person: str, *more: str) -> Said:
    words = ("--data", home.data, *SUPPORT, *more, "person", "show", person)
    return run(*words, "--purpose", "order_support", "--fields", "name,email")


def test_a_person_is_shown_as_the_gates_say(run: Run, home: Home) -> None:
    person = home.subjects[0]
    said = shown(run, home, person, "--json")
    assert said.code == 0
    assert said.value["fields"]["email"]["treatment"] == "masked"
    words = shown(run, home, person)
    assert said.value["etag"].strip('"') in words.out
    assert "example.com" not in words.out
    nobody = shown(run, home, "taro", "--json")
    assert (nobody.code, nobody.problem["code"]) == (1, "person_unknown")


def test_a_correction_takes_its_values_from_standard_input(
    run: Run, home: Home, given: Any
) -> None:
    person = home.subjects[1]
    tag = shown(run, home, person, "--json").value["etag"].strip('"')
    words = (
        *("--data", home.data, *SUPPORT, "--json", "person", "correct", person),
        *("--purpose", "order_support", "--reason", "person_request", "--etag", tag),
    )
    given({"email": "Ｎｅｗ@example.com", "mobile": "12"})
    refused = run(*words)
    assert (refused.code, refused.problem["code"]) == (1, "fields_invalid")
    assert [fault["field"] for fault in refused.problem["errors"]] == ["mobile"]
    given({"email": "Ｎｅｗ@example.com"})
    done = run(*words)
    assert done.code == 0, done.err
    assert done.value["normalised"] == {"email": "new@example.com"}
    given({"email": "late@example.com"})
    assert run(*words).problem["code"] == "version_conflict"


def test_a_person_is_taken_in_from_standard_input(run: Run, home: Home, given: Any) -> None:
    words = ("--data", home.data, "--as", "manager", "person", "create")
    given(
        {
            "fields": {"name": "架空　三郎", "mobile": "０９０－１１１１－２２２２"},
            "acquisition": {"acquired_from": "person", "method": "paper", "source": "店頭"},
        }
    )
    done = run(*words, "--purpose", "data_quality")
    assert done.code == 0, done.err
    assert "+819011112222" in done.out
    given('{"fields": {}, "fields": {}}')
    assert run(*words, "--purpose", "data_quality").code == 2
    given({"fields": {"name": "架空"}})
    refused = run(*words, "--purpose", "data_quality")
    assert refused.code == 1
    assert "acquisition" in refused.err


def test_who_may_not_write_writes_nothing(run: Run, home: Home, given: Any) -> None:
    given({"fields": {}})
    said = run(
        *("--data", home.data, "--as", "auditor", "--json", "person", "create"),
        *("--purpose", "data_quality"),
    )
    assert said.code == 1


def test_a_parent_is_recorded_by_one_confirmed_by_another_and_ended_by_one(
    run: Run, home: Home, given: Any
) -> None:
    def by(who: str, *words: str) -> Said:
        return run("--data", home.data, "--as", who, "--json", *words)

    def right(child: str) -> dict[str, Any]:
        (found,) = by("support", "guardian", "list", child).value
        return dict(found)

    given(
        {
            "fields": {"name": "架空　小春", "birth_date": f"{utc_now().year - 8}-01-05"},
            "acquisition": {"acquired_from": "person", "method": "paper", "source": "店頭"},
        }
    )
    taken = by("manager", "person", "create", "--purpose", "data_quality")
    assert taken.code == 0, taken.err
    child, parent = taken.value["id"], home.subjects[0]
    proof = ("--proof", "family_register", "--seen-on", "2026-09-01")
    record = ("guardian", "record", child, "--by", parent, *proof)
    assert by("auditor", *record).code == 1
    done = by("support", *record)
    row, first = done.value["row"], done.value["approval_required"]
    assert (done.code, right(child)["second"]) == (1, "waiting")
    assert by("support", "guardian", "list").value == [right(child)], "everybody who waits"
    assert by("auditor", "guardian", "list").code == 1
    assert by("support", "guardian", "ask", child, row).value["approval_required"] == first
    assert by("support", "approve", first).code == 1, "whoever saw the proof confirms nothing"
    wrong = by("tanaka", "guardian", "refuse", parent, row, first)
    assert wrong.problem["code"] == "guardian_unknown", "a row of somebody else"
    assert by("tanaka", "guardian", "refuse", child, row, first).code == 0
    assert right(child)["second"] == "refused"
    assert by("tanaka", "approve", first).code == 1
    again = by("support", "guardian", "ask", child, row).value["approval_required"]
    assert by("tanaka", "approve", again).code == 0
    kept = right(child)
    assert kept["second"] == "confirmed"
    words = run("--data", home.data, *SUPPORT, "guardian", "list", child).out
    assert "確認" in words
    assert "guardian." not in words, "every key has its words"
    late = ("--last", "2026-09-30", "--version")
    end = ("guardian", "end", child, row, *late)
    assert by("support", *end, str(kept["version"] + 1)).problem["code"] == "version_conflict"
    assert by("support", *end, str(kept["version"])).code == 0
    assert right(child)["second"] == "not_needed"
