"""What officers are shown: the list, the fate of each field, the certificate, texts."""

from datetime import date

import pytest

from governance.core.errors import GovernanceError, domain_of
from governance.core.terms import Lang, Law
from governance.i18n.catalogue import domain, text
from retention import errors, listing, schedules, tombstones
from retention.certificate import certificate
from retention.errors import SubjectUnknownError
from retention.fates import Fate, erase_plan
from retention.plans import RunState
from retention.types import (
    NO_RULE,
    REQUEST,
    RESTRICTED,
    Due,
    Ending,
    Kept,
    Review,
    Schedule,
)
from retention.words import because
from tests.retention.town import CHIEF, NOW, OFFICER, TODAY, Town

BOTH = (schedules.default_schedule(), schedules.shipped_schedule(schedules.RETAIL_SAMPLE))


@pytest.fixture
def filled(town: Town) -> Town:
    town.settle("gone", status="withdrawn", withdrawn=date(2020, 1, 1))
    town.settle(
        "ledger",
        status="withdrawn",
        withdrawn=date(2021, 1, 1),
        purchases=({"purchased_on": date(2021, 3, 1)}, {"purchased_on": date(2012, 1, 1)}),
        laws=(Law.APPI, Law.GDPR),
    )
    town.settle("held", status="withdrawn", withdrawn=date(2015, 1, 1), held=True)
    town.adopt()
    return town


def test_the_list_names_people_by_the_register_and_in_words(filled: Town) -> None:
    found = filled.ports.database.write(
        lambda tx: list(listing.people(tx, filled.ports, OFFICER, on=TODAY, at=NOW))
    )
    by_id = {line["id"]: line for line in found}
    assert set(by_id) == {"C000001", "C000002", "C000003"}
    gone = by_id["C000001"]
    assert {name: gone[name] for name in ("decision", "rule", "basis", "due_on")} == {
        "decision": "due",
        "rule": "D1_WITHDRAWN_3Y",
        "basis": "2020-01-01",
        "due_on": "2023-01-01",
    }
    assert by_id["C000002"]["ledger_until"] == "2028-03-01"
    assert "退会から3年" in str(gone["reason_ja"])
    assert "Three years" in str(gone["reason_en"])


def test_the_fate_of_each_field_is_known_before_the_erasure(filled: Town) -> None:
    with filled.ports.database.read() as tx:
        found = erase_plan(tx, filled.people["ledger"], at=NOW)
    fates = {(one.field, one.fate): one for one in found.fates}
    kept = fates["purchase.amount", Fate.KEEP]
    assert (kept.rows, kept.duty, kept.until) == (1, "LEDGER_7Y", date(2028, 3, 1))
    assert kept.gdpr == "claims"
    assert fates["purchase.amount", Fate.DELETE].rows == 1
    assert ("purchase.recipient_name", Fate.KEEP) not in fates
    assert ("person.name", Fate.DELETE) in fates
    assert ("audit_part.payload", Fate.DELETE) in fates
    assert ("search_row.tokens", Fate.DELETE) in fates
    assert fates["consent_event.proof", Fate.KEEP].duty == "record"
    assert found.blocked is None


def test_a_hold_stands_on_the_fates(filled: Town) -> None:
    with filled.ports.database.read() as tx:
        assert erase_plan(tx, filled.people["held"], at=NOW).blocked == "K1_LEGAL_HOLD"
        with pytest.raises(SubjectUnknownError):
            erase_plan(tx, OFFICER.id, at=NOW)  # type: ignore[arg-type] # no pseudonym of anybody


def test_the_certificate_says_what_why_and_until_when(filled: Town) -> None:
    run = filled.start(filled.plan())
    filled.drive(run)
    with filled.ports.database.read() as tx:
        whole = certificate(tx, run, keep_days=7)
        one = certificate(tx, run, subject=filled.people["ledger"], keep_days=7)
    assert (whole.state, whole.erased) == (RunState.DONE, 2)
    assert whole.by_rule == (("D1_WITHDRAWN_3Y", 2),)
    assert whole.kept == (("LEDGER_7Y", 1, date(2028, 3, 1)),)
    assert whole.approved_by == CHIEF.id
    assert whole.final_on == date(2026, 10, 8)
    assert whole.ledger_ends_on == date(2027, 11, 5)
    assert one.erased == 1
    assert one.as_json()["final_on"] == "2026-10-08"


def test_tombstones_end_with_their_time(filled: Town) -> None:
    filled.purge()

    def forget(on: date) -> int:
        return filled.ports.database.write(lambda tx: tombstones.forget_tombstones(tx, on=on))

    assert forget(date(2027, 11, 4)) == 0
    assert forget(date(2027, 11, 5)) == 2


@pytest.mark.parametrize("schedule", BOTH, ids=lambda found: found.name)
@pytest.mark.parametrize("lang", list(Lang))
def test_every_decision_has_a_sentence(schedule: Schedule, lang: Lang) -> None:
    ids = [line.id for line in (*schedule.rules, *schedule.duties)]
    known = [*ids, *(id_ + ending for id_ in ids for ending in Ending)]
    own = [schedule.hold, RESTRICTED, NO_RULE, NO_RULE + Ending.ENDED, REQUEST]
    for kind in (Due, Kept, Review):
        for rule in (*known, *own):
            assert because(kind(rule=rule), schedule, lang)


@pytest.mark.parametrize("lang", list(Lang))
def test_every_refusal_has_a_sentence(lang: Lang) -> None:
    names = (
        *("file", "path", "problem", "action", "reason", "run", "table", "rows", "rule"),
        *("choices", "holds", "erasures"),
    )
    params = dict.fromkeys(names, "x")
    mine = [
        found
        for found in vars(errors).values()
        if isinstance(found, type)
        and issubclass(found, GovernanceError)
        and domain_of(found.__module__) == "retention"
    ]
    assert len(mine) > 5
    for found in mine:
        assert text(found().text_key, lang, **params)


def test_both_languages_have_the_same_texts() -> None:
    assert domain("retention", Lang.JA).keys() == domain("retention", Lang.EN).keys()
