"""The proof at load: the runtime table answers as Casbin does, or the snapshot is refused."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from governance.core.errors import GovernanceError
from policies.actions import Action
from policies.casbin_door import ROUTE_FIELD, ROUTE_PURPOSE, Reference
from policies.conditions import Comparison, Condition, fact_of, literal_of
from policies.document import NO_PURPOSE, PolicySet, Rule
from policies.table import DecisionTable
from policies.types import NO_ATTRIBUTES, Attributes

N = TypeVar("N", bound=str)
Facts = Mapping[tuple[str, str], object]  # owner and name of an attribute -> its value
RANDOM_PROBES = 200  # requests beside the boundary ones
BUDGET = 300_000  # line evaluations at load, some seconds; above it the boundary is sampled
STRANGERS = ("", "*", "unknown", "Deny", "r:staff", "u:0")  # names that no policy declares


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One request put to both engines."""

    roles: frozenset[str]
    field: str
    action: str
    purpose: str
    attributes: Attributes = NO_ATTRIBUTES


class PolicyMismatchError(GovernanceError):
    """Table and Casbin disagree on a request; the new policy is not taken, the old one stays."""

    code, status, exit_code = "policy_mismatch", 503, 3


def first_outside(known: Iterable[str], inside: Iterable[str], other: str) -> str:
    """The first known name that is not among the inner ones, or the other name."""
    within = set(inside)
    return next((name for name in known if name not in within), other)


def boundary(policy: PolicySet) -> Iterator[Probe]:
    """Requests inside every line of every rule, and one step outside each of its sides."""
    for rule in policy.every_rule():
        yield from _inside(rule)
        yield from _outside(rule, policy)
    for role in policy.roles:
        for action in role.may:
            yield _route(role.id, action.value)
        missing = first_outside((a.value for a in Action), role.may, "unknown")
        yield _route(role.id, missing)


