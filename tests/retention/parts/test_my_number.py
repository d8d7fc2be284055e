"""Data of the My Number Act goes as soon as its task has ended, whatever a schedule says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from governance.core.terms import FieldId
from governance.customers.catalogue import catalogue, install, shipped_catalogue
from governance.customers.custom.declaration import NOTHING
from governance.customers.custom.types import CustomKind
from retention.parts.lines import OF_LAW, lines
from retention.parts.rules import met
from retention.parts.types import Met, PartFacts, RowFacts
from retention.types import Action, PersonFacts, RegisterRow
from tests.retention.parts.lines import ROW, SUBJECT, schedule

FIELD = FieldId("person.custom.payment_report")
KEEPS = """
  - id: FOR_GOOD
    label: {ja: 残す, en: Kept}
    basis: {ja: 社内規程, en: Company rule}
    table: person
    fields: [person.custom.payment_report]
    action: keep
"""
AT = date(2026, 10, 1)


@pytest.fixture
def declared() -> Iterator[None]:
    """An installation with a field of its own for its payment reports (支払調書)."""
    like = shipped_catalogue().fields[FieldId("person.interests")]
    own = replace(
        like,
        id=FIELD,
        column="custom.payment_report",
        category="my_number",
        custom=CustomKind.TEXT,
    )
    install(shipped_catalogue().with_own([own], vocabularies={}, topics={}))
    yield
    install(NOTHING.catalogue())


def found(ended: date | None, text: str = KEEPS) -> Met:
    used = schedule(text)
    row = RowFacts(row=ROW, days={}, filled=frozenset({FIELD}))
    facts = PersonFacts(subject=SUBJECT, rows=(RegisterRow(status="active"),), task_ended_on=ended)
    known = PartFacts(rows={"person": (row,)})
    (one,) = met(lines(used, at=AT), facts, known, used, at=AT)
    return one


@pytest.mark.usefixtures("declared")
def test_it_goes_on_the_day_on_which_the_task_has_ended_though_a_line_keeps_it() -> None:
    one = found(AT)
    assert (one.part.id, one.action) == (f"{OF_LAW}_PERSON", Action.NULL)
    assert [(row.fields, row.due_on) for row in one.rows] == [(frozenset({FIELD}), AT)]


@pytest.mark.usefixtures("declared")
def test_a_law_that_makes_keep_it_stands_before_the_law_that_ends_it() -> None:
    law = "since: {first_of: [task_ended]}\n    law: {rule: RET-FUYO}\n    action: keep"
    text = KEEPS.replace("action: keep", law)
    one = found(date(2020, 1, 10), text)
    assert (one.rows, one.kept, one.next_on) == ((), 1, date(2027, 1, 11))
    assert found(date(2019, 9, 30), text).rows[0].fields == {FIELD}


@pytest.mark.usefixtures("declared")
def test_it_stays_while_something_is_open_or_ends_later() -> None:
    assert found(None).rows == ()
    later = found(date(2026, 10, 2))
    assert (later.rows, later.next_on) == ((), date(2026, 10, 2))


def test_an_installation_without_such_fields_has_no_line_of_that_law() -> None:
    assert not any(field.category == "my_number" for field in catalogue().fields.values())
    used = schedule(KEEPS)
    assert lines(used, at=AT) == used.parts
