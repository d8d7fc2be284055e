"""The runtime table answers as Casbin does, for any policy and any request."""

import logging
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.core.terms import FieldId, PurposeId
from policies.casbin_door import Reference, define
from policies.compare import boundary, first_difference
from policies.conditions import parse_condition
from policies.document import PolicyField, PolicySet, ResourceType, Role, Rule
from policies.load import load_sources
from policies.purposes import PurposeRecord
from policies.table import compile_table
from policies.types import NO_ATTRIBUTES, Attributes, Effect, Label, RoleKind

LABEL = Label(ja="架空", en="invented")
ROLES = ("a", "b", "c", "d")
FIELDS = tuple(FieldId(f"{kind}.{name}") for kind in ("x", "y") for name in ("one", "two"))
ACTIONS = ("read", "use")
PURPOSES = (PurposeId("help"), PurposeId("offers"))
STRANGE = ("", "*", "x.three", "r:a", "u:0", "d:x.one", "Read", "fields:R0", "a, b", "x.one\n")
CONDITION = parse_condition("resource.owner == subject.id")
FACTS = (
    NO_ATTRIBUTES,
    Attributes(subject={"id": "1"}, resource={"owner": "1"}),
    Attributes(subject={"id": "1"}, resource={"owner": "2"}),
)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, unique=True).map(tuple)


@st.composite
def policies(draw: st.DrawFn) -> PolicySet:
    assert CONDITION is not None
    rules = [
        Rule(
            id=f"R{number}",
            effect=draw(st.sampled_from(Effect)),
            roles=draw(some(ROLES)),
            actions=draw(some(ACTIONS)),
            fields=draw(some(FIELDS)),  # type: ignore[arg-type]  # they are field ids
            purposes=draw(some(PURPOSES)),  # type: ignore[arg-type]  # they are purpose ids
            because=LABEL,
            when=draw(st.sampled_from([(), (), (CONDITION,)])),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    parents = {name: draw(st.sampled_from([(), ROLES[:place]])) for place, name in enumerate(ROLES)}
    return PolicySet(
        version="1",
        title=LABEL,
        owner="架空",
        categories=(),
        resources=tuple(
            ResourceType(
                id=kind,
                label=LABEL,
                actions=ACTIONS,
                fields=tuple(
                    PolicyField(id=field, label=LABEL, category="k")
                    for field in FIELDS
                    if field.startswith(kind)
                ),
            )
            for kind in ("x", "y")
        ),
        roles=tuple(
            Role(id=name, label=LABEL, kind=RoleKind.STAFF, inherits=parents[name])
            for name in ROLES
        ),
        purposes=tuple(
            PurposeRecord(id=name, label=LABEL, basis={}, categories=frozenset())
            for name in PURPOSES
        ),
        rules=tuple(rules),
        tests=(),
        separations=(),
        properties=(),
        places={},
    )


REQUESTS = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from(ROLES + STRANGE), max_size=3),
        st.sampled_from(FIELDS + STRANGE),
        st.sampled_from(ACTIONS + STRANGE),
        st.sampled_from(PURPOSES + STRANGE),
        st.sampled_from(FACTS),
    ),
    min_size=20,
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policy=policies(), requests=REQUESTS)
def test_table_equals_casbin_on_random_policies(
    policy: PolicySet, requests: list[tuple[frozenset[str], str, str, str, Attributes]]
) -> None:
    table, reference = compile_table(policy), Reference(define(policy))
    for roles, field, action, purpose, facts in requests:
        asked = {"field": field, "action": action, "purpose": purpose}
        ours = table.decide(roles, **asked, attributes=facts)
        assert bool(ours) is reference.enforce(roles, **asked, attributes=facts)
        assert bool(ours) is (ours.code == "permit")


@pytest.mark.parametrize("stranger", STRANGE)
def test_unknown_word_in_any_place_is_refused_by_both(small: str, stranger: str) -> None:
    policy = load_sources({"p": small})
    table, reference = compile_table(policy), Reference(define(policy))
    good = {"field": "person.name", "action": "read", "purpose": "help"}
    assert table.decide(frozenset({"support"}), **good)
    for place in good:
        asked = {**good, place: stranger}
        assert not table.decide(frozenset({"support"}), **asked)
        assert not reference.enforce({"support"}, **asked)
    assert not table.decide(frozenset({stranger}), **good)
    assert not reference.enforce({stranger}, **good)


