"""What another schedule changes, in words and numbers, and how duties and rules meet, in words."""

from datetime import date

import pytest

from governance.core.terms import Lang, RowId, SubjectId
from retention import rules
from retention.differences import What, affected, change_words, differences
from retention.explained import conflict, duty_words, part_words, rule_words
from retention.gaps import gaps
from retention.schedules import PAST, default_schedule, read_schedule, shipped_schedule
from retention.types import PersonFacts, Purchase, RegisterRow
from tests.retention.parts.lines import schedule
from tests.retention.town import TODAY, Town

PERSON = SubjectId("00000001-0000-4000-8000-000000000001")
LONGER = """duties:
  - id: TEN
    label: {ja: 会計帳簿, en: Books of account}
    basis: {ja: 会社法432条2項, en: Companies Act 432(2)}
    table: purchase
    fields: [purchase.amount]
    law: {rule: RET-KAISHA}
"""


@pytest.mark.parametrize("lang", list(Lang))
def test_every_line_of_the_default_schedule_has_words(lang: Lang) -> None:
    used = default_schedule()
    words = [rule_words(rule, lang) for rule in used.rules]
    words += [part_words(part, lang) for part in used.parts]
    assert all(line.who and line.starts and line.action for line in words)
    assert all(duty_words(duty, lang).fields for duty in used.duties)


def test_the_schedule_of_an_earlier_release_differs_by_its_lines_about_rows() -> None:
    found = differences(shipped_schedule(PAST[0]), default_schedule())
    assert {change.what for change in found} == {What.ADDED}
    assert [change.id for change in found] == [part.id for part in default_schedule().parts]


def test_a_changed_period_is_told_with_what_stood_before() -> None:
    old = default_schedule()
    new = read_schedule(old.text.replace("period: {years: 3}", "period: {years: 4}", 1))
    (change,) = differences(old, new)
    assert (change.id, change.parts) == ("WITHDRAWN", ("period",))
    said = change_words(change, old, new, Lang.JA)
    assert said.index("3年") < said.index("4年")


def test_lines_in_another_order_are_told() -> None:
    old = default_schedule()
    head, _, rest = old.text.partition("  - id: UNPAID")
    first, mark, others = rest.partition("  - id: RUNNING_CONTRACT")
    second, rest_mark, last = others.partition("  - id: WITHDRAWN")
    text = head + mark + second + "  - id: UNPAID" + first + rest_mark + last
    assert [one.what for one in differences(old, read_schedule(text))] == [What.REORDERED]


def test_the_longest_duty_keeps_its_fields_and_the_rest_goes_in_words() -> None:
    used = read_schedule(default_schedule().text.replace("duties:\n", LONGER))
    bought = Purchase(row=RowId("r1"), purchased_on=date(2021, 5, 1))
    facts = PersonFacts(
        subject=PERSON,
        gdpr=True,
        rows=(RegisterRow(status="withdrawn", withdrawn_on=date(2022, 1, 1)),),
        purchases=(bought,),
    )
    decision = rules.due(facts, used, at=TODAY)
    said = conflict(facts, decision, used, Lang.JA, at=TODAY)
    assert any("金額だけを2031年5月1日(木)まで" in line for line in said)
    assert any("2029年5月31日(木)まで、「会計帳簿」は2031年5月1日(木)まで" in line for line in said)
    assert said[-1] == "そのほかの項目と、名簿・連絡先などの行は、すべて消去します。"


def test_who_is_kept_is_told_by_one_sentence() -> None:
    facts = PersonFacts(subject=PERSON, held=True)
    used = default_schedule()
    (said,) = conflict(facts, rules.due(facts, used, at=TODAY), used, Lang.EN, at=TODAY)
    assert "hold" in said.lower()


def test_a_proposed_schedule_is_told_by_whom_it_moves(town: Town) -> None:
    for n in range(3):
        town.settle(f"p{n}", registered=date(2025, 1, 1), status="prospect")
    town.settle("old", registered=date(2020, 1, 1), status="prospect")
    old = schedule("\n  []")
    new = read_schedule(old.text.replace("period: {years: 2}", "period: {years: 1}"))
    with town.ports.database.read() as tx:
        found = affected(tx, old, new, at=TODAY)
    assert (found.persons, found.moved, found.same, found.newly_due) == (4, 1, 0, 3)
    months = {month: n for _, _, _, month, n in found.by}
    assert months == {"2026-01": 3, "2021-01": 1}


def test_the_shipped_schedule_has_no_gap_and_a_poor_one_is_told_of_each() -> None:
    assert gaps(default_schedule(), at=TODAY) == ()
    text = default_schedule().text.replace("covers: [customer, contact,", "covers: [contact,")
    own = "law: {rule: tax_7y, fiscal_year_end: 03-31}"
    poor = read_schedule(
        text.replace(own, "period: {years: 3}")
        .replace("fields: [person.interests]", "fields: [person.custom.gone]")
        .replace("kind: [contact]", "kind: [customer]")
    )
    found = gaps(poor, at=TODAY)
    assert [(gap.code, gap.about) for gap in found] == [
        ("no_tax_duty", "purchase"),
        ("short_duty", "TAX_BOOKS"),
        ("kind_without_rule", "contact"),
        ("field_unknown", "person.custom.gone"),
    ]
    assert all(gap.words(lang) for gap in found for lang in Lang)
