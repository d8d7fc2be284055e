"""The shipped law file, files beside it, and files that are refused."""

from datetime import UTC, date, datetime
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from governance.core.terms import Lang
from governance.i18n.catalogue import domain, error_text
from policies.law import errors
from policies.law.answers import due_json, law_show
from policies.law.calendars import calendar_of
from policies.law.due import due
from policies.law.in_force import rule_set
from policies.law.load import SHIPPED, law_book, rules_of, shipped, shipped_texts, with_files
from policies.law.types import LawBook, RuleKind, Unit

DAY = date(2026, 11, 1)
LAW = files("policies.law").joinpath("data", SHIPPED).read_text(encoding="utf-8")
HEAD = "schema: governance-law/1\ncompiled: '2026-12-01'\n"
SOURCES = "sources:\n  OWN:\n    title: own\n    kind: company\n"
RULE = """deadline_rules:
  {id}:
    amount: 7
    unit: days
    start: contract_ended
    verification: n/a
    sources: [OWN]
"""
RULES = "deadline_rules: {a: {"
OWN = HEAD + SOURCES + RULE.format(id="x")


def ccpa() -> LawBook:
    with as_file(files("policies.law").joinpath("data", "examples", "ccpa.yaml")) as path:
        return with_files([path])


def beside(text: str) -> LawBook:
    return law_book([*shipped_texts(), ("own.yaml", text)])


def test_shipped_law_is_complete() -> None:
    rules = rule_set(DAY)
    assert (len(rules.rules), len(rules.obligations), len(rules.retention_rules)) == (18, 91, 20)
    assert rules.book.machines.keys() == {"gdpr", "appi"}
    assert rules.book.amendments.keys() == {"APPI-R8", "EU-OMNIBUS"}
    assert rules.book.child_ages["FR"].age == 15
    assert not rules.book.child_ages["DK"].certain
    assert len(rules.book.child_ages) == 27


def test_version_names_schema_day_and_content() -> None:
    version = rule_set(DAY).version
    assert version.startswith("governance-law/1@2026-11-22#")
    (name, law), *rest = shipped_texts()
    assert law_book([(name, law + "\n"), *rest]).version != version
    assert law_book([(name, law), *rest]).version == version


def test_rule_set_of_a_day_is_read_once() -> None:
    assert rule_set(DAY) is rule_set(DAY)


def test_every_shipped_rule_and_ground_is_named_in_both_languages() -> None:
    for lang in Lang:
        texts = domain("law", lang)
        for rule in shipped().rules:
            assert f"law.rule.{rule.id}" in texts
            assert all(f"law.ground.{ground}" in texts for ground in rule.pauses)
            assert all(f"law.event.{event}" in texts for event in rule.also)


def test_the_extension_knows_its_first_period_and_its_pauses() -> None:
    rules = rule_set(DAY)
    assert rules.rule("gdpr_ext_3m").extends == rules.rule("gdpr_1m")
    assert rules.extension_of("gdpr_1m").id == "gdpr_ext_3m"
    assert rules.extension_of("gdpr_72h") is None
    assert rules.rule("gdpr_ext_3m").pauses == rules.rule("gdpr_1m").pauses


def test_open_pause_counts_up_to_the_moment_asked_about() -> None:
    rule, events = rule_set(DAY).rule("gdpr_1m"), {"received": date(2026, 6, 10)}
    events["id_asked"] = date(2026, 6, 12)
    at = datetime(2026, 6, 19, 22, 30, tzinfo=UTC)  # already 20 June in Berlin
    result = due(rule, events, calendar=calendar_of("DE"), at=at)
    assert (result.nominal, result.legal) == (date(2026, 7, 18), date(2026, 7, 20))
    assert result.paused_since == date(2026, 6, 12)


@pytest.mark.parametrize(
    ("events", "expect"),
    [
        ({"received": "2026-01-02"}, {"nominal": "2026-02-16", "legal": "2026-02-16"}),
        (
            {"received": "2026-01-02", "extension_notice": "2026-02-16"},
            {"legal": "2026-04-02", "extension_valid": True},
        ),
        (
            {"received": "2026-01-02", "extension_notice": "2026-02-17"},
            {"legal": "2026-02-16", "extension_valid": False},
        ),
    ],
)
def test_another_law_is_added_as_data(events: dict[str, str], expect: dict[str, object]) -> None:
    rule = "ccpa_ext_90d" if "extension_notice" in events else "ccpa_45d"
    answer = due_json(rule, events, book=ccpa())
    assert {key: answer.get(key) for key in expect} == expect
    assert "CCPA" in answer["reason_ja"]
    assert "Civil Code Art" not in answer["reason_en"].replace("Cal. Civ. Code", "")


def test_an_added_law_changes_the_version_and_keeps_the_shipped_one() -> None:
    book = ccpa()
    assert book.version != shipped().version
    assert law_show("CCPA-105", book=book)["deadline_rule"] == "ccpa_45d"
    assert law_show("gdpr_1m", book=book)["unit"] == "months"
    with pytest.raises(errors.UnknownLawIdError):
        law_show("CCPA-105")


def test_a_dated_version_ends_the_one_before_it() -> None:
    book = beside(
        HEAD
        + "deadline_rules:\n  gdpr_72h:\n    amount: 96\n    unit: hours\n    start: breach_aware\n"
        + "    valid_from: '2028-01-01'\n    verification: n/a\n    sources: [OMNI]\n"
    )
    assert rules_of(book, date(2027, 12, 31)).rule("gdpr_72h").amount == 72
    assert rules_of(book, date(2028, 1, 1)).rule("gdpr_72h").amount == 96
    before = due_json("gdpr_72h", {"aware": "2027-12-30T10:00+01:00"}, book=book)
    after = due_json("gdpr_72h", {"aware": "2028-01-03T10:00+01:00"}, book=book)
    assert before["due"] == "2028-01-02T10:00+01:00"
    assert after["due"] == "2028-01-07T10:00+01:00"


