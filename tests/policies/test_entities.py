"""Subjects, resources and attributes that a policy declares: what is unknown opens nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.casbin_door import Reference, define
from policies.compare import boundary, first_difference
from policies.document import PolicySet
from policies.entities import EntityRequest
from policies.load import PolicyRefusedError, load_sources
from policies.proofs import try_tests
from policies.snapshot import NO_POLICY, PolicySnapshot, compile_policy
from policies.table import compile_table

Load = Callable[[str], PolicySet]
HEAD = """
version: "1"
title: 小さな方針 / Small policy
owner: 個人情報保護管理者
roles:
  clerk: {label: 係 / Clerk}
  pep: {label: 機器 / Device, kind: system, may: ["consent:check"]}
"""
SMALL = (
    HEAD
    + """
subjects:
  user:
    label: 利用者 / User
    attributes:
      groups: list
      level: integer
      branch: {type: string, from: caller}
  robot: {label: 機械 / Robot, listed_only: false}
resources:
  paper:
    label: 書類 / Paper
    attributes: {owner: string, sealed: boolean, branch: string}
    actions: {read: {}, sign: {twice: boolean}}
  room: {label: 部屋 / Room, listed_only: false, actions: [enter]}
entities:
  user: {aoi: {groups: [writers], level: 3, branch: north}, ren: {}, admin: {}, clerk: {}}
  paper: {p1: {owner: aoi, sealed: false, branch: north}, p2: {sealed: true}, p3: {},
          p4: {sealed: false, branch: south}}
rules:
  - {id: E-1, allow: [user], to: read, on: paper, when: [resource.owner == subject.id],
     because: 自分の / Own}
  - {id: E-2, allow: [利用者], to: [read, sign], on: paper, when: ["'writers' in subject.groups",
     "action.name != 'sign'"], because: 書き手 / Writers}
  - {id: E-3, deny: [user], to: ["*"], on: paper, when: [resource.sealed == true],
     because: 封印 / Sealed}
  - {id: E-4, allow: [user], to: sign, on: paper, when: [action.twice == true, subject.level == 3],
     obligations: [{log: detailed}], because: 二度 / Twice}
  - {id: E-5, allow: [user, robot], to: enter, on: room, because: 入れる / May enter}
  - {id: E-6, allow: [user], to: read, on: paper, when: [resource.branch == subject.branch],
     because: 同じ支店 / Same branch}
  - {id: E-7, allow: [robot], to: read, on: paper, because: 北か極東 / North or far east,
     when: ["resource.branch in ['north', 'far east']", "subject.id not in ['x1', 'x2']"]}
tests:
  - {who: user/aoi, does: sign, on: paper/p1, action: {twice: true}, expect: permit, by: E-4}
  - {who: user/ren, does: read, on: paper/p1, subject: {branch: north}, expect: permit, by: E-6}
  - {who: user/ren, does: read, on: paper/p1, expect: deny, code: denied.actor.no_rule}
