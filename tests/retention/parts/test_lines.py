"""Lines about rows: what the reader takes and refuses, and what they meet."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import FieldId
from governance.customers.subjects import SubjectState
from retention.errors import ScheduleFormError
from retention.parts.rules import met
from retention.parts.types import Met, PartFacts, RowFacts
from retention.schedules import default_schedule, read_schedule
from retention.types import (
    Action,
    Keep,
    PersonFacts,
    Purchase,
    RegisterRow,
    RowKeep,
    Schedule,
    Trigger,
)
from tests.retention.parts.lines import ROW, SUBJECT, schedule

AT = date(2026, 10, 1)
BODY, RESPONSE = FieldId("inquiry.body"), FieldId("inquiry.response")
TEXTS = """
  - id: TEXTS
    label: {ja: 応対の記録, en: Texts of inquiries}
    basis: {ja: 社内規程, en: Company rule}
    table: inquiry
    fields: [inquiry.body, inquiry.response]
    since: {first_of: [task_ended]}
    period: {years: 3}
    action: "null"
"""
PERSON = PersonFacts(subject=SUBJECT, rows=(RegisterRow(status="active"),))


def inquiry(closed: date | None, *filled: FieldId) -> PartFacts:
    days = {Trigger.TASK_ENDED: closed} if closed is not None else {}
    row = RowFacts(row=ROW, days=days, filled=frozenset(filled or (BODY, RESPONSE)))
    return PartFacts(rows={"inquiry": (row,)})


def only(used: Schedule, known: PartFacts, facts: PersonFacts = PERSON) -> Met:
    (found,) = met(used.parts, facts, known, used, at=AT)
    return found


def test_texts_go_three_years_after_the_inquiry_was_closed() -> None:
    used = schedule(TEXTS)
    assert only(used, inquiry(date(2023, 10, 1))).rows[0].fields == {BODY, RESPONSE}
    early = only(used, inquiry(date(2023, 10, 2)))
    assert (early.rows, early.next_on) == ((), date(2026, 10, 2))


def test_an_open_inquiry_keeps_its_texts() -> None:
    assert only(schedule(TEXTS), inquiry(None)).rows == ()


def test_what_was_emptied_before_is_met_no_more() -> None:
    known = inquiry(date(2020, 1, 1), FieldId("inquiry.subject"))
    assert only(schedule(TEXTS), known).rows == ()


def test_a_hold_on_a_field_keeps_that_field_alone() -> None:
    keep = Keep(duty="hold:1", until=date.max, free_from=date.max)
    held = replace(PERSON, spared={ROW: RowKeep(row=ROW, table="inquiry", fields={BODY: keep})})
    found = only(schedule(TEXTS), inquiry(date(2020, 1, 1)), held)
    assert (found.rows[0].fields, found.held) == (frozenset({RESPONSE}), 1)


def test_a_held_person_loses_no_row() -> None:
    found = only(schedule(TEXTS), inquiry(date(2020, 1, 1)), replace(PERSON, held=True))
    assert (found.rows, found.held, found.held_on) == ((), 1, date(2023, 1, 1))


@pytest.mark.parametrize("state", [SubjectState.RESTRICTED, SubjectState.ERASED])
def test_nothing_goes_of_who_is_restricted_or_erased(state: SubjectState) -> None:
    used, facts = schedule(TEXTS), replace(PERSON, state=state)
    assert met(used.parts, facts, inquiry(date(2020, 1, 1)), used, at=AT) == ()


def test_a_line_that_keeps_binds_the_lines_after_it() -> None:
    keep = (
        TEXTS.replace("TEXTS", "DISPUTE").replace('"null"', "keep").replace("years: 3", "years: 9")
    )
    used = schedule(keep.replace("[inquiry.body, inquiry.response]", "[inquiry.body]") + TEXTS)
    found = only(used, inquiry(date(2020, 1, 1)))
    assert (found.rows[0].fields, found.kept) == (frozenset({RESPONSE}), 1)


def test_a_duty_keeps_its_fields_of_a_purchase_and_the_rest_goes() -> None:
    name, gift = FieldId("purchase.product_name"), FieldId("purchase.recipient_name")
    text = TEXTS.replace("table: inquiry", "table: purchase").replace("years: 3", "years: 1")
    used = schedule(text.replace("inquiry.body, inquiry.response", f"{name}, {gift}"), duties=True)
    day = date(2025, 4, 1)
    bought = Purchase(row=ROW, purchased_on=day)
    row = RowFacts(row=ROW, days={Trigger.TASK_ENDED: day}, filled=frozenset({name, gift}))
    facts = replace(PERSON, purchases=(bought,))
    found = only(used, PartFacts(rows={"purchase": (row,)}), facts)
    assert (found.rows[0].fields, found.kept) == (frozenset({gift}), 1)


def test_consent_that_stands_for_one_purpose_keeps_what_serves_both() -> None:
    name = FieldId("person.interests")
    text = """
  - id: INTERESTS
    label: {ja: 趣味・好み, en: Interests}
    basis: {ja: 同意の撤回, en: Consent withdrawn}
    table: person
    fields: [person.interests]
    purposes: [mail_marketing, purchase_analysis]
    since: {first_of: [consent_withdrawn]}
    period: {months: 1}
    action: "null"
