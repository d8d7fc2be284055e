"""What is still to be proved of who asks, for the officer who waits for it; pure."""

from dataclasses import dataclass
from datetime import datetime

from dsar.case import Case
from dsar.identity.rules import families, proved, required_proofs, stands
from dsar.identity.types import Family
from dsar.types import EvidenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """How many different proofs are needed, on which things it rests already, on which it could."""

    needed: int
    had: tuple[Family, ...]
    open: tuple[Family, ...]
    authority: bool  # of the agent


def lacking(case: Case, *, at: datetime) -> Lacking | None:
    """Nothing when the proofs suffice under every law of the case."""
    if proved(case, at=at):
        return None
    needs = [required_proofs(track.kind, requester=case.requester) for track in case.tracks]
    need = max(needs, key=lambda one: (one.families, one.contact_days))
    standing = [one for one in case.evidence if stands(one, at=at)]
    had = families(standing, need)
    given = any(one.kind is EvidenceKind.AGENT_AUTHORITY for one in standing)
    return Lacking(
        needed=need.families,
        had=tuple(one for one in Family if one in had),
        open=tuple(one for one in Family if one not in had),
        authority=need.authority and not given,
    )
