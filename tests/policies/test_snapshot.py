"""A snapshot is whole or refused; readers see the old one or the new one, never a mixture."""

import threading
from collections.abc import Callable

import pytest

from governance.core.terms import Treatment
from policies.actions import Action
from policies.compare import BUDGET, PolicyMismatchError, affordable, boundary
from policies.document import PolicySet
from policies.load import load_sources
from policies.reasons import ReasonCode
from policies.snapshot import NO_POLICY, PolicyHolder, PolicySnapshot, compile_policy
from policies.table import DecisionTable, compile_table
from policies.types import Outcome

SUPPORT = frozenset({"support"})
ASK = {"field": "person.name", "action": "read", "purpose": "help"}


def test_without_a_policy_everything_is_unavailable() -> None:
    holder = PolicyHolder()
    decision = holder.current.decide(SUPPORT, **ASK)
    assert decision.outcome is Outcome.UNAVAILABLE
    assert decision.code is ReasonCode.UNAVAILABLE_POLICY
    assert not decision
    assert not NO_POLICY.may(SUPPORT, Action.PERSON_READ)
    assert not NO_POLICY.decide_record(SUPPORT, resource="person", action="read", purpose="help")
    assert NO_POLICY.purpose("help") is None
    assert not NO_POLICY.may_break_glass(SUPPORT)


def test_table_that_differs_from_casbin_is_refused(small: str) -> None:
    def open_to_all(policy: PolicySet) -> DecisionTable:
        table = compile_table(policy)
        cell = table.cells[("person.name", "read", "help")]
        return DecisionTable(
            cells={**table.cells, ("person.email", "erase", "offers"): cell},
            bits=table.bits,
            reach=table.bits,
            fields=frozenset(field.id for field in policy.fields()),
            actions=frozenset({"read", "erase"}),
            purposes=frozenset({"help", "offers"}),
        )

    with pytest.raises(PolicyMismatchError):
        compile_policy(load_sources({"p": small}), random_probes=3_000, compile_with=open_to_all)


@pytest.mark.parametrize(
    ("roles", "changes", "code"),
    [
        ((), {}, ReasonCode.ACTOR_UNKNOWN_ROLE),
        (("",), {}, ReasonCode.ACTOR_UNKNOWN_ROLE),
        (("support",), {"field": ""}, ReasonCode.ACTOR_UNKNOWN_FIELD),
        (("support",), {"field": "person.*"}, ReasonCode.ACTOR_UNKNOWN_FIELD),
        (("support",), {"action": "Read"}, ReasonCode.ACTOR_UNKNOWN_ACTION),
        (("support",), {"action": ""}, ReasonCode.ACTOR_UNKNOWN_ACTION),
        (("support",), {"purpose": ""}, ReasonCode.PURPOSE_MISSING),
        (("support",), {"purpose": "*"}, ReasonCode.PURPOSE_UNKNOWN),
        (("support",), {"purpose": "offers"}, ReasonCode.ACTOR_NO_RULE),
        (("officer",), {"field": "person.memo", "purpose": "offers"}, ReasonCode.ACTOR_FORBIDDEN),
        (("support",), {}, ReasonCode.PERMIT),
    ],
)
def test_refusal_carries_its_own_code(
    snapshot: PolicySnapshot, roles: tuple[str, ...], changes: dict[str, str], code: ReasonCode
) -> None:
    assert snapshot.decide(frozenset(roles), **{**ASK, **changes}).code is code


def test_answer_names_rule_reason_and_duties(snapshot: PolicySnapshot) -> None:
    decision = snapshot.decide(SUPPORT, field="person.phone", action="read", purpose="help")
    assert decision.rule_id == "R-2"
    assert decision.treatment is Treatment.MASKED
    assert decision.because is not None
    assert decision.because.en == "A part is enough"
    assert [duty.as_json() for duty in decision.obligations] == [
        {"type": "mask", "method": "partial", "keep": 4},
        {"type": "log", "detail": "normal"},
    ]
    email = snapshot.decide(SUPPORT, field="person.email", action="read", purpose="help")
    assert email.treatment is Treatment.CLEAR