"""
)


@pytest.fixture(scope="module")
def policy() -> PolicySnapshot:
    return compile_policy(load_sources({"p.yaml": SMALL}))


def ask(policy: PolicySnapshot, who: str, does: str, on: str, **told: Any) -> str:
    subject_type, _, subject = who.partition("/")
    resource_type, _, resource = on.partition("/")
    request = EntityRequest((subject_type, subject), does, (resource_type, resource), **told)
    return policy.decide_entity(request).code.value


@pytest.mark.parametrize(
    ("who", "does", "on", "told", "code"),
    [
        ("user/aoi", "read", "paper/p1", {}, "permit"),
        ("user/ren", "read", "paper/p1", {}, "denied.actor.no_rule"),
        ("user/aoi", "read", "paper/p3", {}, "denied.actor.forbidden"),  # sealed or not: unknown
        ("user/aoi", "read", "paper/p2", {}, "denied.actor.forbidden"),
        ("user/aoi", "sign", "paper/p1", {"action_told": {"twice": True}}, "permit"),
        ("user/aoi", "sign", "paper/p1", {"action_told": {"twice": False}}, "denied.actor.no_rule"),
        ("user/aoi", "sign", "paper/p1", {"action_told": {"twice": "true"}},
         "denied.actor.no_rule"),
        ("user/aoi", "sign", "paper/p1", {"action_told": {"twice": 1}}, "denied.actor.no_rule"),
        ("user/aoi", "sign", "paper/p1", {}, "denied.actor.no_rule"),
        ("user/ren", "read", "paper/p1", {"subject_told": {"branch": "north"}}, "permit"),
        ("user/ren", "read", "paper/p1", {"subject_told": {"branch": ""}}, "denied.actor.no_rule"),
        ("user/ren", "read", "paper/p1", {"subject_told": {"groups": ["writers"]}},
         "denied.actor.no_rule"),  # the policy's own data: nobody tells it
        ("user/ren", "read", "paper/p1", {"resource_told": {"owner": "ren"}},
         "denied.actor.no_rule"),
        ("robot/x9", "enter", "room/anything", {}, "permit"),
        ("robot/x9", "read", "paper/p1", {}, "permit"),
        ("robot/x1", "read", "paper/p1", {}, "denied.actor.no_rule"),
        ("robot/x9", "read", "paper/p4", {}, "denied.actor.no_rule"),
    ],
)  # fmt: skip
def test_rules_compare_attributes(
    policy: PolicySnapshot, who: str, does: str, on: str, told: dict[str, Any], code: str
) -> None:
    assert ask(policy, who, does, on, **told) == code


@pytest.mark.parametrize(
    ("who", "does", "on", "code"),
    [
        ("", "read", "paper/p1", "denied.actor.unknown_subject"),
        ("user/", "read", "paper/p1", "denied.actor.unknown_subject"),
        ("robot/", "enter", "room/x", "denied.actor.unknown_subject"),
        ("user/nobody", "read", "paper/p1", "denied.actor.unknown_subject"),
        ("User/aoi", "read", "paper/p1", "denied.actor.unknown_subject"),
        ("clerk/aoi", "read", "paper/p1", "denied.actor.unknown_subject"),
        ("type:user/aoi", "read", "paper/p1", "denied.actor.unknown_subject"),
        ("user/aoi", "read", "", "denied.actor.unknown_resource"),
        ("user/aoi", "read", "paper/", "denied.actor.unknown_resource"),
        ("user/aoi", "read", "paper/p9", "denied.actor.unknown_resource"),
        ("user/aoi", "enter", "room/", "denied.actor.unknown_resource"),
        ("user/aoi", "read", "route/action", "denied.actor.unknown_resource"),
        ("user/aoi", "", "paper/p1", "denied.actor.unknown_action"),
        ("user/aoi", "Read", "paper/p1", "denied.actor.unknown_action"),
        ("user/aoi", "*", "paper/p1", "denied.actor.unknown_action"),
        ("user/aoi", "enter", "paper/p1", "denied.actor.unknown_action"),
        ("user/admin", "read", "paper/p1", "denied.actor.no_rule"),
        ("user/clerk", "read", "paper/p1", "denied.actor.no_rule"),  # a role's name is no role
        ("robot/x9", "sign", "paper/p1", "denied.actor.no_rule"),
    ],
)
def test_what_is_unknown_is_refused_with_its_code(
    policy: PolicySnapshot, who: str, does: str, on: str, code: str
) -> None:
    assert ask(policy, who, does, on) == code


def test_without_a_policy_everything_is_unavailable() -> None:
    assert ask(NO_POLICY, "user/aoi", "read", "paper/p1") == "unavailable.policy"


def test_a_subject_of_the_policy_holds_no_role(policy: PolicySnapshot) -> None:
    assert policy.table is not None
    holders = {"clerk", "pep", "user", "type:user", "u:0", "r:type:user"}
    for name in holders:
        found = policy.decide(
            frozenset({name}), field="route.action", action="consent:check", purpose="route"
        )
        assert bool(found) is (name == "pep")


def test_the_tests_in_the_folder_are_run(policy: PolicySnapshot) -> None:
    found = try_tests(policy)
    assert len(found) == 3
    assert all(run.passed for run in found)


def test_boundary_requests_agree_with_casbin() -> None:
    loaded = load_sources({"p.yaml": SMALL})
    table, reference = compile_table(loaded), Reference(define(loaded))
    probes = tuple(boundary(loaded))
    assert first_difference(table, reference, probes) is None
    answers = [
        reference.enforce(
            probe.roles,
            field=probe.field,
            action=probe.action,
            purpose=probe.purpose,
            attributes=probe.attributes,
        )
        for probe in probes
    ]
    assert True in answers
    assert False in answers


WORDS = st.sampled_from(["", "aoi", "ren", "north", "writers", "user", "paper", "p1", "p2", "*"])
TOLD = st.dictionaries(
    st.sampled_from(["branch", "groups", "level", "owner", "sealed", "twice", "id", "type"]),
    st.one_of(WORDS, st.booleans(), st.integers(0, 4), st.lists(WORDS, max_size=2), st.none()),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(
        st.sampled_from(["user", "robot", "paper"]),
        WORDS,
        st.sampled_from(["read", "sign", "enter", ""]),
        st.sampled_from(["paper", "room", "user"]),
        WORDS,
    ),
    TOLD,
    TOLD,
    TOLD,
)
def test_a_caller_widens_only_what_the_policy_lets_it_tell(
    asked: tuple[str, str, str, str, str],
    subject: dict[str, Any],
    action: dict[str, Any],
    resource: dict[str, Any],
) -> None:
    policy = compiled()
    subject_type, subject_id, does, kind, name = asked
    first, last = (subject_type, subject_id), (kind, name)
    told = EntityRequest(first, does, last, subject, action, resource)
    heard = EntityRequest(
        first,
        does,
        last,
        {k: v for k, v in subject.items() if k == "branch"},
        {k: v for k, v in action.items() if k == "twice"},
        {},
    )
    assert policy.decide_entity(told) == policy.decide_entity(heard)


_COMPILED: list[PolicySnapshot] = []


def compiled() -> PolicySnapshot:
    if not _COMPILED:
        _COMPILED.append(compile_policy(load_sources({"p.yaml": SMALL})))
    return _COMPILED[0]


FAULTS = [
    ("to: read, on: paper, when: [resource.owner == subject.id]",
     "to: read, on: paper, for: [x], when: [resource.owner == subject.id]", "not_for_subjects"),
    ("[resource.owner == subject.id]", "[resource.other == subject.id]", "unknown_attribute"),
    ("[resource.owner == subject.id]", "[action.twice == true]", "unknown_attribute"),
    ("[resource.owner == subject.id]", "[resource.sealed == subject.id]", "kinds_differ"),
    ("[resource.owner == subject.id]", "[\"resource.sealed == 'true'\"]", "kinds_differ"),
    ("[resource.owner == subject.id]", "[subject.id in resource.owner]", "kinds_differ"),
    ("[resource.owner == subject.id]", "[\"subject.level == '3'\"]", "kinds_differ"),
    ("[resource.owner == subject.id]", "[true == false]", "bad_condition"),
    ("allow: [user, robot]", "allow: [user, clerk]", "mixed_subjects"),
    ("allow: [user, robot]", "allow: [USER]", "missing_key"),
    ("deny: [user]", "Deny: [user]", "unknown_key"),
    ("owner: aoi, sealed: false", "owner: aoi, sealed: no", "unknown_word"),
    ("level: 3", "level: three", "not_a_number"),
    ("groups: [writers]", "groupz: [writers]", "unknown_attribute"),
    ("groups: list", "groups: set", "unknown_word"),
    ("from: caller", "from: anybody", "unknown_word"),
    ("branch: {type: string, from: caller}", "id: string", "bad_name"),
    ("  robot:", "  system:", "bad_name"),
    ("  user: {aoi", "  ghost: {aoi", "unknown_entity_type"),
    ("label: 利用者 / User", "label: 係 / User", "label_twice"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "code"), FAULTS)
def test_a_fault_is_refused_with_its_code(load: Load, before: str, after: str, code: str) -> None:
    assert before in SMALL
    source = SMALL.replace(before, after, 1)
    with pytest.raises(PolicyRefusedError) as caught:
        load(source)
    assert code in {fault.code for fault in caught.value.faults}


def test_no_rule_on_subjects_reaches_fields_of_persons(small: str, load: Load) -> None:
    source = small.replace(
        "rules:",
        "subjects: {user: {label: 利用者 / User}}\nrules:\n"
        "  - {id: X-1, allow: [user], to: read, on: person, because: 全部 / All}",
    )
    with pytest.raises(PolicyRefusedError) as caught:
        load(source)
    assert {fault.code for fault in caught.value.faults} == {"subject_on_person_data"}


def test_entries_of_all_files_are_joined_and_none_stands_twice(load: Load) -> None:
    more = "entities: {user: {mio: {groups: [writers]}}}"
    joined = load_sources({"a.yaml": SMALL, "b.yaml": more})
    assert set(joined.entities["user"]) == {"aoi", "ren", "admin", "clerk", "mio"}
    with pytest.raises(PolicyRefusedError) as caught:
        load_sources({"a.yaml": SMALL, "b.yaml": more.replace("mio", "aoi")})
    assert [fault.code for fault in caught.value.faults] == ["defined_twice"]


def test_the_digest_covers_entries_and_rules_on_subjects() -> None:
    first = compiled().digest
    for before, after in (
        ("owner: aoi", "owner: ren"),
        ("subject.level == 3", "subject.level == 4"),
    ):
        assert compile_policy(load_sources({"p": SMALL.replace(before, after)})).digest != first
