"""A rule that destroys the key: what it seals is unreadable, the rows stay for their own time."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, insert, select

from governance.core.ids import new_row_id
from governance.core.terms import FieldId, KeyClass, Lang, RowId, SubjectId
from governance.customers import store as customers
from governance.customers.store import HOLD
from governance.customers.subjects import SubjectState
from governance.customers.tokens import ROW
from governance.keys.errors import KeyDestroyedError, SubjectErasedError
from retention import rules
from retention.certificate import certificate
from retention.differences import differences
from retention.errors import ScheduleFormError
from retention.explained import rule_words
from retention.journalled import key_ended_by
from retention.plans import RunState
from retention.schedules import read_schedule
from retention.simulation.reading import Look, next_figures
from retention.simulation.types import RowFate
from retention.store import in_force
from retention.tombstones import tombstones
from retention.types import Due, Kept, PersonFacts, Purchase, RegisterRow, Review
from retention.words import because
from tests.retention.town import NOW, TODAY, Town

SCHEDULE = """
schema: sekisho-retention/2
name: keys
version: 1
label: {ja: 鍵の廃棄, en: Keys}
overflow: month_end
covers: [customer]
hold: {id: LEGAL_HOLD, label: {ja: 保全, en: Held}}
rules:
  - id: WITHDRAWN
    label: {ja: 退会, en: Withdrawn}
    basis: {ja: 22条, en: APPI 22}
    when: {status: [withdrawn]}
    since: {first_of: [withdrawn]}
    period: {years: 3}
    action: destroy_key
    rows: {years: 10}
  - id: OTHERS
    label: {ja: その他, en: Others}
    basis: {ja: 契約, en: Contract}
    action: keep
"""
DUTY = """
duties:
  - id: BOOKS
    label: {ja: 帳簿, en: Books}
    basis: {ja: 法人税法, en: Corporation Tax Act}
    table: purchase
    fields: [FIELD]
    period: {years: 7}
"""
KEEPING = """
parts:
  - id: WAGES
    label: {ja: 残す, en: Kept}
    basis: {ja: 法令, en: Law}
    table: person
    fields: [person.birth_date]
    action: keep
