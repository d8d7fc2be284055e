from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.approvals.rules import (
    RULES,
    digest_of,
    executes,
    may_approve,
    may_execute,
    may_refuse,
    standing,
)
from governance.approvals.types import (
    Allowed,
    Approval,
    ApprovalKind,
    ApprovalState,
    ExecutorRule,
    Reason,
    Refused,
    Rule,
)
from governance.core.terms import ActorId
from governance.http.principal import Principal, PrincipalKind
from tests.governance.approvals.cases import (
    ALICE,
    APPROVED,
    BOB,
    CAROL,
    NOW,
    PERSON,
    REQUESTED,
    SYSTEM,
    staff,
)

NAMES = st.sampled_from(["u:alice", "u:bob", "svc:x", "p:1"]).map(ActorId)
PRINCIPALS = st.builds(
    Principal,
    id=NAMES,
    kind=st.sampled_from(PrincipalKind),
    os_user=st.sampled_from([None, "root", "alice"]),
)
RULE = st.builds(Rule, executor=st.sampled_from(ExecutorRule), distinct_os_user=st.booleans())
APPROVALS = st.builds(
    lambda **values: replace(REQUESTED, **values),
    state=st.sampled_from(ApprovalState),
    requested_by=NAMES,
    requested_os=st.sampled_from([None, "root"]),
    decided_by=st.none() | NAMES,
    expires_at=st.sampled_from([NOW, NOW + timedelta(days=1)]),
)


def test_every_kind_has_its_rule() -> None:
    assert set(RULES) == set(ApprovalKind)


@given(principal=PRINCIPALS, approval=APPROVALS, rule=RULE)
def test_nobody_both_requests_and_approves(
    principal: Principal, approval: Approval, rule: Rule
) -> None:
    if may_approve(principal, approval, rule, at=NOW):
        assert principal.id != approval.requested_by
        assert principal.kind is PrincipalKind.STAFF
        assert approval.state is ApprovalState.REQUESTED
        assert approval.expires_at > NOW


@given(principal=PRINCIPALS, approval=APPROVALS, rule=RULE)
def test_what_is_executed_was_approved_by_a_second_principal(
    principal: Principal, approval: Approval, rule: Rule
) -> None:
    if may_execute(principal, approval, rule, digest=approval.digest, at=NOW):
        assert approval.state is ApprovalState.APPROVED
        assert approval.decided_by not in {None, approval.requested_by}
        assert approval.expires_at > NOW


@given(principal=PRINCIPALS, approval=APPROVALS, rule=RULE)
def test_other_parameters_than_those_approved_are_never_executed(
    principal: Principal, approval: Approval, rule: Rule
) -> None:
    assert not may_execute(principal, approval, rule, digest="e" * 64, at=NOW)


def test_a_second_member_of_staff_may_approve_and_a_system_or_person_may_not() -> None:
    assert may_approve(BOB, REQUESTED, Rule(), at=NOW) == Allowed()
    for other in (SYSTEM, PERSON):
        assert may_approve(other, REQUESTED, Rule(), at=NOW) == Refused(Reason.NOT_STAFF)


def test_an_expired_request_is_neither_approved_nor_executed() -> None:
    late = REQUESTED.expires_at
    assert may_approve(BOB, REQUESTED, Rule(), at=late) == Refused(Reason.EXPIRED)
    verdict = may_execute(BOB, APPROVED, Rule(), digest=APPROVED.digest, at=late)
    assert verdict == Refused(Reason.EXPIRED)
    assert standing(APPROVED, at=late) is ApprovalState.EXPIRED


def test_one_operating_system_user_is_one_person_if_the_rule_says_so() -> None:
    strict = Rule(distinct_os_user=True)
    request = replace(REQUESTED, requested_os="root")
    same = Refused(Reason.SAME_OS_USER)
    assert may_approve(staff("bob", "root"), request, strict, at=NOW) == same
    assert may_approve(staff("bob"), request, strict, at=NOW) == same
    assert may_approve(staff("bob", "bob"), request, strict, at=NOW) == Allowed()
    assert may_approve(staff("bob", "root"), request, Rule(), at=NOW) == Allowed()


def test_the_requester_may_take_a_request_back() -> None:
    by_system = replace(REQUESTED, requested_by=SYSTEM.id)
    assert may_refuse(ALICE, REQUESTED, at=NOW)
    assert may_refuse(SYSTEM, by_system, at=NOW)
    assert not may_refuse(SYSTEM, REQUESTED, at=NOW)


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (ExecutorRule.EITHER, {"u:alice", "u:bob"}),
        (ExecutorRule.APPROVER, {"u:bob"}),
        (ExecutorRule.REQUESTER, {"u:alice"}),
        (ExecutorRule.THIRD, {"u:carol"}),
    ],
)
def test_the_rule_says_who_executes(rule: ExecutorRule, names: set[str]) -> None:
    everybody = (ALICE, BOB, CAROL, SYSTEM)
    assert {p.id for p in everybody if executes(p, APPROVED, rule)} == names


@given(st.binary(), st.binary(), st.text(), st.text())
def test_digests_differ_when_anything_differs(a: bytes, b: bytes, x: str, y: str) -> None:
    same = digest_of(ApprovalKind.PURGE, x, a) == digest_of(ApprovalKind.PURGE, y, b)
    assert same is ((x, a) == (y, b))
    assert digest_of(ApprovalKind.PURGE, x, a) != digest_of(ApprovalKind.ERASURE, x, a)
