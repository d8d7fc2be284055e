"""Who acts for a person, what a person wishes, what runs: pure, day by day."""

from dataclasses import replace
from datetime import date

import pytest

from governance.core.terms import FieldId, Lang
from governance.customers.custom.declaration import NOTHING
from governance.customers.master.rules import (
    Hand,
    Relation,
    Wish,
    confirmed,
    facts_of,
    guardian_stands,
    in_force,
    runs,
    wished,
)
from governance.customers.master.types import (
    FORMS,
    ContactChannel,
    ContactKind,
    RelationKind,
    SubscriptionStatus,
    VerifiedHow,
    Wanted,
)
from governance.customers.master.words import said

DAY = date(2026, 10, 1)


def relation(**changed: object) -> Relation:
    plain: dict[str, object] = {
        "kind": RelationKind.PARENT,
        "verified_how": VerifiedHow.FAMILY_REGISTER,
        "verified_on": date(2026, 1, 1),
        "valid_from": None,
        "valid_to": None,
        "until_majority": True,
    }
    made = Relation(**(plain | changed))  # type: ignore[arg-type] # by name
    return made if "hand" in changed else seconded(made)


def seconded(right: Relation) -> Relation:
    """The same, confirmed by a second person as it stands."""
    return replace(right, hand=Hand(facts=facts_of(right), until=right.valid_to))


@pytest.mark.parametrize(
    ("changed", "birth", "stands"),
    [
        ({}, date(2012, 5, 5), True),
        ({}, date(2008, 10, 1), False),  # 18 today: of age from the birthday on
        ({}, date(2008, 10, 2), True),  # the last day before majority
        ({}, None, True),
        ({"until_majority": False}, date(2000, 1, 1), True),
        ({"valid_to": date(2026, 9, 30)}, None, False),
        ({"valid_to": DAY}, None, True),
        ({"valid_from": date(2026, 10, 2)}, None, False),
        ({"verified_how": VerifiedHow.DECLARED}, None, False),
        ({"verified_how": None}, None, False),
        ({"verified_on": None}, None, False),
        ({"verified_on": date(2026, 10, 2)}, None, False),
        ({"kind": RelationKind.AGENT}, None, False),
        ({"kind": RelationKind.GUARDIAN}, None, True),
    ],
)
def test_a_guardian_stands_from_proof_to_majority(
    *, changed: dict[str, object], birth: date | None, stands: bool
) -> None:
    assert guardian_stands([relation(**changed)], birth=birth, on=DAY) is stands


@pytest.mark.parametrize(
    ("changed", "stands"),
    [
        ({"valid_to": date(2026, 12, 31)}, True),  # the end came nearer: nobody has to confirm it
        ({"valid_to": date(2027, 1, 2)}, False),  # later than what was confirmed
        ({"valid_to": None}, False),
        ({"verified_how": VerifiedHow.HEALTH_CARD}, False),
        ({"verified_on": date(2026, 1, 2)}, False),
        ({"valid_from": date(2026, 1, 1)}, False),
        ({"until_majority": False}, False),
        ({"kind": RelationKind.GUARDIAN}, False),
        ({"hand": None}, False),  # one person alone
    ],
)
def test_a_second_person_confirms_the_right_as_it_stands(
    changed: dict[str, object], *, stands: bool
) -> None:
    right = relation(valid_to=date(2027, 1, 1))
    after = replace(right, **changed)  # type: ignore[arg-type] # by name
    assert confirmed(after) is stands
    assert guardian_stands([after], birth=None, on=DAY) is stands


def test_one_standing_right_is_enough_and_none_is_not() -> None:
    ended = relation(valid_to=date(2026, 1, 1))
    assert guardian_stands([ended, relation()], birth=None, on=DAY)
    assert not guardian_stands([], birth=None, on=DAY)
    assert not in_force(ended, birth=None, on=DAY)


def test_the_finest_word_counts_and_silence_is_asked() -> None:
    phone = ContactChannel.PHONE
    words = [
        Wish(channel=phone, kind=ContactKind.ANY, wanted=Wanted.UNWANTED),
        Wish(channel=phone, kind=ContactKind.SERVICE, wanted=Wanted.WANTED),
    ]
    for kind, register, expected in (
        (ContactKind.SERVICE, "no", Wanted.WANTED),
        (ContactKind.OFFER, "yes", Wanted.UNWANTED),
    ):
        assert wished(words, channel=phone, kind=kind, register=register) is expected
    for register, expected in (
        ("yes", Wanted.WANTED),
        ("no", Wanted.UNWANTED),
        ("ask", Wanted.ASK),
        ("unknown", Wanted.ASK),
    ):
        found = wished(
            words, channel=ContactChannel.POST, kind=ContactKind.OFFER, register=register
        )
        assert found is expected


@pytest.mark.parametrize(
    ("status", "ends_on", "cancelled_on", "expected"),
    [
        (SubscriptionStatus.RUNNING, None, None, True),
        (SubscriptionStatus.RUNNING, date(2026, 9, 30), None, False),
        (SubscriptionStatus.PAUSED, None, None, True),
        (SubscriptionStatus.CANCELLED, DAY, date(2026, 9, 1), True),
        (SubscriptionStatus.CANCELLED, None, date(2026, 9, 1), False),
        (SubscriptionStatus.CANCELLED, None, None, False),
        (SubscriptionStatus.ENDED, date(2027, 1, 1), None, False),
    ],
)
def test_a_cancelled_plan_runs_to_its_last_day(
    *,
    status: SubscriptionStatus,
    ends_on: date | None,
    cancelled_on: date | None,
    expected: bool,
) -> None:
    assert runs(status, ends_on=ends_on, cancelled_on=cancelled_on, on=DAY) is expected


def test_every_code_has_words_in_both_languages() -> None:
    declared = NOTHING.catalogue()
    for table, forms in FORMS.items():
        for column, form in forms.items():
            for code in form.codes or ():
                field = FieldId(f"{table}.{column}")
                words = {said(declared, field, code.value, lang) for lang in Lang}
                assert code.value not in words or column == "channel", (field, code)


def test_tags_and_topics_are_shown_by_their_labels() -> None:
    declared = NOTHING.catalogue()
    for field, value, words in (
        ("person_tag.special_label", "diabetes", "糖尿病"),
        ("person_tag.vocabulary", "health", "健康に関する配慮"),
        ("preference.topic", "contact_time", "連絡の時間帯"),
        ("preference.value", "evening", "夕方以降"),
        ("preference.value", "和菓子が好き", "和菓子が好き"),
        ("person.status", "active", "有効"),
        ("person.status", "gold", "gold"),
    ):
        assert said(declared, FieldId(field), value, Lang.JA) == words
