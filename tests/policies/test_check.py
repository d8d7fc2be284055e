"""Findings on a valid policy name what is doubtful and where."""

from collections.abc import Callable

import pytest

from governance.core.terms import Lang
from policies.check import FindingCode, Severity, check, refuses
from policies.document import PolicySet
from policies.snapshot import NO_POLICY, PolicySnapshot, compile_policy

SHADOWED = """rules:
  - {id: R-0, allow: [staff], to: read, on: person, fields: ["*"], for: [help],
     because: 全員 / All}
"""
UNREACHABLE = """rules:
  - {id: R-0, allow: [officer], to: use, on: person, fields: [memo], for: [offers],
     because: 範囲外 / Outside}
"""
BROKEN = """
properties:
  - {id: P-1, never: {who: [support], does: [read], fields: [person.phone], for: ["*"]},
     because: 見ない / Never}
"""
CLEAR = BROKEN.replace("never:", "never_clear:")
BOTH = """
properties:
  - {id: P-1, never_both: ["person:read", "console:open"], because: 分ける / Apart}
"""
APART = """
separations:
  - {id: S-1, roles_apart: [staff, support], because: 分ける / Apart}
"""


@pytest.mark.parametrize(
    ("before", "after", "code", "name"),
    [
        ("rules:\n", SHADOWED, FindingCode.RULE_SHADOWED, "R-1"),
        ("rules:\n", UNREACHABLE, FindingCode.RULE_UNREACHABLE, "R-0"),
        ("rules:\n", UNREACHABLE, FindingCode.RULE_SHADOWED, "R-0"),
        ("rules:\n", UNREACHABLE, FindingCode.RULE_UNTESTED, "R-0"),
        ("expect: permit, by: R-1", "expect: permit, by: R-9", FindingCode.TEST_FAILED, "T-001"),
        (
            "person.name, for: help, expect: permit, by: R-1",
            "person.name, for: help, expect: deny",
            FindingCode.TEST_FAILED,
            "T-001",
        ),
        ("{appi: within_purpose, gdpr: contract}", "{}", FindingCode.PURPOSE_WITHOUT_BASIS, "help"),
        (", gdpr: contract", "", FindingCode.PURPOSE_WITHOUT_LAW, "help"),
        ("notice: offers@1, ", "", FindingCode.CONSENT_WITHOUT_NOTICE, "offers"),
        (
            "      email: {",
            "      fax: {label: FAX / Fax, category: contact}\n      email: {",
            FindingCode.FIELD_WITHOUT_RULE,
            "person.fax",
        ),
        ("roles:\n", "roles:\n  idle: {label: 空 / Idle}\n", FindingCode.ROLE_WITHOUT_USE, "idle"),
        ("tests:", BROKEN + "tests:", FindingCode.PROPERTY_BROKEN, "P-1"),
        ("tests:", BOTH + "tests:", FindingCode.PROPERTY_BROKEN, "P-1"),
        ("tests:", APART + "tests:", FindingCode.ROLE_BREAKS_SEPARATION, "support"),
    ],
)
def test_finding_is_named(
    load: Callable[[str], PolicySet],
    small: str,
    before: str,
    after: str,
    code: FindingCode,
    name: str,
) -> None:
    assert before in small
    source = small.replace(before, after, 1)
    if code is FindingCode.FIELD_WITHOUT_RULE:
        source = source.replace('fields: ["*"], for: [help]', "fields: [name, memo], for: [help]")
    findings = check(compile_policy(load(source), random_probes=20))
    found = [item for item in findings if (item.code, item.name) == (code, name)]
    assert found
    assert refuses(findings) is any(item.severity is Severity.ERROR for item in findings)
    for item in found:
        assert item.place is not None
        for lang in Lang:
            assert item.name in item.sentence(lang)


def test_masked_is_accepted_where_only_clear_is_forbidden(
    load: Callable[[str], PolicySet], small: str
) -> None:
    findings = check(compile_policy(load(small.replace("tests:", CLEAR + "tests:"))))
    assert FindingCode.PROPERTY_BROKEN not in {item.code for item in findings}


def test_condition_cannot_hide_a_cell_from_a_property(
    load: Callable[[str], PolicySet], small: str
) -> None:
    narrow = small.replace(
        "because: 一部で足りる",
        'when: ["resource.owner == subject.id"],\n     because: 一部で足りる',
    )
    findings = check(compile_policy(load(narrow.replace("tests:", BROKEN + "tests:"))))
    assert FindingCode.PROPERTY_BROKEN in {item.code for item in findings}


def test_small_policy_has_no_error(snapshot: PolicySnapshot) -> None:
    assert not refuses(check(snapshot))


def test_no_policy_has_no_finding() -> None:
    assert check(NO_POLICY) == ()
