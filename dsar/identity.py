"""Whether the evidence on file proves who asks; graded by the harm of a mistake; pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from dsar.case import Evidence
from dsar.types import GRAVE, EvidenceKind, Requester, RequestKind

CONTACT_DAYS = 30  # a contact changed yesterday may be the impostor's own
FAMILY: Mapping[EvidenceKind, str] = MappingProxyType(
    {
        EvidenceKind.PORTAL_SESSION: "session",
        EvidenceKind.EMAIL_CODE: "contact",
        EvidenceKind.SMS_CODE: "contact",
        EvidenceKind.DOCUMENT: "document",
    }
)  # two of one family are one proof: both codes may go to one stolen telephone


def counts(evidence: Evidence, kind: RequestKind) -> bool:
    """Whether this piece counts for a right of this kind."""
    if not evidence.accepted or evidence.kind not in FAMILY:
        return False
    if kind in GRAVE and FAMILY[evidence.kind] == "contact":
        return evidence.contact_days is not None and evidence.contact_days >= CONTACT_DAYS
    return True


def identity_suffices(
    evidence: Iterable[Evidence], kind: RequestKind, *, requester: Requester
) -> bool:
    """True with two families of proof for a grave right, one for another, and an agent's authority.

    GDPR 12(2), (6); APPI 37(3), Order 13. Knowledge questions never count.
    """
    pieces = tuple(evidence)
    families = {FAMILY[piece.kind] for piece in pieces if counts(piece, kind)}
    if len(families) < (2 if kind in GRAVE else 1):
        return False  # fails closed: too little is no proof
    if requester is Requester.SELF:
        return True
    return any(piece.accepted and piece.kind is EvidenceKind.AGENT_AUTHORITY for piece in pieces)
