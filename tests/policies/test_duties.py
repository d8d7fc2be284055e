"""One person never takes both steps of a case, in whichever order."""

from types import MappingProxyType

import pytest

from governance.core.terms import ActorId
from policies.actions import Action
from policies.duties import second_step
from policies.reasons import ReasonCode
from policies.snapshot import NO_POLICY, default_snapshot

ONE, TWO = ActorId("u:1"), ActorId("u:2")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Action.DSAR_DECIDE, Action.DSAR_APPROVE),
        (Action.DSAR_APPROVE, Action.DSAR_DECIDE),
        (Action.ERASURE_REQUEST, Action.ERASURE_APPROVE),
        (Action.POLICY_PROPOSE, Action.POLICY_APPLY),
        (Action.HOLD_PLACE, Action.HOLD_RELEASE),
    ],
)
def test_second_step_needs_another_person(first: Action, second: Action) -> None:
    done = MappingProxyType({first: frozenset({ONE})})
    refused = second_step(default_snapshot(), action=second, hands=frozenset({ONE}), done=done)
    assert refused is not None
    assert refused.code is ReasonCode.ACTOR_SAME_PERSON
    assert not refused
    assert second_step(default_snapshot(), action=second, hands=frozenset({TWO}), done=done) is None


def test_unrelated_steps_are_free() -> None:
    done = MappingProxyType({Action.DSAR_READ: frozenset({ONE})})
    assert (
        second_step(
            default_snapshot(), action=Action.DSAR_APPROVE, hands=frozenset({ONE}), done=done
        )
        is None
    )


def test_without_a_policy_no_step_is_taken() -> None:
    refused = second_step(NO_POLICY, action=Action.DSAR_APPROVE, hands=frozenset({ONE}), done={})
    assert refused is not None
    assert refused.code is ReasonCode.UNAVAILABLE_POLICY
