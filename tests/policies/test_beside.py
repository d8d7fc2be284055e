"""What a policy names must exist: notices, recipients, duties; and who decides about policies."""

from collections.abc import Callable

import pytest

from policies.beside import Surroundings, check_beside
from policies.check import FindingCode, Severity, check
from policies.document import PolicySet
from policies.snapshot import compile_policy

ALL = Surroundings(
    notices={"offers": ("1",)},
    recipients=frozenset({"processor:V001"}),
    duties=frozenset({"RET-1"}),
)
APART = """separations:
  - {id: S-1, actions_apart: ['person:read', 'audit:read'], because: 別 / Apart}
tests:"""
CHANNELS = "channels: [email], direct_marketing"


def found(load: Callable[[str], PolicySet], source: str, around: Surroundings) -> set[FindingCode]:
    snapshot = compile_policy(load(source), random_probes=5)
    return {finding.code for finding in check_beside(snapshot, around)}


def test_what_is_named_and_exists_is_no_finding(
    load: Callable[[str], PolicySet], small: str
) -> None:
    named = small.replace(
        CHANNELS, f"recipients: [internal, 'processor:V001'], duties: [RET-1], {CHANNELS}"
    )
    assert found(load, named, ALL) == set()
    every = small.replace(CHANNELS, f"recipients: ['processor:*', 'authority:tax'], {CHANNELS}")
    assert found(load, every, ALL) == set()
    unasked = Surroundings(notices=ALL.notices)
    assert found(load, named.replace("V001", "V999"), unasked) == set()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("offers@1", "nothing@1", FindingCode.NOTICE_UNKNOWN),
        ("offers@1", "offers@2", FindingCode.NOTICE_VERSION_UNKNOWN),
        (CHANNELS, f"recipients: ['processor:V9'], {CHANNELS}", FindingCode.RECIPIENT_UNKNOWN),
        (CHANNELS, f"duties: [RET-9], {CHANNELS}", FindingCode.DUTY_UNKNOWN),
    ],
)
def test_what_does_not_exist_is_found_with_its_place(
    load: Callable[[str], PolicySet], small: str, old: str, new: str, code: FindingCode
) -> None:
    snapshot = compile_policy(load(small.replace(old, new, 1)), random_probes=5)
    (finding,) = check_beside(snapshot, ALL)
    assert finding.code is code
    assert finding.place is not None
    assert finding.place.path == "/purposes/offers"


def test_a_notice_with_a_newer_version_is_told(
    load: Callable[[str], PolicySet], small: str
) -> None:
    newer = Surroundings(notices={"offers": ("1", "2")})
    assert found(load, small, newer) == {FindingCode.NOTICE_OUTDATED}


@pytest.mark.parametrize(
    ("old", "new", "code", "severity"),
    [
        (
            CHANNELS,
            f"recipients: ['third_party:*'], countries: [US], {CHANNELS}",
            FindingCode.FOREIGN_WITHOUT_CONSENT,
            Severity.ERROR,
        ),
        (
            "channels: [email], direct",
            "direct",
            FindingCode.MARKETING_WITHOUT_CHANNEL,
            Severity.WARNING,
        ),
        ("tests:", "tests:", FindingCode.CONSENT_WITHOUT_END, Severity.NOTE),
        ("tests:", "tests:", FindingCode.NOBODY_DECIDES, Severity.WARNING),
        (
            "tests:",
            APART,
            FindingCode.ROLE_JOINS_DUTIES,
            Severity.WARNING,
        ),
    ],
)
def test_what_a_purpose_or_a_role_lacks_is_found(
    load: Callable[[str], PolicySet],
    small: str,
    old: str,
    new: str,
    code: FindingCode,
    severity: Severity,
) -> None:
    snapshot = compile_policy(load(small.replace(old, new, 1)), random_probes=5)
    assert (code, severity) in {(one.code, one.severity) for one in check(snapshot)}


def test_a_role_that_may_not_hold_an_action_refutes_the_property(
    load: Callable[[str], PolicySet], small: str
) -> None:
    def with_property(may: str) -> PolicySet:
        rule = f"{{id: P-1, never_may: {{who: [officer], may: ['{may}']}}, because: 否 / No}}"
        return load(small.replace("tests:", f"properties:\n  - {rule}\ntests:"))

    for may, broken in (("audit:read", True), ("console:open", True), ("key:destroy", False)):
        snapshot = compile_policy(with_property(may), random_probes=5)
        codes = {finding.code for finding in check(snapshot)}
        assert (FindingCode.PROPERTY_BROKEN in codes) is broken
