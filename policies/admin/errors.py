"""Refusals of the administration of policies; the policy in force was never changed by them."""

from collections.abc import Iterable
from typing import ClassVar

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import Lang
from policies.check import Finding


class PolicyFaultyError(GovernanceError):
    """The policy has findings that refuse it; the one in force stays."""

    code, status = "policy_faulty", 422

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(count=len(self.findings), first=self.findings[0].code.value)

    def sentences(self, lang: Lang) -> tuple[str, ...]:
        """Every finding in words, with file and line."""
        return tuple(finding.sentence(lang) for finding in self.findings)


class PolicyUnknownError(NotFoundError):
    """No policy has this number or version."""

    code = "policy_unknown"


class PolicyUnchangedError(GovernanceError):
    """Exactly these documents are in force already."""

    code, status = "policy_unchanged", 409


class PolicyNameTakenError(GovernanceError):
    """Another content was in force, or waits to be, under this version."""

    code, status = "policy_name_taken", 409


class PolicyMovedError(GovernanceError):
    """The policy in force changed after this change was asked for; it must be looked at anew."""

    code, status = "policy_moved", 409


class PolicyTimeError(GovernanceError):
    """The change would be effective in the past."""

    code, status = "policy_time", 422


class PolicyBrokenError(GovernanceError):
    """The stored policy is not the one that was agreed to (`reason`); nothing is allowed by it."""

    code, status, exit_code = "policy_broken", 503, 3


class NoEarlierPolicyError(GovernanceError):
    """No earlier policy was in force here."""

    code, status = "no_earlier_policy", 409


class NoShadowError(NotFoundError):
    """No policy is on trial."""

    code: ClassVar[str] = "no_shadow"