"""
    used = schedule(text)
    row = RowFacts(row=ROW, days={}, filled=frozenset({name}))
    one = {used.parts[0].purposes[0]: date(2026, 1, 1)}
    both = one | {used.parts[0].purposes[1]: date(2026, 8, 31)}
    assert only(used, PartFacts(rows={"person": (row,)}, ended=one)).rows == ()
    found = only(used, PartFacts(rows={"person": (row,)}, ended=both))
    assert found.rows[0].due_on == date(2026, 10, 1)  # no 31 September: the day after it


DAYS = st.none() | st.dates(min_value=date(2015, 1, 1), max_value=date(2030, 1, 1))


@given(DAYS, st.dates(min_value=date(2016, 1, 1), max_value=date(2036, 1, 1)), st.integers(0, 900))
def test_time_takes_back_no_row_that_is_due(closed: date | None, at: date, later: int) -> None:
    used, known = schedule(TEXTS), inquiry(closed)
    (now,) = met(used.parts, PERSON, known, used, at=at)
    (then,) = met(used.parts, PERSON, known, used, at=date.fromordinal(at.toordinal() + later))
    assert {*now.rows} <= {*then.rows}
    assert all(row.due_on <= at for row in now.rows)
    assert now.next_on is None or now.next_on > at


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"null"', "delete", "bad_value"),  # delete takes whole rows
        ('"null"', "destroy_key", "key_of_whole_person"),
        ("inquiry.body", "inquiry.channel", "bad_value"),  # a clear column
        ("inquiry.body", "purchase.notes", "bad_value"),  # of another table
        ("table: inquiry", "table: merge_trace", "bad_value"),
        ("table: inquiry", "table: pg_catalog", "bad_value"),
        ("since: {first_of: [task_ended]}", "since: {first_of: [consent_withdrawn]}", "bad_value"),
        ("period: {years: 3}", "period: {years: 0}", "bad_value"),
        ("period: {years: 3}", "k: 5", "bad_value"),
        ("fields: [inquiry.body, inquiry.response]", "", "bad_value"),
        ("action", "<b>action</b>", "missing_key"),
    ],
)
def test_a_line_that_could_not_be_carried_out_is_refused(old: str, new: str, problem: str) -> None:
    with pytest.raises(ScheduleFormError) as refused:
        schedule(TEXTS.replace(old, new))
    assert refused.value.params["problem"] == problem


def test_what_another_purpose_still_needs_is_refused() -> None:
    text = TEXTS.replace("[task_ended]", "[consent_withdrawn]")
    with pytest.raises(ScheduleFormError):
        schedule(text + "    purposes: [health_consultation]\n")  # order_support needs them too


def test_the_first_form_knows_no_lines_about_rows() -> None:
    text = schedule(TEXTS).text.replace("sekisho-retention/2", "sekisho-retention/1")
    with pytest.raises(ScheduleFormError):
        read_schedule(text)


def test_a_schedule_of_five_megabytes_is_refused_unread() -> None:
    with pytest.raises(ScheduleFormError) as refused:
        read_schedule(default_schedule().text + "#" * 5_000_000)
    assert refused.value.params["problem"] == "too_long"


def test_a_count_needs_three_persons_and_clear_words() -> None:
    text = """
  - id: COUNTED
    label: {ja: 件数, en: Count}
    basis: {ja: 社内規程, en: Company rule}
    table: inquiry
    fields: [inquiry.category, inquiry.received_at]
    since: {first_of: [task_ended]}
    period: {years: 5}
    action: de_identify
    k: 3
"""
    assert schedule(text).parts[0].action is Action.DE_IDENTIFY
    for old, new in (("k: 3", "k: 2"), ("inquiry.category", "inquiry.body"), ("k: 3", "")):
        with pytest.raises(ScheduleFormError):
            schedule(text.replace(old, new))