def test_empty_definition_denies_although_casbin_would_permit(small: str) -> None:
    terms = small.partition("rules:")[0]
    policy = load_sources({"p": re.sub(r"may: \[.*?\]", "break_glass: false", terms)})
    reference = Reference(define(policy))
    assert not reference.enforce((), field="", action="", purpose="")
    assert not compile_table(policy).decide(frozenset(), field="", action="", purpose="")


def test_role_name_as_user_is_no_role(small: str) -> None:
    table = compile_table(load_sources({"p": small}))
    for name in ("u:support", "r:support", "Support", " support"):
        assert not table.decide(
            frozenset({name}), field="person.name", action="read", purpose="help"
        )


def test_casbin_logs_nothing(small: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    policy = load_sources({"p": small})
    Reference(define(policy)).enforce({"x"}, field="person.name", action="read", purpose="help")
    assert not [record for record in caplog.records if record.name.startswith("casbin")]


def test_exported_lines_are_the_whole_definition(small: str) -> None:
    definition = define(load_sources({"p": small}))
    assert "p, r:support, fields:R-1, actions:R-1, purposes:R-1, allow, -, R-1" in definition.lines
    assert "g, r:support, r:staff" in definition.lines
    assert definition.model.count("[") == 5


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("for: [help],\n     because: 責", 'for: ["*"],\n     because: 責'),
        ("allow: [support], to: read", "allow: [staff], to: read"),
        ('to: ["*"], on', "to: read, on"),
        ("to: [read, erase]", "to: [read, erase, merge]"),
        ("fields: [name], for", "fields: [name, memo], for"),
    ],
)
def test_table_of_another_policy_is_found(small: str, before: str, after: str) -> None:
    assert before in small
    policy, other = load_sources({"p": small}), load_sources({"p": small.replace(before, after)})
    asked = [*boundary(policy), *boundary(other)]
    difference = first_difference(compile_table(other), Reference(define(policy)), asked)
    # a narrower deny hides behind the default deny: both refuse, by another code
    assert (difference is None) is (before == 'to: ["*"], on')


TODO = """
version: "1"
title: 予定表 / Todo list
owner: 架空
resources:
  todo: {label: 予定 / Todo, actions: [can_read, can_update, can_delete], attributes: [ownerID]}
roles:
  viewer: {label: 閲覧者 / Viewer}
  editor: {label: 編集者 / Editor, inherits: [viewer]}
  admin: {label: 管理者 / Admin, inherits: [editor]}
purposes:
  todo_use: {label: 予定の管理 / Todos, basis: {appi: within_purpose}, categories: []}
rules:
  - {id: V-1, allow: [viewer], to: can_read, on: todo, for: [todo_use], because: 見る / Read}
  - {id: E-1, allow: [editor], to: [can_update, can_delete], on: todo, for: [todo_use],
     when: ["resource.ownerID == subject.id"], because: 自分の予定 / Own todos}
  - {id: A-1, allow: [admin], to: can_delete, on: todo, for: [todo_use], because: 整理 / Tidy}
"""


@pytest.mark.parametrize(
    ("role", "action", "owner", "rule"),
    [
        ("viewer", "can_read", "rick", "V-1"),
        ("viewer", "can_update", "morty", None),
        ("editor", "can_update", "morty", "E-1"),
        ("editor", "can_update", "rick", None),
        ("editor", "can_delete", "rick", None),
        ("admin", "can_delete", "rick", "A-1"),
        ("admin", "can_update", "rick", None),
        ("admin", "can_update", "morty", "E-1"),
    ],
)
def test_other_records_and_their_owners_fit_the_same_policy(
    role: str, action: str, owner: str, rule: str | None
) -> None:
    policy = load_sources({"p": TODO})
    asked = {"field": "todo.record", "action": action, "purpose": "todo_use"}
    facts = Attributes(subject={"id": "morty"}, resource={"ownerID": owner})
    decision = compile_table(policy).decide(frozenset({role}), **asked, attributes=facts)
    theirs = Reference(define(policy)).enforce({role}, **asked, attributes=facts)
    assert decision.rule_id == rule
    assert bool(decision) is theirs is (rule is not None)