"""
GONE = date(2020, 1, 1)
PERSON = PersonFacts(
    subject=SubjectId("00000001-0000-4000-8000-000000000001"),
    rows=(RegisterRow(status="withdrawn", withdrawn_on=GONE),),
)


@pytest.fixture
def filled(town: Town) -> Town:
    town.settle(
        "gone", status="withdrawn", withdrawn=GONE, purchases=({"purchased_on": date(2019, 5, 1)},)
    )
    town.settle("held", status="withdrawn", withdrawn=GONE, held=True)
    town.settle("active")
    town.adopt(SCHEDULE)
    return town


def sealed_cells(town: Town, name: str) -> int:
    subject = town.people[name]
    with town.ports.database.read() as tx:
        return sum(
            len(record.sealed)
            for table in ("person", "purchase", "inquiry")
            for record in customers.records_of(tx, subject, table)
        )


def test_what_the_key_seals_is_gone_and_the_rows_stay_in_clear(filled: Town) -> None:
    subject = filled.people["gone"]
    with filled.ports.database.read() as tx:
        (before,) = customers.records_of(tx, subject, "purchase")
    report = filled.purge()
    assert (report.state, report.erased) == (RunState.DONE, 1)
    assert sealed_cells(filled, "gone") == 0
    for table in ("search_row", "text_finding"):
        assert filled.rows("gone", table) == 0
    with filled.ports.database.read() as tx:
        (row,) = customers.records_of(tx, subject, "purchase")
        person = customers.subject_by_id(tx, subject, on=TODAY)
        (stone,) = tombstones(tx, subject=subject)
    assert (row.clear["purchased_on"], row.clear["amount"]) == (date(2019, 5, 1), 1200)
    assert person is not None
    assert (person.state, person.kept_by_law) == (SubjectState.ERASED, "key:WITHDRAWN")
    assert stone.key_classes == (KeyClass.ACTIVE,)
    with pytest.raises(KeyDestroyedError):  # a copy of the row from before
        filled.ports.vault.open_row(before.id, before.sealed)
    with pytest.raises(SubjectErasedError):
        filled.ports.vault.ensure_keys([subject])
    (said,) = [one.entry for one in filled.ports.journal.replay() if one.entry.subject == subject]
    assert key_ended_by(said) == "WITHDRAWN", "a restore must know that the rows stayed"


def test_others_and_who_is_held_stay_whole(filled: Town) -> None:
    before = {name: sealed_cells(filled, name) for name in ("held", "active")}
    filled.purge()
    assert {name: sealed_cells(filled, name) for name in before} == before
    with filled.ports.database.read() as tx:
        tokens = tx.execute(select(func.count()).select_from(ROW)).scalar_one()
    assert tokens > 0


def test_a_second_run_does_nothing_and_the_rows_go_at_their_own_end(filled: Town) -> None:
    filled.purge()
    assert filled.purge().erased == 0
    filled.now = NOW.replace(year=2030, month=1, day=2)
    assert filled.purge().erased == 1
    for table in ("person", "purchase", "inquiry"):
        assert filled.rows("gone", table) == 0


def test_a_hold_on_a_part_keeps_the_key(filled: Town) -> None:
    subject = filled.people["gone"]
    hold = {"id": new_row_id(), "subject_id": subject, "matter": "suit:2"}
    line = hold | {"held_table": "purchase", "placed_by": "u:lawyer", "placed_at": NOW}
    filled.ports.database.write(lambda tx: tx.execute(insert(HOLD), line))
    assert filled.purge().erased == 0
    assert sealed_cells(filled, "gone") > 0


def test_certificate_and_simulation_say_that_rows_stay(filled: Town) -> None:
    with filled.ports.database.read() as tx:
        look = Look(schedule=in_force(tx), on=TODAY, today=TODAY)
        figures, _ = next_figures(tx, look, after=None)
    assert figures.tables["purchase", RowFate.ANONYMISE] == 1
    assert figures.tables["person", RowFate.DELETE] == 0
    report = filled.purge()
    with filled.ports.database.read() as tx:
        told = certificate(tx, report.run).as_json()
    assert (told["erased"], told["rows_stay_without_key"]) == (1, 1)
    assert told["final_on"] is not None


def test_words_and_differences_name_the_key_and_how_long_rows_stay() -> None:
    schedule = read_schedule(SCHEDULE)
    longer = read_schedule(SCHEDULE.replace("rows: {years: 10}", "rows: {years: 12}"))
    said = rule_words(schedule.rules[0], Lang.JA).action
    assert "鍵を破棄" in said
    assert "10年" in said
    assert differences(schedule, longer) != ()
    over = rules.due(
        replace(PERSON, state=SubjectState.ERASED, shredded="WITHDRAWN"),
        schedule,
        at=date(2031, 1, 1),
    )
    assert "destroyed" in because(over, schedule, Lang.EN)


def test_rows_without_key_wait_for_their_own_period_and_for_a_rule_that_says_it() -> None:
    schedule = read_schedule(SCHEDULE)
    bare = replace(PERSON, state=SubjectState.ERASED, shredded="WITHDRAWN")
    assert isinstance(rules.due(bare, schedule, at=date(2029, 12, 31)), Kept)
    over = rules.due(bare, schedule, at=date(2030, 1, 1))
    assert isinstance(over, Due)
    assert over.rule == "WITHDRAWN_ENDED"
    other = replace(bare, shredded="ANOTHER")
    assert isinstance(rules.due(other, schedule, at=date(2031, 1, 1)), Review)
    assert isinstance(rules.requested(bare, schedule, at=date(2026, 1, 1)), Due)


def test_a_key_that_seals_what_must_stay_is_refused() -> None:
    read_schedule(SCHEDULE + DUTY.replace("FIELD", "purchase.amount"))
    for text in (DUTY.replace("FIELD", "purchase.product_name"), KEEPING):
        with pytest.raises(ScheduleFormError) as refused:
            read_schedule(SCHEDULE + text)
        assert refused.value.params["problem"] == "key_shared_with_kept"


def test_who_buys_nothing_may_lose_the_key_beside_a_duty_of_books() -> None:
    text = SCHEDULE.replace("when: {status: [withdrawn]}", "when: {kind: [inquirer]}")
    text = text.replace("first_of: [withdrawn]", "first_of: [last_inquiry]")
    read_schedule(text + DUTY.replace("FIELD", "purchase.product_name"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    rows: {years: 10}\n", ""),
        ("rows: {years: 10}", "rows: {years: 3}"),
        ("action: destroy_key", "action: delete"),
    ],
)
def test_how_long_rows_stay_is_said_and_longer_than_the_key(old: str, new: str) -> None:
    with pytest.raises(ScheduleFormError):
        read_schedule(SCHEDULE.replace(old, new))


def test_a_single_row_has_no_key_of_its_own() -> None:
    part = KEEPING.replace(
        "action: keep", "since: {first_of: [withdrawn]}\n    action: destroy_key"
    )
    with pytest.raises(ScheduleFormError) as refused:
        read_schedule(SCHEDULE + part)
    assert refused.value.params["problem"] == "key_of_whole_person"


def test_a_sealed_field_that_a_duty_keeps_now_keeps_the_key() -> None:
    schedule = read_schedule(SCHEDULE)
    (duty,) = read_schedule(SCHEDULE + DUTY.replace("FIELD", "purchase.amount")).duties
    sealed = replace(duty, fields=frozenset({FieldId("purchase.product_name")}))
    facts = replace(PERSON, purchases=(Purchase(row=RowId("r"), purchased_on=date(2022, 1, 1)),))
    found = rules.due(facts, replace(schedule, duties=(sealed,)), at=date(2025, 1, 1))
    assert isinstance(found, Kept)
    assert found.rule == "BOOKS"
