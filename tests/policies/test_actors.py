"""A principal brings only roles of its own kind; ids and names are never roles."""

import pytest

from governance.core.terms import ActorId, PurposeId
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from policies.actors import (
    attributes_of_actor,
    decide_actor,
    decide_actor_on_record,
    roles_of,
)
from policies.reasons import ReasonCode
from policies.snapshot import NO_POLICY, default_snapshot

MAIL = PurposeId("mail_marketing")


def who(
    name: str, kind: PrincipalKind, *roles: str, purposes: frozenset[str] = frozenset()
) -> Principal:
    return Principal(
        id=ActorId(name),
        kind=kind,
        roles=frozenset(roles),
        purposes=frozenset(PurposeId(purpose) for purpose in purposes),
    )


@pytest.mark.parametrize(
    ("principal", "roles"),
    [
        (who("u:1", PrincipalKind.STAFF, "support", "ghost"), {"support"}),
        (who("u:1", PrincipalKind.STAFF, "shop"), set()),
        (who("svc:1", PrincipalKind.SYSTEM, "shop", "support"), {"shop"}),
        (who("p:1", PrincipalKind.PERSON, "customer", "privacy_officer"), {"customer"}),
        (who("support", PrincipalKind.STAFF, "support"), set()),
        (who("u:", PrincipalKind.STAFF, "support"), set()),
        (who("p:1", PrincipalKind.STAFF, "support"), set()),
        (who("anonymous", PrincipalKind.ANONYMOUS, "support"), set()),
        (who("u:support", PrincipalKind.STAFF), set()),
    ],
)
def test_only_roles_of_the_own_kind_count(principal: Principal, roles: set[str]) -> None:
    assert roles_of(principal, default_snapshot()) == roles


def test_nobody_is_refused_as_anonymous() -> None:
    decision = decide_actor(
        ANONYMOUS, default_snapshot(), field="person.name", action="read", purpose=MAIL
    )
    assert decision.code is ReasonCode.ACTOR_ANONYMOUS


def test_system_may_claim_only_granted_purposes() -> None:
    asked = {"kind": "person", "action": "use"}
    granted = who("svc:1", PrincipalKind.SYSTEM, "mail_sender", purposes=frozenset({MAIL}))
    bare = who("svc:1", PrincipalKind.SYSTEM, "mail_sender")
    shipped = default_snapshot()
    assert decide_actor_on_record(granted, shipped, **asked, purpose=MAIL)
    refused = decide_actor_on_record(bare, shipped, **asked, purpose=MAIL)
    assert refused.code is ReasonCode.ACTOR_PURPOSE_NOT_GRANTED
    unknown = decide_actor_on_record(granted, shipped, **asked, purpose=PurposeId("spying"))
    assert unknown.code is ReasonCode.PURPOSE_UNKNOWN


def test_person_reads_the_own_record_only() -> None:
    person = who("p:s1", PrincipalKind.PERSON, "customer")
    asked = {"field": "person.email", "action": "read", "purpose": PurposeId("dsar_fulfilment")}
    shipped = default_snapshot()
    assert decide_actor(person, shipped, **asked, resource={"subject": "s1"})
    assert not decide_actor(person, shipped, **asked, resource={"subject": "s2"})
    assert not decide_actor(person, shipped, **asked)
    assert attributes_of_actor(person).subject["subject"] == "s1"


def test_staff_carry_no_subject_of_their_own() -> None:
    assert "subject" not in attributes_of_actor(who("u:1", PrincipalKind.STAFF)).subject


def test_without_a_policy_the_answer_is_unavailable() -> None:
    staff = who("u:1", PrincipalKind.STAFF, "support")
    decision = decide_actor(staff, NO_POLICY, field="person.name", action="read", purpose=MAIL)
    assert decision.code is ReasonCode.UNAVAILABLE_POLICY
