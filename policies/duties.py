"""Separation of duties (職務の分離): which roles and which steps one person may not join."""

from collections.abc import Iterable, Mapping

from governance.core.terms import ActorId
from policies.actions import Action
from policies.document import Role, Separation
from policies.load_terms import closure
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import ActorDecision, Outcome


def held_roles(roles: Mapping[str, Role], names: Iterable[str]) -> frozenset[str]:
    """These roles with all that they contain."""
    return frozenset().union(*(closure(roles, name) for name in names))


def conflicts(snapshot: PolicySnapshot, names: Iterable[str]) -> tuple[Separation, ...]:
    """Static separations that somebody holding all these roles would break."""
    if snapshot.policy is None:
        return ()
    held = held_roles(snapshot.roles, names)
    return tuple(
        rule
        for rule in snapshot.policy.separations
        if rule.roles is not None and held.issuperset(rule.roles)
    )


def second_step(
    snapshot: PolicySnapshot,
    *,
    action: Action,
    hands: frozenset[ActorId],
    done: Mapping[Action, frozenset[ActorId]],
) -> ActorDecision | None:
    """The refusal when one of these hands did the opposite step on the same case, else None.

    `hands` are the names by which one person acts (`governance/approvals/bonds.py:own_hands`);
    `done` says who did which action on this case so far; both orders count.
    """
    if snapshot.policy is None:
        return ActorDecision(outcome=Outcome.UNAVAILABLE, code=ReasonCode.UNAVAILABLE_POLICY)
    for rule in snapshot.policy.separations:
        if rule.actions is None or action not in rule.actions:
            continue
        other = rule.actions[0] if action is rule.actions[1] else rule.actions[1]
        if hands & done.get(other, frozenset()):
            return ActorDecision(
                outcome=Outcome.DENY,
                code=ReasonCode.ACTOR_SAME_PERSON,
                rule_id=rule.id,
                because=rule.because,
            )
    return None


def administrable(snapshot: PolicySnapshot) -> bool:
    """Whether some role may propose a policy and some role may agree to it."""
    held = [granted(snapshot.roles, name) for name in snapshot.roles]
    agrees = {Action.POLICY_APPLY, Action.APPROVAL_DECIDE}
    return any(Action.POLICY_PROPOSE in one for one in held) and any(agrees <= one for one in held)


def granted(roles: Mapping[str, Role], name: str) -> frozenset[Action]:
    """Every registered action that a role holds, its contained roles included."""
    return frozenset().union(*(roles[held].may for held in closure(roles, name)))
