"""On other data of the same kind the sample schedule says what its words say, told a second way."""

import random
from dataclasses import replace
from datetime import date, timedelta

from governance.core.terms import RowId, SubjectId
from retention import rules
from retention.schedules import RETAIL_SAMPLE, shipped_schedule
from retention.types import DecisionKind, PersonFacts, Purchase, RegisterRow
from tests.retention.samples import AT

PEOPLE, SEED = 3_000, 20261127
YEARS = {"D1_WITHDRAWN_3Y": 3, "D2_PROSPECT_2Y": 2, "D3_INACTIVE_10Y": 10}


def anybody(dice: random.Random) -> PersonFacts:
    """A person of any state, with days that lie close to every end, leap days among them."""

    def day() -> date | None:
        if dice.random() < 0.25:
            return None
        if dice.random() < 0.1:
            return date(dice.choice((2012, 2016, 2020, 2024)), 2, 29)
        years = dice.choice((0, 2, 3, 7, 10, 12))
        return AT.replace(year=AT.year - years) + timedelta(days=dice.randint(-3, 3))

    def purchase(number: int) -> Purchase:
        days = {name: day() for name in ("purchased_on", "contracted_on", "renewed_on")}
        return Purchase(
            row=RowId(str(number)),
            subscription=dice.random() < 0.2,
            unpaid=dice.random() < 0.1,
            cancelled_on=day(),
            **days,
        )

    return PersonFacts(
        subject=SubjectId("one"),
        held=dice.random() < 0.1,
        rows=(
            RegisterRow(
                status=dice.choice(("active", "withdrawn", "prospect", "dormant", "")),
                registered_on=day(),
                last_purchase_on=day(),
                withdrawn_on=day(),
            ),
        ),
        purchases=tuple(purchase(number) for number in range(dice.choice((0, 0, 1, 3)))),
    )


def told(person: PersonFacts) -> tuple[DecisionKind, date | None]:
    """The table of the sample rules, row by row, without the schedule's language."""
    (row,) = person.rows
    bought = person.purchases
    days = [one for p in bought for one in (p.purchased_on, p.contracted_on, p.renewed_on)]
    days += [p.cancelled_on for p in bought] + [row.last_purchase_on]
    last = max((one for one in days if one is not None), default=None)
    running = any(p.subscription and p.cancelled_on is None for p in bought)
    if person.held or any(p.unpaid for p in bought) or running:
        return DecisionKind.KEPT, None
    if row.status == "withdrawn":
        known = [one for one in (row.withdrawn_on, last) if one is not None]
        basis, years = max(known, default=None), 3
    elif row.status == "prospect" and last is None:
        basis, years = row.registered_on, 2
    else:
        basis, years = last or row.registered_on, 10
    if basis is None:
        return DecisionKind.REVIEW, None
    leap = (basis.month, basis.day) == (2, 29) and (basis.year + years) % 4 != 0
    ends = replaced(basis, years) if not leap else date(basis.year + years, 3, 1)
    return (DecisionKind.DUE if ends <= AT else DecisionKind.KEPT), ends


def replaced(day: date, years: int) -> date:
    return day.replace(year=day.year + years)


def test_the_schedule_says_what_the_table_of_the_rules_says() -> None:
    dice, schedule = random.Random(SEED), shipped_schedule(RETAIL_SAMPLE)  # noqa: S311 # people
    seen = set[str]()
    for _ in range(PEOPLE):
        person = anybody(dice)
        found = rules.due(person, schedule, at=AT)
        assert (found.kind, found.due_on) == told(person), person
        seen.add(found.rule)
    assert {*YEARS} <= seen, "every rule decided about somebody"


def test_one_day_before_its_end_nothing_is_due() -> None:
    schedule = shipped_schedule(RETAIL_SAMPLE)
    row = RegisterRow(status="withdrawn", withdrawn_on=AT.replace(year=AT.year - 3))
    person = PersonFacts(subject=SubjectId("one"), rows=(row,))
    assert rules.due(person, schedule, at=AT).kind is DecisionKind.DUE
    later = replace(row, withdrawn_on=row.withdrawn_on and row.withdrawn_on + timedelta(days=1))
    assert rules.due(replace(person, rows=(later,)), schedule, at=AT).kind is DecisionKind.KEPT
