"""Comparisons of facts: what is missing never opens anything."""

import pytest

from policies.conditions import Condition, all_hold, as_text, from_text, parse_condition
from policies.types import Attributes, Effect

SAME = "resource.owner == subject.id"


def condition(sentence: str) -> Condition:
    found = parse_condition(sentence)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sentence", "subject", "resource", "holds"),
    [
        (SAME, {"id": "a"}, {"owner": "a"}, True),
        (SAME, {"id": "a"}, {"owner": "b"}, False),
        (SAME, {"id": 1}, {"owner": True}, False),
        ("resource.region != 'JP'", {}, {"region": "US"}, True),
        ("resource.region != 'JP'", {}, {"region": "JP"}, False),
        ("subject.branch in resource.branches", {"branch": "x"}, {"branches": ["x", "y"]}, True),
        ("subject.branch in resource.branches", {"branch": "z"}, {"branches": ("x",)}, False),
        ("subject.branch not in resource.branches", {"branch": "z"}, {"branches": ["x"]}, True),
        ("'x' in resource.branches", {}, {"branches": ("x",)}, True),
        ("subject.branch in ['x', 'y z']", {"branch": "y z"}, {}, True),
        ("subject.branch in [ 'x' ]", {"branch": "y"}, {}, False),
        ("subject.branch not in ['x','y']", {"branch": "z"}, {}, True),
        ("subject.level == -3", {"level": -3}, {}, True),
        ("subject.level == 1", {"level": True}, {}, False),
        ("resource.open == true", {}, {"open": True}, True),
        ("resource.open != false", {}, {"open": 0}, True),
    ],
)
def test_comparison_of_known_facts(
    sentence: str, subject: dict[str, object], resource: dict[str, object], *, holds: bool
) -> None:
    facts = Attributes(subject=subject, resource=resource)
    assert all_hold([condition(sentence)], facts, effect=Effect.ALLOW) is holds
    assert all_hold([condition(sentence)], facts, effect=Effect.DENY) is holds


@pytest.mark.parametrize("resource", [{}, {"owner": None}, {"owner": ""}])
def test_missing_fact_never_opens_and_always_denies(resource: dict[str, object]) -> None:
    facts = Attributes(subject={"id": ""}, resource=resource)
    assert not all_hold([condition(SAME)], facts, effect=Effect.ALLOW)
    assert all_hold([condition(SAME)], facts, effect=Effect.DENY)


def test_membership_in_a_text_is_no_membership() -> None:
    facts = Attributes(subject={"b": "x"}, resource={"bs": "xyz"})
    assert not all_hold([condition("subject.b in resource.bs")], facts, effect=Effect.ALLOW)


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "true",
        "resource.owner",
        "resource.owner = subject.id",
        "owner == subject.id",
        "resource.a == subject.b or 1 == 1",
        "resource.a == 'x,y'",
        "resource.a in []",
        "resource.a in ['x' 'y']",
        "resource.a in ['x', 1]",
        "resource.a in ['x,y']",
        "resource.a in ['x'",
        "true == true",
        "'a' in ['a']",
        "resource.a == 1.5",
        "context.a == 1",
        "__import__('os')",
    ],
)
def test_other_sentences_are_no_conditions(sentence: str) -> None:
    assert parse_condition(sentence) is None


def test_exported_line_reads_back() -> None:
    conditions = (
        condition(SAME),
        condition("subject.a in resource.b"),
        condition("subject.a not in ['x', 'y z', 'あ']"),
        condition("action.a == true"),
        condition("subject.n != -12"),
    )
    assert "," not in as_text(conditions)
    assert from_text(as_text(conditions)) == conditions
    assert from_text("-") == ()
    assert from_text("nonsense") is None
