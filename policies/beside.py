"""What a policy names that the installation must have: notices and recipients; pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.check import Finding, FindingCode, Severity
from policies.purposes import PurposeRecord
from policies.snapshot import PolicySnapshot

EVERY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Published notices by id and version; recipients by role and key, None where not asked."""

    notices: frozenset[tuple[str, str]]
    recipients: frozenset[str] | None = None


def check_beside(snapshot: PolicySnapshot, around: Surroundings) -> tuple[Finding, ...]:
    """Everything that the policy names and the installation lacks."""
    if snapshot.policy is None:
        return ()
    places = snapshot.policy.places
    return tuple(
        Finding(
            code=code,
            severity=severity,
            name=purpose.id,
            place=places.get(f"purposes/{purpose.id}"),
            detail=detail,
        )
        for purpose in snapshot.policy.purposes
        for code, severity, detail in _missing(purpose, around)
    )


def _missing(
    purpose: PurposeRecord, around: Surroundings
) -> Iterator[tuple[FindingCode, Severity, str]]:
    if purpose.notice is not None:
        known = {version for notice, version in around.notices if notice == purpose.notice}
        if not known:
            yield FindingCode.NOTICE_UNKNOWN, Severity.ERROR, purpose.notice
        elif purpose.notice_version not in known:
            named = f"{purpose.notice}@{purpose.notice_version}"
            yield FindingCode.NOTICE_VERSION_UNKNOWN, Severity.ERROR, named
    registered = around.recipients
    for recipient in purpose.recipients:
        kind, colon, name = recipient.partition(":")
        asked = registered is not None and colon and name != EVERY and kind != "authority"
        if asked and registered is not None and recipient not in registered:
            yield FindingCode.RECIPIENT_UNKNOWN, Severity.ERROR, recipient
