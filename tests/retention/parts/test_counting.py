"""Rows become a count by month and kind where it makes sense; the last purchase always stays."""

from datetime import date

import pytest
from sqlalchemy import select, update

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.store import TABLES
from retention.errors import ScheduleFormError
from retention.parts.rules import met
from retention.parts.store import counts_of
from retention.parts.types import PartFacts, RowFacts
from retention.plans import RunState
from retention.types import PersonFacts, Plan, Purchase, RegisterRow, Trigger
from tests.retention.parts.lines import schedule
from tests.retention.town import Town

PURCHASE = TABLES["purchase"]
COUNTED = """
  - id: SALES
    label: {ja: 売上の件数, en: Count of sales}
    basis: {ja: 社内規程, en: Company rule}
    table: purchase
    fields: [purchase.type, purchase.purchased_on]
    since: {first_of: [task_ended]}
    period: {years: 8}
    action: de_identify
    k: 3
"""
OLD, LATER, TODAY = date(2012, 5, 17), date(2024, 5, 1), date(2026, 10, 1)
SUBJECT = SubjectId("00000001-0000-4000-8000-000000000001")
ONE, TWO = (
    RowId("00000000-0000-7000-8000-00000000000a"),
    RowId("00000000-0000-7000-8000-00000000000b"),
)


def purchase(row: RowId, day: date, *, ended: bool = True, bound: bool = False) -> RowFacts:
    days = {Trigger.LAST_TRANSACTION: day, Trigger.RECORDED: day}
    if ended:
        days[Trigger.TASK_ENDED] = day
    return RowFacts(
        row=row, days=days, filled=frozenset({FieldId("purchase.product_name")}), bound=bound
    )


def gone(
    *rows: RowFacts, told: date | None = None, plan: date | None = None, duties: bool = False
) -> set[RowId]:
    """Which of these purchases would become a count today."""
    years = "years: 3" if duties else "years: 8"  # the duty keeps seven
    used = schedule(COUNTED.replace("years: 8", years), duties=duties)
    facts = PersonFacts(
        subject=SUBJECT,
        rows=(RegisterRow(status="active", last_purchase_on=told),),
        purchases=tuple(
            Purchase(row=one.row, purchased_on=one.days[Trigger.LAST_TRANSACTION]) for one in rows
        ),
        plans=() if plan is None else (Plan(running=True, last_on=plan),),
    )
    known = PartFacts(rows={"purchase": rows})
    (found,) = met(used.parts, facts, known, used, at=TODAY)
    return {row.row for row in found.rows}


def test_an_old_purchase_becomes_a_count_and_the_last_one_stays() -> None:
    assert gone(purchase(ONE, OLD), purchase(TWO, LATER)) == {ONE}
    assert gone(purchase(ONE, OLD), purchase(TWO, OLD)) == set()
    assert gone(purchase(ONE, OLD)) == set()


def test_the_last_purchase_goes_where_the_day_is_told_elsewhere() -> None:
    assert gone(purchase(ONE, OLD), told=OLD) == {ONE}
    assert gone(purchase(ONE, OLD), told=date(2012, 5, 16)) == set()
    assert gone(purchase(ONE, OLD), plan=LATER) == {ONE}


def test_what_is_open_or_carries_a_subscription_stays() -> None:
    assert gone(purchase(ONE, OLD, ended=False), purchase(TWO, LATER)) == set()
    assert gone(purchase(ONE, OLD, bound=True), purchase(TWO, LATER)) == set()


def test_a_duty_keeps_the_purchase_until_its_time_ends() -> None:
    assert gone(purchase(ONE, date(2021, 3, 1)), purchase(TWO, LATER), duties=True) == set()
    assert gone(purchase(ONE, OLD), purchase(TWO, LATER), duties=True) == {ONE}


def test_sales_of_long_ago_are_counted_by_month_and_their_persons_stay(town: Town) -> None:
    bought = ({"purchased_on": OLD}, {"purchased_on": LATER})
    names = ("ando", "baba", "chiba")
    for name in names:
        town.settle(name, purchases=bought)
    town.settle("alone", purchases=({"purchased_on": date(2011, 1, 5)}, {"purchased_on": LATER}))
    town.adopt(schedule(COUNTED).text)
    report = town.purge()
    assert (report.state, report.erased, report.rows) == (RunState.DONE, 0, 3)
    assert {name: town.rows(name, "purchase") for name in (*names, "alone")} == {
        **dict.fromkeys(names, 1),
        "alone": 2,
    }
    with town.ports.database.read() as tx:
        (counted,) = counts_of(tx, "SALES", k=3)
        days = set(tx.execute(select(PURCHASE.c.purchased_on)).scalars())
    assert "2012-05" in str(counted)
    assert "17" not in str(counted)
    assert OLD not in days
    assert town.purge().rows == 0


def test_an_unpaid_purchase_stays_and_groups_that_are_too_small(town: Town) -> None:
    for name in ("ando", "baba", "chiba"):
        town.settle(name, purchases=({"purchased_on": OLD}, {"purchased_on": LATER}))
    unpaid = update(PURCHASE).where(
        PURCHASE.c.subject_id == town.people["ando"], PURCHASE.c.purchased_on == OLD
    )
    town.ports.database.write(lambda tx: tx.execute(unpaid.values(payment_status="unpaid")))
    town.adopt(schedule(COUNTED).text)
    town.purge()
    assert town.rows("ando", "purchase") == 2
    assert town.rows("baba", "purchase") == 2, "two persons are too few for a count"


@pytest.mark.parametrize(
    ("table", "field", "since"),
    [
        ("inquiry_message", "direction", "task_ended"),
        ("preference", "topic", "recorded"),
        ("subscription", "plan_code", "contract_ended"),
    ],
)
def test_other_rows_that_tell_by_their_kind_can_be_counted(
    table: str, field: str, since: str
) -> None:
    text = COUNTED.replace("table: purchase", f"table: {table}")
    text = text.replace("[purchase.type, purchase.purchased_on]", f"[{table}.{field}]")
    found = schedule(text.replace("task_ended", since)).parts[0]
    assert (found.table, found.k) == (table, 3)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("person", "row_is_the_person"),
        ("deal", "about_a_company"),
        ("company", "about_a_company"),
        ("contact", "ties_a_person_to_a_company"),
        ("relation", "ties_two_persons"),
        ("household_member", "ties_two_persons"),
        ("channel_permission", "a_choice_that_must_hold"),
        ("person_tag", "what_it_says_is_sealed"),
    ],
)
def test_a_count_that_makes_no_sense_is_refused_with_its_reason(table: str, problem: str) -> None:
    text = COUNTED.replace("table: purchase", f"table: {table}")
    text = text.replace("    fields: [purchase.type, purchase.purchased_on]\n", "    fields: []\n")
    with pytest.raises(ScheduleFormError) as refused:
        schedule(text)
    assert refused.value.params["problem"] == problem


@pytest.mark.parametrize("field", ["inquiry_message.author", "inquiry_message.inquiry_id"])
def test_nothing_is_counted_by_who_wrote_or_by_another_row(field: str) -> None:
    text = COUNTED.replace("table: purchase", "table: inquiry_message")
    with pytest.raises(ScheduleFormError):
        schedule(text.replace("[purchase.type, purchase.purchased_on]", f"[{field}]"))
