"""The shipped policy: no finding, proved properties, purposes of the consent files, readable."""

import pytest

from governance.core.terms import Law, PurposeId, Treatment
from governance.customers.catalogue import catalogue
from policies.actions import Action
from policies.check import Severity, check
from policies.document import PolicySet
from policies.duties import conflicts
from policies.matrix import matrix
from policies.proofs import prove, try_tests
from policies.purposes import Basis, Provision
from policies.snapshot import PolicySnapshot, default_snapshot
from policies.types import Attributes

CODES = {
    "P02": "mail_marketing",
    "P03": "phone_marketing",
    "P04": "postal_marketing",
    "P05": "purchase_analysis",
    "P06": "group_joint_use",
    "P07": "third_party_provision",
    "P08": "foreign_provision",
    "P09": "health_consultation",
    "P10": "location_use",
    "P11": "ad_matching",
}


@pytest.fixture(scope="module")
def shipped() -> PolicySnapshot:
    return default_snapshot()


@pytest.fixture(scope="module")
def policy(shipped: PolicySnapshot) -> PolicySet:
    assert shipped.policy is not None
    return shipped.policy


def shown(shipped: PolicySnapshot, role: str, field: str, purpose: str) -> Treatment:
    return shipped.decide(frozenset({role}), field=field, action="read", purpose=purpose).treatment


def test_no_finding_is_left(shipped: PolicySnapshot) -> None:
    assert [finding for finding in check(shipped) if finding.severity is not Severity.NOTE] == []


def test_every_test_of_the_officer_passes(shipped: PolicySnapshot, policy: PolicySet) -> None:
    tried = try_tests(shipped)
    assert [run for run in tried if not run.passed] == []
    assert len(tried) >= len(policy.rules)


def test_every_property_is_proved(shipped: PolicySnapshot, policy: PolicySet) -> None:
    assert prove(shipped) == ()
    assert len(policy.properties) >= 10


def test_purposes_map_to_the_codes_of_consent_files(shipped: PolicySnapshot) -> None:
    assert {code: shipped.codes.get(code) for code in CODES} == CODES
    for code in CODES:
        record = shipped.purpose(code)
        assert record is not None
        assert record.basis[Law.APPI] is Basis.CONSENT
        assert record.notice is not None


def test_provisions_stand_beside_the_basis(shipped: PolicySnapshot) -> None:
    wanted = {
        "third_party_provision": {Provision.THIRD_PARTY},
        "foreign_provision": {Provision.THIRD_PARTY, Provision.FOREIGN},
        "health_consultation": {Provision.SPECIAL_CARE},
        "ad_matching": {Provision.PERSONAL_RELATED},
    }
    for name, record in shipped.purposes.items():
        assert record.provisions == wanted.get(name, set())


def test_fields_are_those_of_the_store(policy: PolicySet) -> None:
    declared = {field.id: field.category for field in policy.fields()}
    assert declared == {name: field.category for name, field in catalogue().fields.items()}


def test_purposes_of_the_store_cover_its_fields(shipped: PolicySnapshot) -> None:
    for field in catalogue().fields.values():
        for purpose in field.purposes:
            assert field.category in shipped.purposes[purpose].categories, (field.id, purpose)


def test_one_customer_looks_different_to_each_role(shipped: PolicySnapshot) -> None:
    fields = ("person.name", "person.phone", "person.email", "person.notes", "person.rank")
    looks = {
        ("support", "order_support"): ("clear", "masked", "masked", "masked", "clear"),
        ("marketing", "mail_marketing"): ("clear", "withheld", "masked", "withheld", "clear"),
        ("marketing", "order_support"): ("withheld",) * 5,
        ("privacy_officer", "dsar_fulfilment"): ("clear",) * 5,
        ("analyst", "purchase_analysis"): (
            "withheld",
            "withheld",
            "withheld",
            "withheld",
            "clear",
        ),
        ("auditor", "audit_review"): ("masked", "withheld", "withheld", "withheld", "withheld"),
        ("it_operator", "dsar_fulfilment"): ("withheld",) * 5,
    }
    for (role, purpose), look in looks.items():
        seen = tuple(shown(shipped, role, field, purpose) for field in fields)
        assert seen == look, (role, purpose)


def test_customers_see_their_own_record_and_no_other(shipped: PolicySnapshot) -> None:
    asked = {"field": "person.email", "action": "read", "purpose": "dsar_fulfilment"}
    role = frozenset({"customer"})
    own = Attributes(subject={"subject": "s1"}, resource={"subject": "s1"})
    other = Attributes(subject={"subject": "s1"}, resource={"subject": "s2"})
    assert shipped.decide(role, **asked, attributes=own)
    assert not shipped.decide(role, **asked, attributes=other)
    assert not shipped.decide(role, **asked)


def test_every_registered_action_is_held_by_some_role(policy: PolicySet) -> None:
    assert set(Action) == {action for role in policy.roles for action in role.may}


def test_requesting_and_approving_roles_are_kept_apart(shipped: PolicySnapshot) -> None:
    assert conflicts(shipped, ["privacy_officer", "privacy_approver"])
    assert not conflicts(shipped, ["privacy_officer", "support"])


def test_the_shop_may_show_its_customers_how_they_chose(shipped: PolicySnapshot) -> None:
    assert shipped.may(frozenset({"shop"}), Action.CONSENT_READ)
    assert not shipped.may(frozenset({"mail_sender"}), Action.CONSENT_READ)


def test_articles_stand_in_both_languages(shipped: PolicySnapshot) -> None:
    for purpose in shipped.purposes.values():
        for law in purpose.basis:
            assert purpose.law_refs[law].en.isascii(), purpose.id
            assert purpose.law_refs[law].ja != purpose.law_refs[law].en, purpose.id


def test_matrix_withholds_what_the_purpose_does_not_cover(shipped: PolicySnapshot) -> None:
    cells = list(matrix(shipped, purposes=[PurposeId("mail_marketing")]))
    assert {cell.role for cell in cells} == set(shipped.roles)
    for cell in cells:
        if cell.treatment is not Treatment.WITHHELD:
            category = shipped.categories[cell.field]
            assert category in shipped.purposes[cell.purpose].categories


def test_systems_hold_no_staff_action(policy: PolicySet) -> None:
    for role in policy.roles:
        if role.kind == "system":
            assert Action.CONSOLE_OPEN not in role.may
