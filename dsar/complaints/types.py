"""Words of complaints about the handling of a request (APPI 40; GDPR 12(4), 77)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from governance.core.terms import ActorId, RequestId, RowId


class ComplaintStatus(StrEnum):
    """Where a complaint stands."""

    FILED = "filed"
    REVIEWED = "reviewed"  # somebody who did not decide the request looks at it
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    REFERRED = "referred"  # an authority has it
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class ComplaintEvent(StrEnum):
    """Steps of a complaint."""

    TAKE_UP = "take_up"
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    REFER = "refer"
    ANSWER = "answer"
    WITHDRAW = "withdraw"


class Cause(StrEnum):
    """What the person complains of."""

    LATE = "late"
    REFUSED = "refused"
    INCOMPLETE = "incomplete"
    WRONG = "wrong"
    IDENTITY = "identity"  # asked for too much proof, or answered somebody else
    FEE = "fee"
    CONDUCT = "conduct"


class Authority(StrEnum):
    """Where a complaint is referred to, or came from."""

    PPC = "ppc"  # 個人情報保護委員会
    ACCREDITED = "accredited"  # 認定個人情報保護団体 (APPI 53)
    SUPERVISORY = "supervisory"  # of a Member State (GDPR 77)
    COURT = "court"  # APPI 39, GDPR 79


class Refused(StrEnum):
    """Why a step of a complaint is not possible; a code is never reused."""

    NO_SUCH_STEP = "no_such_step"
    WRONG_PARTY = "wrong_party"
    SAME_PERSON = "same_person"
    AUTHORITY_MISSING = "authority_missing"
    FOLLOW_UP_MISSING = "follow_up_missing"
    CLOCK_BACKWARDS = "clock_backwards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One complaint about one request."""

    id: RowId
    request: RequestId
    cause: Cause
    status: ComplaintStatus
    received_at: datetime
    last_at: datetime
    answer_by: date | None  # our own target: APPI 40 names no number
    reviewer: ActorId | None = None
    authority: Authority | None = None
    authority_reference: str | None = None  # the authority's number of the matter
    follow_up: RequestId | None = None  # the request by which an upheld one is put right
    answered_at: datetime | None = None
    version: int = 1
