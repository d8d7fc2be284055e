"""Persons who are alike are decided once; where a rule looks at the record, each apart."""

from dataclasses import replace

import pytest

from consent.types import SubjectDecision
from governance.core.terms import FieldId, SubjectId, Treatment
from governance.customers.search_terms import Level
from governance.gateway.search_decisions import PersonDecisions
from policies.conditions import parse_condition
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot, compile_policy, default_snapshot
from policies.types import Effect, Outcome
from tests.installation import MANAGER

NAME = FieldId("person.name")
ONE, OTHER = SubjectId("s-one"), SubjectId("s-other")
YES = SubjectDecision(outcome=Outcome.PERMIT, code=ReasonCode.PERMIT)
NO = SubjectDecision(outcome=Outcome.DENY, code=ReasonCode.SUBJECT_RESTRICTED)


def decisions(policy: PolicySnapshot) -> PersonDecisions:
    purpose = policy.purpose("data_quality")
    assert purpose is not None
    return PersonDecisions(
        policy=policy,
        principal=MANAGER,
        purpose=purpose,
        explained=False,
        shown=(NAME,),
        allowed={NAME: Level.PART},
    )


@pytest.fixture(scope="module")
def about_one() -> PolicySnapshot:
    """The policy that ships, whose rules hold for one person's record alone."""
    whole = default_snapshot().policy
    assert whole is not None
    condition = parse_condition(f"resource.subject == '{ONE}'")
    assert condition is not None
    rules = tuple(
        replace(rule, when=(condition,)) if rule.effect is Effect.ALLOW else rule
        for rule in whole.rules
    )
    return compile_policy(replace(whole, rules=rules), random_probes=10)


def test_a_person_who_is_refused_is_not_like_one_who_is_not() -> None:
    made = decisions(default_snapshot())
    assert made.of_shown(ONE, YES)[NAME].treatment is Treatment.CLEAR
    assert made.of_shown(OTHER, NO)[NAME].treatment is Treatment.WITHHELD
    assert made.depths(ONE, YES) == {NAME: Level.PART}
    assert made.depths(OTHER, NO) == {}


def test_persons_who_are_alike_share_their_decisions() -> None:
    made = decisions(default_snapshot())
    assert made.of_shown(ONE, YES) is made.of_shown(OTHER, YES)


def test_a_rule_that_looks_at_the_record_decides_each_person_apart(
    about_one: PolicySnapshot,
) -> None:
    made = decisions(about_one)
    assert made.of_shown(ONE, YES)[NAME].treatment is Treatment.CLEAR
    assert made.of_shown(OTHER, YES)[NAME].treatment is Treatment.WITHHELD
    assert made.depths(ONE, YES) == {NAME: Level.PART}
    assert made.depths(OTHER, YES) == {}