def affordable(probes: Sequence[Probe], *, lines: int) -> tuple[Probe, ...]:
    """All of these requests, or evenly spaced ones when Casbin would need minutes for all."""
    most = max(1, BUDGET // max(1, lines))
    step = -(-len(probes) // most)
    return tuple(probes[:: max(1, step)])


def _route(role: str, action: str) -> Probe:
    roles = frozenset({role})
    return Probe(roles=roles, field=ROUTE_FIELD, action=action, purpose=ROUTE_PURPOSE)


def _inside(rule: Rule) -> Iterator[Probe]:
    place = 0
    for role in rule.roles:
        for action in rule.actions:
            for facts in facts_for(rule.when):
                yield Probe(
                    roles=frozenset({role}),
                    field=rule.fields[place % len(rule.fields)],
                    action=action,
                    purpose=rule.purposes[place % len(rule.purposes)],
                    attributes=facts,
                )
                place += 1


def _spread(names: Sequence[N]) -> tuple[N, ...]:
    """First, middle and last: another rule may hide a fault at one of them."""
    return tuple(dict.fromkeys((names[0], names[len(names) // 2], names[-1])))


def _outside(rule: Rule, policy: PolicySet) -> Iterator[Probe]:
    role, action, purpose = rule.roles[0], rule.actions[-1], rule.purposes[-1]
    fields = [known.id for known in policy.fields()]
    purposes = [known.id for known in policy.purposes]
    roles = [*(known.id for known in policy.roles), *(one.holder for one in policy.subjects)]
    verbs = [verb for resource in policy.resources for verb in resource.actions]
    one = frozenset({role})
    far_field = first_outside(fields, rule.fields, "unknown")
    far_purpose = first_outside(purposes, rule.purposes, "unknown")
    far_role = first_outside(roles, rule.roles, "unknown")
    far_action = first_outside(verbs, rule.actions, "unknown")
    for near in _spread(rule.purposes):
        yield Probe(roles=one, field=far_field, action=action, purpose=near)
    for field in _spread(rule.fields):
        yield Probe(roles=one, field=field, action=action, purpose=far_purpose)
        yield Probe(roles=one, field=field, action=far_action, purpose=purpose)
        yield Probe(roles=frozenset({far_role}), field=field, action=action, purpose=purpose)
        yield Probe(roles=frozenset({role, far_role}), field=field, action=action, purpose=purpose)
    yield Probe(roles=frozenset(), field=rule.fields[0], action=action, purpose=purpose)


def facts_for(conditions: Iterable[Condition]) -> tuple[Attributes, ...]:
    """No facts, facts that all conditions ask for, and for each condition facts that break it."""
    given = tuple(conditions)
    if not any(fact_of(side) for one in given for side in (one.left, one.right)):
        return (NO_ATTRIBUTES,)
    good: dict[tuple[str, str], object] = {}
    for condition in given:
        good |= _meeting(condition, good)
    found = [NO_ATTRIBUTES, _attributes(good)]
    for condition in given:
        for side in (condition.left, condition.right):
            if fact := fact_of(side):
                found.append(_attributes({**good, fact: _other(good[fact])}))
                found.append(_attributes({name: v for name, v in good.items() if name != fact}))
    return tuple(found)


def _meeting(condition: Condition, good: Facts) -> Facts:
    """Facts that meet one condition, keeping what earlier ones fixed where that is possible."""
    left, right = fact_of(condition.left), fact_of(condition.right)
    fixed = [good[fact] for fact in (left, right) if fact is not None and fact in good]
    value = fixed[0] if fixed else "one"
    if left is None:
        value = literal_of(condition.left)
    told = None if right is not None else literal_of(condition.right)
    sides: tuple[object, object]
    match condition.comparison:
        case Comparison.EQUAL:
            sides = (value, value) if told is None else (told, told)
        case Comparison.NOT_EQUAL:
            sides = (value, _other(value)) if told is None else (_other(told), told)
        case Comparison.IN:
            sides = (told[0], told) if isinstance(told, tuple) else (value, (value, "three"))
        case Comparison.NOT_IN:
            sides = ("four", told) if isinstance(told, tuple) else (value, ("three",))
    pairs = zip((left, right), sides, strict=True)
    return {fact: side for fact, side in pairs if fact is not None}


def _other(value: object) -> object:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case tuple():
            return ("two",)
        case _:
            return "two"


def _attributes(facts: Facts) -> Attributes:
    sides: dict[str, dict[str, object]] = {"subject": {}, "resource": {}, "action": {}}
    for (owner, name), value in facts.items():
        sides[owner][name] = value
    return Attributes(**sides)


def chosen_at_random(policy: PolicySet, *, count: int, seed: str) -> Iterator[Probe]:
    """Requests over declared and undeclared names; the same seed gives the same requests."""
    dice = random.Random(seed)  # noqa: S311 - probes must be repeatable, not secret
    roles = [role.id for role in policy.roles] + list(STRANGERS)
    roles += [subject.holder for subject in policy.subjects]
    fields = [field.id for field in policy.fields()] + list(STRANGERS)
    verbs = [verb for resource in policy.resources for verb in resource.actions]
    verbs += list(STRANGERS)
    purposes = [purpose.id for purpose in policy.purposes] + list(STRANGERS)
    purposes += [NO_PURPOSE] if policy.subjects else []
    sets = {rule.when: facts_for(rule.when) for rule in policy.every_rule()}
    facts = [NO_ATTRIBUTES, *(one for several in sets.values() for one in several)]
    for _ in range(count):
        yield Probe(
            roles=frozenset(dice.sample(roles, dice.randint(0, min(3, len(roles))))),
            field=dice.choice(fields),
            action=dice.choice(verbs),
            purpose=dice.choice(purposes),
            attributes=dice.choice(facts),
        )


def first_difference(
    table: DecisionTable, reference: Reference, probes: Iterable[Probe]
) -> Probe | None:
    """The first request that both answer differently, or None."""
    for probe in probes:
        asked = {"field": probe.field, "action": probe.action, "purpose": probe.purpose}
        ours = table.decide(probe.roles, **asked, attributes=probe.attributes)
        theirs = reference.enforce(probe.roles, **asked, attributes=probe.attributes)
        if bool(ours) is not theirs:
            return probe
    return None
