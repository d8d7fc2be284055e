"""What a policy names that the installation must have: notices, recipients, duties; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.check import Finding, FindingCode, Severity
from policies.purposes import PurposeRecord
from policies.snapshot import PolicySnapshot

EVERY = "*"
NO_CONTRACT = frozenset({"internal", "authority"})  # recipients that stand in no register


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Published notices with their versions, oldest first; recipients and duties by their names.

    None stands for what nobody was asked about.
    """

    notices: Mapping[str, tuple[str, ...]]
    recipients: frozenset[str] | None = None  # role:key
    duties: frozenset[str] | None = None


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
    yield from _notice(purpose, around.notices)
    for recipient in purpose.recipients if around.recipients is not None else ():
        kind, _, name = recipient.partition(":")
        if kind not in NO_CONTRACT and name != EVERY and recipient not in (around.recipients or ()):
            yield FindingCode.RECIPIENT_UNKNOWN, Severity.ERROR, recipient
    for duty in purpose.duties if around.duties is not None else ():
        if duty not in (around.duties or ()):
            yield FindingCode.DUTY_UNKNOWN, Severity.WARNING, duty


def _notice(
    purpose: PurposeRecord, notices: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[FindingCode, Severity, str]]:
    if purpose.notice is None:
        return
    known, version = notices.get(purpose.notice, ()), purpose.notice_version or ""
    named = f"{purpose.notice}@{version}"
    if not known:
        yield FindingCode.NOTICE_UNKNOWN, Severity.ERROR, purpose.notice
    elif version not in known:
        yield FindingCode.NOTICE_VERSION_UNKNOWN, Severity.ERROR, named
    elif version != known[-1]:
        yield FindingCode.NOTICE_OUTDATED, Severity.WARNING, f"{named} < {known[-1]}"
