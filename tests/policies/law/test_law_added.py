"""Company rules, other laws and rule sets of amendments: data, checked, counted by."""

from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from governance.customers.catalogue import catalogue
from policies.law.answers import law_show
from policies.law.cases import date_cases
from policies.law.errors import (
    BadValueError,
    DuplicateIdError,
    LawYamlError,
    MissingKeyError,
    UnknownKeyError,
    UnknownReferenceError,
    UnknownSwitchError,
)
from policies.law.in_force import follows, install, law_in_force, rule_set
from policies.law.load import installed, law_book, rules_of, shipped, shipped_texts, switched

DAY = date(2026, 11, 26)
OWN = """schema: governance-law/1
compiled: '2026-12-01'
sources:
  OWN: {title: 社内規程, kind: company}
deadline_rules:
  own_7d:
    amount: 7
    unit: days
    start: contract_ended
    verification: n/a
    sources: [OWN]
obligations:
- id: OWN-1
  law: 社内規程
  article: '3'
  duty_ja: 契約終了後の確認
  duty_en: Look after the contract has ended
  trigger: contract_ended
  deadline_rule: own_7d
  in_force: true
  verification: n/a
  sources: [OWN]
test_cases:
- id: C1
  law: 社内規程
  rule: own_7d
  input: {contract_ended: '2026-12-01'}
  expect: {legal: '2026-12-08'}
  calendar: none
  reason: seven days
  verification: n/a
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a law file", encoding="utf-8")
    return tmp_path


@pytest.fixture
def restored() -> Iterator[None]:
    before = law_in_force()
    yield
    install(before)


@pytest.mark.usefixtures("restored")
def test_installed_files_are_counted_by_and_the_shipped_law_stays(folder: Path) -> None:
    told: list[str] = []
    follows(lambda: told.append("new book"))
    install(installed(folder))
    rules = rule_set(DAY)
    assert rules.rule("own_7d").amount == 7
    assert rules.obligation("OWN-1").law == "社内規程"
    assert rules.rule("gdpr_1m").amount == 1
    assert rules.version != rules_of(shipped(), DAY).version
    assert law_in_force().files[-1] == "own.yaml"
    install(installed(folder))
    assert told == ["new book"]  # the same book changes nothing
    assert installed(folder / "absent") == shipped()


@pytest.mark.parametrize(
    ("old", "new", "line", "error"),
    [
        ("    amount: 7", "    amount: -7", 7, BadValueError),
        ("    unit: days", "    unit: moons", 8, BadValueError),
        ("    start: contract_ended", "    starts: contract_ended", 6, UnknownKeyError),
        ("    sources: [OWN]\nob", "    sources: [MINE]\nob", 11, UnknownReferenceError),
        ("  deadline_rule: own_7d", "  deadline_rule: own_8d", 19, UnknownReferenceError),
        ("  in_force: true", "  rule_set: nowhere\n  in_force: true", 20, UnknownReferenceError),
        ("  duty_en: Look after the contract has ended\n", "", 13, MissingKeyError),
        ("  own_7d:", "  own_7d: [", 8, LawYamlError),
        ("    unit: days", "    unit: days\n    unit: weeks", 9, DuplicateIdError),
        ("  own_7d:", "  gdpr_1m:", 6, DuplicateIdError),
        ("  rule: own_7d", "  rule: own_9d", 26, UnknownReferenceError),
    ],
)
def test_a_fault_is_named_with_its_line(
    old: str, new: str, line: int, error: type[Exception]
) -> None:
    assert OWN.count(old) == 1
    with pytest.raises(error) as caught:
        law_book([*shipped_texts(), ("own.yaml", OWN.replace(old, new))])
    assert caught.value.params["file"] == f"own.yaml:{line}"


def test_a_files_own_date_cases_are_counted() -> None:
    for text, holds in ((OWN, True), (OWN.replace("12-08", "12-09"), False)):
        book = law_book([*shipped_texts(), ("own.yaml", text)])
        (case,) = date_cases("own.yaml", text, book)
        assert bool(case) is holds
        assert case.found == {"legal": "2026-12-08"}
    wrong = OWN.replace("{contract_ended:", "{contract_begun:")
    (case,) = date_cases("own.yaml", wrong, law_book([*shipped_texts(), ("own.yaml", wrong)]))
    assert not case
    assert case.found == {"error": "law_unknown_event"}


def test_the_shipped_example_passes_its_own_check() -> None:
    text = files("policies.law").joinpath("data", "examples", "ccpa.yaml").read_text("utf-8")
    book = law_book([*shipped_texts(), ("ccpa.yaml", text)])
    cases = tuple(date_cases("ccpa.yaml", text, book))
    assert len(cases) >= 2
    assert all(cases)


def test_amendments_are_off_until_somebody_switches_them_on() -> None:
    book = shipped()
    assert "APPI-R8-MINORS" not in rules_of(book, DAY).obligations
    assert "gdpr_96h" not in rules_of(book, DAY).rules
    on = switched(book, ["appi_r8_minors", "eu_omnibus"])
    assert "APPI-R8-MINORS" in rules_of(on, DAY).obligations
    assert rules_of(on, DAY).rule("gdpr_96h").amount == 96
    assert rules_of(on, DAY).rule("gdpr_72h").amount == 72
    assert on.version == f"{book.version}+appi_r8_minors+eu_omnibus"
    with pytest.raises(UnknownSwitchError):
        switched(book, ["appi_r9"])


def test_every_item_of_the_2026_amendment_is_prepared_and_shown_as_off() -> None:
    sets = [one for one in shipped().switches.values() if one.amendment == "APPI-R8"]
    assert len(sets) == 9  # twelve items: orders, helpers, penalties and surcharge are one
    for one in sets:
        shown = law_show(one.id)
        assert shown["switched_on"] is False
        for entry in shown.get("entries", []):
            assert law_show(entry)["switched_on"] is False
    assert law_show("appi_r8_minors")["collects"]
    assert "appi_r8_face" in law_show("APPI-R8")["rule_sets"]


def test_what_the_prepared_sets_need_is_collected_already() -> None:
    known = {*catalogue().fields, *catalogue().terms}
    for one in shipped().switches.values():
        assert set(one.collects) <= known