def test_mildest_grant_of_two_roles_applies(snapshot: PolicySnapshot) -> None:
    both = frozenset({"support", "officer"})
    decision = snapshot.decide(both, field="person.phone", action="read", purpose="help")
    assert (decision.rule_id, decision.treatment) == ("R-3", Treatment.CLEAR)


def test_denial_outweighs_every_role(snapshot: PolicySnapshot) -> None:
    everything = frozenset({"support", "officer", "staff"})
    decision = snapshot.decide(everything, field="person.memo", action="read", purpose="offers")
    assert decision.rule_id == "R-4"
    assert decision.treatment is Treatment.WITHHELD


def test_registered_actions_follow_inheritance(snapshot: PolicySnapshot) -> None:
    assert snapshot.may(SUPPORT, Action.CONSOLE_OPEN)
    assert not snapshot.may(frozenset({"staff"}), Action.PERSON_READ)
    assert not snapshot.may(SUPPORT, Action.AUDIT_READ)


def test_record_is_open_when_one_field_is(snapshot: PolicySnapshot) -> None:
    for _ in range(2):  # the second answer comes from the memo
        assert snapshot.decide_record(SUPPORT, resource="person", action="read", purpose="help")
        for strange in ({"action": "use"}, {"purpose": "offers"}, {"resource": "pers"}):
            asked = {"resource": "person", "action": "read", "purpose": "help", **strange}
            assert not snapshot.decide_record(SUPPORT, **asked)


def test_purpose_is_found_by_id_and_by_import_code(snapshot: PolicySnapshot) -> None:
    assert snapshot.purpose("help") is snapshot.purpose("P50")
    assert snapshot.purpose("対応") is None
    assert snapshot.purpose("") is None


def test_digest_changes_with_any_rule_and_not_with_comments(small: str) -> None:
    def digest(source: str) -> str:
        return compile_policy(load_sources({"p": source}), random_probes=0).digest

    assert digest(small) == digest("# 注記\n" + small)
    assert digest(small) != digest(small.replace("keep: 4", "keep: 3"))
    assert digest(small) != digest(small.replace("channels: [email]", "channels: [email, sms]"))


def test_swap_under_load_gives_only_answers_of_one_of_both(small: str) -> None:
    first = compile_policy(load_sources({"p": small}))
    closed = small.replace(
        "allow: [support], to: read, on: person, fields: [name]",
        "allow: [officer], to: read, on: person, fields: [name]",
    )
    closed = closed.replace("expect: permit, by: R-1", "expect: deny")
    second = compile_policy(load_sources({"p": closed}))
    holder, stop, wrong = PolicyHolder(first), threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            snapshot = holder.current
            if bool(snapshot.decide(SUPPORT, **ASK)) is not (snapshot is first):
                wrong.append(snapshot.version)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(5_000):
        assert holder.swap(second) is first
        assert holder.swap(first) is second
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_whole_boundary_is_compared_and_sampled_only_above_the_budget(
    small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policies.compare.BUDGET", BUDGET)  # a served house of others set its own
    policy = load_sources({"p": small})
    compiled = compile_policy(policy, random_probes=10)
    assert compiled.compared == compiled.boundary + 10
    edges = tuple(boundary(policy))
    assert affordable(edges, lines=74) == edges
    assert len(affordable(edges, lines=BUDGET)) == 1
    assert len(affordable(edges, lines=BUDGET // 10)) <= 10


def test_refused_policy_leaves_the_old_one(small: str, load: Callable[[str], PolicySet]) -> None:
    holder = PolicyHolder(compile_policy(load(small)))
    before = holder.current
    with pytest.raises(Exception, match="policy_refused"):
        holder.swap(compile_policy(load(small.replace("deny:", "Deny:"))))
    assert holder.current is before
