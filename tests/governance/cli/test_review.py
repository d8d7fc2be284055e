"""Officers review the log by command: what they ask is answered, fits the screen, is on record."""

from pathlib import Path
from unicodedata import east_asian_width

import pytest

from audit.actions import EventCode
from audit.types import EventDraft, Outcome, PersonalPart, canonical_json
from governance.core.clock import utc_now
from governance.core.ids import new_subject_id
from governance.core.terms import ActorId, PurposeId, SubjectId
from tests.governance.cli.line import Line

PERSON, ERASED = new_subject_id(), new_subject_id()
WORDS = "拒否はすべて説明がついた（架空）"


def draft(subject: SubjectId, action: EventCode, outcome: Outcome = Outcome.DONE) -> EventDraft:
    return EventDraft(
        action=action,
        occurred_at=utc_now(),
        actor=ActorId("u:mori"),
        object_type="person",
        object_id=subject,
        subject=subject,
        purpose=PurposeId("order_support"),
        outcome=outcome,
        reasons=("denied.actor.no_rule",) if outcome is Outcome.DENY else (),
    )


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """Two persons were read, one of them twice refused, the other one erased."""
    made = Line(folder=tmp_path_factory.mktemp("review") / "data")
    made.found()
    made.hire("ogawa", "auditor")
    made.hire("mori", "support")
    wiring = made.wiring()
    words = PersonalPart(subject=ERASED, payload=canonical_json({"name": "架空花子"}))

    def write(tx: object) -> None:
        add = wiring.audit.append
        add(tx, draft(ERASED, EventCode.PERSON_CHANGED), (words,))  # type: ignore[arg-type] # a connection
        for _ in range(2):
            add(tx, draft(PERSON, EventCode.PERSON_READ, Outcome.DENY))  # type: ignore[arg-type] # the same
        wiring.audit.erase(tx, draft(ERASED, EventCode.ERASURE_EXECUTED))  # type: ignore[arg-type] # the same

    wiring.database.write(write)
    wiring.close()
    return made


def columns(row: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in row)


def test_conditions_select_and_a_cursor_goes_on(line: Line) -> None:
    words = ("audit", "events", "outcome=deny", "actor=u:mori")
    page = line.done(*words, "--limit", "1", "--count", by="ogawa")
    assert (page["total"], len(page["events"])) == (2, 1)
    rest = line.done(*words, "--before", str(page["next"]), by="ogawa")
    assert [event["reasons"] for event in rest["events"]] == ["denied.actor.no_rule"]
    assert rest["events"][0]["seq"] < page["events"][0]["seq"]
    assert line.refused("audit", "events", "who=mori", by="ogawa") == "audit_query_form"


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize(
    "words",
    [
        ("events",),
        ("events", "outcome=deny"),
        ("timeline", "--person", ERASED),
        ("timeline", "--actor", "u:mori"),
        ("reviews",),
        ("decisions",),
    ],
)
def test_what_is_shown_fits_eighty_columns_and_cuts_no_id(
    line: Line, lang: str, words: tuple[str, ...]
) -> None:
    said = line.run("audit", *words, "--lang", lang, by="ogawa", as_json=False)
    tables = [row for row in said.out.splitlines() if "  " in row]
    assert all(columns(row) <= 80 for row in tables)
    if words == ("events", "outcome=deny"):
        assert PERSON in said.out


def test_events_are_counted_by_group(line: Line) -> None:
    found = line.done("audit", "counts", "--by", "outcome", "actor=u:mori", by="ogawa")
    assert {one["outcome"]: one["events"] for one in found}["deny"] == 2
    assert line.refused("audit", "counts", "--by", "colour", by="ogawa") == "option_choice"