def test_a_company_rule_is_counted_by_its_own_words() -> None:
    book = beside(HEAD + SOURCES + RULE.format(id="own_7d"))
    answer = due_json("own_7d", {"contract_ended": "2026-04-01"}, book=book)
    assert answer["legal"] == "2026-04-08"
    assert "own_7d" in answer["reason_ja"]


REFUSED = [
    ("]", errors.LawYamlError),
    (HEAD + "color: red\n", errors.UnknownKeyError),
    ("schema: governance-law/1\n", errors.MissingKeyError),
    ("schema: governance-law/9\ncompiled: '2026-12-01'\n", errors.BadValueError),
    ("schema: governance-law/1\ncompiled: soon\n", errors.BadValueError),
    ("- 1\n", errors.WrongTypeError),
    (HEAD + "obligations: {}\n", errors.WrongTypeError),
    (HEAD + "obligations: [{id: A}]\n", errors.MissingKeyError),
    (
        HEAD + "deadline_rules: {a: {unit: moons, verification: n/a, sources: []}}",
        errors.BadValueError,
    ),
    (
        HEAD + "deadline_rules: {a: {unit: days, verification: n/a, sources: []}}",
        errors.BadValueError,
    ),
    (OWN.replace("7", "'7'"), errors.WrongTypeError),
    (OWN.replace("7", "-7"), errors.BadValueError),
    (OWN.replace("7", "true"), errors.WrongTypeError),
    (OWN + "    extends: nothing\n", errors.UnknownReferenceError),
    (OWN + "    extends: x\n", errors.UnknownReferenceError),
    (OWN + "    day_one: instant\n", errors.BadValueError),
    (OWN + "    roll_calendar: mars\n", errors.BadValueError),
    (OWN + "    also: max(a)\n", errors.BadValueError),
    (
        OWN + "    soft_amount: 3\n    roll: next_open_day\n",
        errors.BadValueError,
    ),
    (OWN + "    valid_from: '2027-02-30'\n", errors.BadValueError),
    (
        HEAD
        + SOURCES
        + RULE.format(id="x")
        + "    valid_from: '2027-02-03'\n    valid_to: '2027-02-02'\n",
        errors.BadValueError,
    ),
    (HEAD + RULE.format(id="x"), errors.UnknownReferenceError),
    (HEAD + SOURCES + RULE.format(id="gdpr_1m"), errors.DuplicateIdError),
    (HEAD + SOURCES + SOURCES, errors.DuplicateIdError),
    (HEAD + "sources: {GDPR: {title: t, kind: k}}\n", errors.DuplicateIdError),
    (HEAD + "child_age_gdpr8: {'12': [DE]}\n", errors.BadValueError),
    (
        HEAD + "dsar_state_machines: {ccpa: {states: [A], transitions: [[A, B, x, y]]}}\n",
        errors.BadValueError,
    ),
    (HEAD + "test_cases: [{id: T99}]\n", errors.MissingKeyError),
]


@pytest.mark.parametrize(("text", "error"), REFUSED)
def test_a_file_not_of_the_schema_is_refused_with_its_place(
    text: str, error: type[errors.LawSchemaError]
) -> None:
    with pytest.raises(error) as caught:
        beside(text)
    line = int(caught.value.params["line"])
    assert caught.value.params["file"] == f"own.yaml:{line}"
    assert 1 <= line <= len(text.splitlines())
    assert caught.value.params["path"]
    for lang in Lang:
        assert "own.yaml" in error_text(caught.value, lang)


def test_the_first_file_must_hold_every_section() -> None:
    with pytest.raises(errors.MissingKeyError):
        law_book([("law.yaml", HEAD)])


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_bytes(b"\xff\xfe\x00")
    for path in (broken, tmp_path / "absent.yaml"):
        with pytest.raises(errors.LawFileError):
            with_files([path])


def test_each_kind_of_entry_is_shown() -> None:
    kinds = {
        "gdpr_ext_3m": "deadline_rule",
        "APPI-26-1K": "obligation",
        "RET-ROKI": "retention_rule",
        "APPI-R8": "amendment",
    }
    for id_, kind in kinds.items():
        shown = law_show(id_)
        assert (shown["type"], shown["id"]) == (kind, id_)
        assert shown["version"] == shipped().version
    assert law_show("RET-ROKI")["current_months"] == 36
    assert law_show("gdpr_ext_3m")["extends"] == "gdpr_1m"
    assert law_show("APPI-R8")["in_force"] is False


def test_every_id_of_the_law_can_be_shown_and_every_rule_explains_itself() -> None:
    rules = rule_set(DAY)
    for id_ in (*rules.rules, *rules.obligations, *rules.retention_rules, *rules.book.amendments):
        assert law_show(id_)["id"] == id_
    for rule in rules.rules.values():
        events = (
            {law_show(rule.id)["events"][0]: "2026-06-01"}
            if rule.unit is not Unit.CONTINUOUS
            else {}
        )
        if rule.unit is Unit.HOURS:
            events = {"aware": "2026-06-01T09:00+02:00"}
        answer = due_json(rule.id, events)
        assert answer["reason_ja"]
        assert answer["reason_en"]
        assert ("keep_until" in answer) == (rule.kind is RuleKind.RETAIN_AT_LEAST)
