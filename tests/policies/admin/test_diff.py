"""The difference of two policies is that of every cell's answer, asked one by one."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.core.terms import Lang
from policies.admin.diff import compare_policies
from policies.admin.wording import Turn, grouped, sentences
from policies.document import PolicySet
from policies.load import load_sources
from policies.masking import MaskMethod
from policies.purposes import decide_purpose
from policies.snapshot import PolicySnapshot, compile_policy
from policies.types import ActorDecision

HEAD = """
version: "1"
title: 方針 / Policy
owner: 個人情報保護管理者
categories:
  name: {label: 氏名 / Names}
  contact: {label: 連絡先 / Contacts}
resources:
  person:
    label: 顧客 / Customer
    actions: [read, use]
    fields:
      name: {label: 氏名 / Name, category: name}
      phone: {label: 電話番号 / Telephone, category: contact}
roles:
  low: {label: 下 / Low}
  high: {label: 上 / High, inherits: [low]}
  other: {label: 他 / Other}
purposes:
  help: {label: 対応 / Help, basis: {appi: within_purpose, gdpr: contract}, categories: [name]}
  sell: {label: 販売 / Sell, basis: {appi: within_purpose, gdpr: contract},
         categories: [name, contact]}
"""
ROLES, FIELDS = ("low", "high", "other"), ("name", "phone")
ACTIONS, PURPOSES = ("read", "use"), ("help", "sell")


def some(names: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, unique=True)


Written = tuple[str, list[str], list[str], list[str], list[str], str | None]
RULE = st.tuples(
    st.sampled_from(["allow", "allow", "deny"]),
    some(ROLES),
    some(ACTIONS),
    some(FIELDS),
    some(PURPOSES),
    st.sampled_from([None, *MaskMethod]),
)
RULES = st.lists(RULE, max_size=5)


def policy(
    rules: list[tuple[str, list[str], list[str], list[str], list[str], str | None]],
) -> PolicySnapshot:
    lines = []
    for number, (effect, roles, actions, fields, purposes, mask) in enumerate(rules):
        lines.append(f"  - id: R-{number}\n    {effect}: [{', '.join(roles)}]")
        lines.append(f"    to: [{', '.join(actions)}]\n    on: person")
        lines.append(f"    fields: [{', '.join(fields)}]\n    for: [{', '.join(purposes)}]")
        lines.append(f"    because: 理由{number} / Reason {number}")
        if mask is not None and effect == "allow":
            listed = ", ".join(fields)
            lines.append(f"    obligations: [mask: {{fields: [{listed}], method: {mask}}}]")
    body = "rules:\n" + "\n".join(lines) if lines else ""
    return compile_policy(load_sources({"p": HEAD + body}), random_probes=5)


def asked(snapshot: PolicySnapshot, role: str, field: str, action: str, purpose: str) -> object:
    """What the first two gates answer to this one question."""
    found: ActorDecision = snapshot.decide(
        frozenset({role}), field=field, action=action, purpose=purpose
    )
    category = snapshot.categories[field]  # type: ignore[index] # a declared field
    if not found or not decide_purpose(snapshot.purpose(purpose), categories=(category,)):
        return None
    return found.obligations


@given(RULES, RULES)
@settings(max_examples=60, deadline=None)
def test_exactly_the_cells_that_answer_otherwise_are_changes(
    before: list[Written], after: list[Written]
) -> None:
    old, new = policy(before), policy(after)
    expected = {
        (role, f"person.{field}", action, purpose)
        for role, field, action, purpose in product(ROLES, FIELDS, ACTIONS, PURPOSES)
        if asked(old, role, f"person.{field}", action, purpose)
        != asked(new, role, f"person.{field}", action, purpose)
    }
    found = compare_policies(old, new)
    assert {(c.role, c.field, c.action, c.purpose) for c in found.changes} == expected
    assert sum(group.cells for group in grouped(found.changes)) == len(expected)
    assert found.compared == len(ROLES) * len(FIELDS) * len(ACTIONS) * len(PURPOSES)


def only(effect: str = "allow", mask: str | None = None, fields: str = "name") -> PolicySnapshot:
    return policy([(effect, ["low"], ["read"], [fields], ["sell"], mask)])


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (policy([]), only(), Turn.GAINS),
        (only(), only("deny"), Turn.LOSES),
        (only(), only(mask="initial"), Turn.LESS),
        (only(mask="prefecture"), only(mask="municipality"), Turn.MORE),
    ],
)
def test_a_change_is_named_by_what_it_means(
    before: PolicySnapshot, after: PolicySnapshot, turn: Turn
) -> None:
    (group,) = grouped(compare_policies(before, after).changes)
    assert group.turn is turn
    assert set(group.roles) == {"low", "high"}
    ja, en = (next(iter(sentences(compare_policies(before, after), lang))).text for lang in Lang)
    assert "下、上" in ja
    assert "Low, High" in en


def test_a_rule_that_is_only_called_otherwise_changes_nothing() -> None:
    one: Written = ("allow", ["low"], ["read", "use"], ["name"], ["help", "sell"], None)
    split: list[Written] = [
        ("allow", ["low"], ["read"], ["name"], ["help", "sell"], None),
        ("allow", ["low"], ["use"], ["name"], ["sell", "help"], None),
    ]
    assert not compare_policies(policy([one]), policy(split))


def test_roles_purposes_and_terms_are_told_in_words() -> None:
    def changed(source: str) -> PolicySet:
        return load_sources({"p": source})

    other = (
        HEAD.replace("他 / Other}", '他 / Other, may: ["audit:read"]}')
        .replace("gdpr: contract}, categories: [name]}", "gdpr: consent}, categories: [name],\n"
                 "         notice: n@1, expires: 6 months, channels: [email]}")
        .replace("  contact: {label: 連絡先 / Contacts}", "  contact: {label: 連絡先 / Ways}")
    )  # fmt: skip
    found = compare_policies(policy([]), compile_policy(changed(other), random_probes=5))
    assert not found.changes
    texts = [one.text for one in sentences(found, Lang.EN)]
    assert "Other: may do from now on: Read the audit log" in texts
    assert any("lawful basis" in text and "Consent" in text for text in texts)
    assert any("life of a consent: none → 6 months" in text for text in texts)
    assert "Category contact changes" in texts
    assert found.touched() == {"help"}
