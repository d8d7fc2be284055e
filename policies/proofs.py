"""What a policy shows of itself: its tests are run, its properties are proved by enumeration.

Going through single roles proves a ``never`` for every combination of them as well: an actor with
several roles passes only where one of the roles alone passes. A rule with conditions counts as
holding when it allows and as not holding when it denies, so no condition can hide a cell.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.actions import Action
from policies.document import PolicySet, PolicyTest, Property
from policies.duties import granted
from policies.entities import request_of
from policies.snapshot import PolicySnapshot
from policies.table import Cell, DecisionTable, Grant
from policies.types import NO_ATTRIBUTES, ActorDecision, Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedTest:
    """One test of the policy with the answer that it got."""

    test: PolicyTest
    decision: ActorDecision

    @property
    def passed(self) -> bool:
        """Whether the answer is the expected one in every part that the test names."""
        test, decision = self.test, self.decision
        return (
            decision.outcome is test.expect
            and test.by in {None, decision.rule_id}
            and test.code in {None, decision.code}
            and test.treatment in {None, decision.treatment}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """A cell, or a role with its actions, in which a property does not hold."""

    property: Property
    role: str
    field: str = ""
    action: str = ""
    purpose: str = ""
    rule_id: str = ""


def try_test(snapshot: PolicySnapshot, test: PolicyTest) -> TriedTest:
    """The test with the answer of this policy."""
    roles = frozenset(test.who)
    if test.entities is not None:
        asked = request_of(test, test.entities)
        return TriedTest(test=test, decision=snapshot.decide_entity(asked))
    if test.on is None:
        return TriedTest(test=test, decision=snapshot.may(roles, Action(test.does)))
    facts = NO_ATTRIBUTES
    if test.subject or test.resource:
        facts = Attributes(
            subject=MappingProxyType(dict(test.subject)),
            resource=MappingProxyType(dict(test.resource)),
        )
    decision = snapshot.decide(
        roles, field=test.on, action=test.does, purpose=test.purpose or "", attributes=facts
    )
    return TriedTest(test=test, decision=decision)


def try_tests(snapshot: PolicySnapshot) -> tuple[TriedTest, ...]:
    """Every test of the policy with its answer."""
    tests = () if snapshot.policy is None else snapshot.policy.tests
    return tuple(try_test(snapshot, test) for test in tests)


def widest(cell: Cell, held: int) -> Grant | None:
    """The grant that shows most of this cell to holders of these bits, conditions left open."""
    if any(grant.mask & held and not grant.when for grant in cell.denies):
        return None
    return next((grant for grant in cell.allows if grant.mask & held), None)


def _cells(rule: Property, table: DecisionTable) -> Iterator[tuple[str, str, str, Cell]]:
    cells: Mapping[tuple[str, str, str], Cell] = table.cells
    for field in rule.fields:
        for action in rule.actions:
            for purpose in rule.purposes:
                cell = cells.get((field, action, purpose))
                if cell is not None:
                    yield field, action, purpose, cell


def _counterexample(rule: Property, table: DecisionTable) -> Counterexample | None:
    held = {role: table.mask_of(frozenset({role})) for role in rule.roles}
    for field, action, purpose, cell in _cells(rule, table):
        for role, bits in held.items():
            grant = widest(cell, bits)
            if grant is None or (rule.never_clear and grant.decision.masking is not None):
                continue
            return Counterexample(
                property=rule,
                role=role,
                field=field,
                action=action,
                purpose=purpose,
                rule_id=grant.rule_id,
            )
    return None


def _joined(rule: Property, policy: PolicySet) -> Counterexample | None:
    roles = {role.id: role for role in policy.roles}
    for name in rule.roles:
        held = granted(roles, name)
        if rule.never_both and held.issuperset(rule.never_both):
            return Counterexample(property=rule, role=name, action=", ".join(rule.never_both))
        for action in rule.never_may:
            if action in held:
                return Counterexample(property=rule, role=name, action=action.value)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A property with the number of cases gone through, and the first in which it does not hold."""

    rule: Property
    cases: int
    counterexample: Counterexample | None

    @property
    def holds(self) -> bool:
        """Whether it holds in every case."""
        return self.counterexample is None


def prove_all(snapshot: PolicySnapshot) -> tuple[Proof, ...]:
    """Every property, proved by going through all of its cases or refuted by one of them."""
    if snapshot.policy is None or snapshot.table is None:
        return ()
    return tuple(
        _proof(rule, snapshot.policy, snapshot.table) for rule in snapshot.policy.properties
    )


def _proof(rule: Property, policy: PolicySet, table: DecisionTable) -> Proof:
    if rule.never_both or rule.never_may:
        cases = len(rule.roles) * max(1, len(rule.never_may))
        return Proof(rule=rule, cases=cases, counterexample=_joined(rule, policy))
    cells = len(rule.fields) * len(rule.actions) * len(rule.purposes)
    found = _counterexample(rule, table)
    return Proof(rule=rule, cases=len(rule.roles) * cells, counterexample=found)


def prove(snapshot: PolicySnapshot) -> tuple[Counterexample, ...]:
    """One counterexample per property that does not hold; empty means that all are proved."""
    found = (proof.counterexample for proof in prove_all(snapshot))
    return tuple(example for example in found if example is not None)
