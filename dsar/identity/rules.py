"""Whether the evidence on file proves who asks; graded by the harm of a mistake; pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from dsar.case import Case, Evidence
from dsar.identity.types import AUTHORITIES, Act, Document, Family, Need, UploadKind
from dsar.types import GRAVE, EvidenceKind, Requester, RequestKind

CONTACT_DAYS = 30  # a contact changed yesterday may be the impostor's own
PROOF_LIFE = timedelta(days=90)  # whoever was proved earlier is asked again
CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5  # of 10**8 codes: one in 20 million
CODES_PER_REQUEST = 5  # within CODES_WITHIN
CODES_WITHIN = timedelta(hours=24)
FAMILY: Mapping[EvidenceKind, Family] = MappingProxyType(
    {
        EvidenceKind.PORTAL_SESSION: Family.SESSION,
        EvidenceKind.EMAIL_CODE: Family.CONTACT,
        EvidenceKind.SMS_CODE: Family.CONTACT,
        EvidenceKind.DOCUMENT: Family.DOCUMENT,
    }
)  # knowledge questions are none; an agent's authority says nothing of who the agent is


def required_proofs(right: RequestKind | Act, *, requester: Requester) -> Need:
    """What must be proved before this is done (GDPR 12(2), (6); APPI 37(2), (3), Order 13).

    The channel changes nothing: a paper, a call and a system's word prove no person.
    """
    grave = isinstance(right, Act) or right in GRAVE
    return Need(
        families=2 if grave else 1,
        contact_days=CONTACT_DAYS if grave else 0,
        authority=requester is not Requester.SELF,
    )


def sufficient(
    proofs: Iterable[Evidence],
    right: RequestKind | Act,
    *,
    requester: Requester,
    at: datetime,
) -> bool:
    """Whether these proofs, as they stand at this moment, meet what the right needs."""
    need = required_proofs(right, requester=requester)
    standing = tuple(proof for proof in proofs if stands(proof, at=at))
    if len(families(standing, need)) < need.families:
        return False  # fails closed: too little is no proof
    return not need.authority or any(
        proof.kind is EvidenceKind.AGENT_AUTHORITY for proof in standing
    )


def proved(case: Case, *, at: datetime) -> bool:
    """Whether the proofs suffice under every law of the case."""
    return all(
        sufficient(case.evidence, track.kind, requester=case.requester, at=at)
        for track in case.tracks
    )


def families(proofs: Iterable[Evidence], need: Need) -> frozenset[Family]:
    """The different things that these proofs rest on, as far as they count for the need."""
    return frozenset(FAMILY[proof.kind] for proof in proofs if _counts(proof, need))


def stands(proof: Evidence, *, at: datetime) -> bool:
    """Whether the proof was accepted, not too long ago."""
    return proof.accepted and timedelta() <= at - proof.at <= PROOF_LIFE


def _counts(proof: Evidence, need: Need) -> bool:
    if not proof.accepted or proof.kind not in FAMILY:
        return False
    if not need.contact_days:
        return True
    if FAMILY[proof.kind] is Family.CONTACT:
        return proof.contact_days is not None and proof.contact_days >= need.contact_days
    # a session says an age where a passkey opened it, which a code had let in
    return proof.contact_days is None or proof.contact_days >= need.contact_days


def code_open(*, tries: int, used_at: datetime | None, expires_at: datetime, at: datetime) -> bool:
    """Whether a code may still be tried: unused, in time, not tried too often."""
    return used_at is None and at < expires_at and tries < CODE_TRIES


def may_send(sent: Iterable[datetime], *, at: datetime) -> bool:
    """Whether one more code may go out for this request."""
    return sum(1 for moment in sent if at - moment < CODES_WITHIN) < CODES_PER_REQUEST


def evidence_of(kind: UploadKind) -> EvidenceKind:
    """What an uploaded file is evidence of."""
    return {
        UploadKind.IDENTITY: EvidenceKind.DOCUMENT,
        UploadKind.AUTHORITY: EvidenceKind.AGENT_AUTHORITY,
    }[kind]


def document_fits(document: Document, kind: UploadKind) -> bool:
    """Whether a paper of this kind can prove this: a mandate is no identity card."""
    return (document in AUTHORITIES) is (kind is UploadKind.AUTHORITY)