def test_the_timeline_of_an_erased_person_says_by_which_event(line: Line) -> None:
    told = line.done("audit", "timeline", "--person", ERASED, by="ogawa")
    (erased,) = told["erased"]
    assert [event["action"] for event in told["events"]] == ["erasure.executed", "person.changed"]
    assert (erased["seq"], erased["parts"]) == (told["events"][0]["seq"], 1)
    assert erased["erased_at"] is not None
    said = line.run("audit", "timeline", "--person", ERASED, by="ogawa", as_json=False)
    assert f"by event {erased['seq']}" in said.out
    alive = line.done("audit", "timeline", "--person", PERSON, by="ogawa")
    assert alive["erased"] == []
    for words in ((), ("--person", PERSON, "--actor", "u:mori")):
        assert line.refused("audit", "timeline", *words, by="ogawa") == "options_together"


def test_a_kept_filter_is_narrowed_and_nobody_elses(line: Line) -> None:
    words = ("audit", "filters", "add", "--name", "架空", "actor=u:mori")
    kept = line.done(*words, by="ogawa")["id"]
    asked = ("audit", "events", "--filter", kept, "outcome=deny")
    assert len(line.done(*asked, by="ogawa")["events"]) == 2
    assert line.refused(*asked, by="hanako") == "audit_filter_not_found"
    assert [one["id"] for one in line.done("audit", "filters", "list", by="ogawa")] == [kept]
    line.done("audit", "filters", "drop", kept, by="ogawa")
    assert line.done("audit", "filters", "list", by="ogawa") == []


def test_a_sign_off_covers_what_was_open_and_its_words_come_back(line: Line) -> None:
    before = line.done("audit", "reviews", by="ogawa")["open"]
    words = ("audit", "sign-off", "--comment", WORDS, "--below", str(before["below_seq"]))
    done = line.done(*words, by="ogawa")
    assert (done["first_seq"], done["below_seq"]) == (before["first_seq"], before["below_seq"])
    after = line.done("audit", "reviews", by="ogawa")
    assert (after["reviews"][0]["comment"], after["reviews"][0]["reviewer"]) == (WORDS, "u:ogawa")
    assert (after["open"]["first_seq"], after["open"]["overdue"]) == (done["below_seq"], False)
    assert line.refused(*words, by="ogawa") == "audit_review_range"


def test_who_may_not_review_learns_nothing(line: Line) -> None:
    for words in (
        ("events",),
        ("counts",),
        ("decisions",),
        ("reviews",),
        ("timeline", "--person", PERSON),
        ("filters", "list"),
        ("sign-off", "--comment", "x"),
    ):
        assert line.refused("audit", *words, by="mori") == "action_forbidden"


def test_a_rule_is_tried_at_another_threshold_with_each_alarm(line: Line) -> None:
    words = ("audit", "alarms", "try", "--rule", "denied")
    (found,) = line.done(*words, "--limit", "1", by="ogawa")
    assert (found["rule"], found["limit"]) == ("denied", 1)
    assert line.refused("audit", "alarms", "try", "--limit", "1", by="ogawa") == "options_together"
    assert line.refused("audit", "alarms", "try", "--rule", "x", by="ogawa") == "option_choice"


def test_an_export_takes_the_conditions_of_a_search(line: Line, tmp_path: Path) -> None:
    words = ("audit", "export", "--output")
    one = line.done(*words, str(tmp_path / "one"), f"object=person:{ERASED}", by="ogawa")
    assert one["events"] == 2
    kept = line.done("audit", "filters", "add", "--name", "x", "outcome=deny", by="ogawa")["id"]
    two = line.done(*words, str(tmp_path / "two"), "--filter", kept, by="ogawa")
    assert two["events"] == 2
    both = ("--filter", kept, "--outcome", "done")
    assert line.refused(*words, str(tmp_path / "no"), *both, by="ogawa") == "audit_query_form"
    either = line.refused(*words, str(tmp_path / "no"), "outcome=deny,done", by="ogawa")
    assert either == "audit_query_form"
    assert list(tmp_path.glob("no*")) == []
    line.done("audit", "filters", "drop", kept, by="ogawa")
