"""The life of a complaint as one table, and what each step needs; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from dsar.case import Actor, Case
from dsar.complaints.types import (
    Authority,
    Complaint,
    ComplaintEvent,
    ComplaintStatus,
    Refused,
)
from dsar.rules import may_take
from dsar.types import Letter, Party
from governance.core.terms import ActorId, RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintStep:
    """One step of a complaint and who may take it."""

    target: ComplaintStatus
    party: Party
    letter: Letter | None = None
    other_person: bool = False  # not the one who decided or approved the request


_S, _E = ComplaintStatus, ComplaintEvent
_REFER = ComplaintStep(target=_S.REFERRED, party=Party.OFFICER)
_WITHDRAW = ComplaintStep(target=_S.WITHDRAWN, party=Party.PERSON)
_ANSWER = ComplaintStep(target=_S.ANSWERED, party=Party.OFFICER, letter=Letter.COMPLAINT_ANSWERED)
TABLE: Mapping[tuple[ComplaintStatus, ComplaintEvent], ComplaintStep] = MappingProxyType(
    {
        (_S.FILED, _E.TAKE_UP): ComplaintStep(
            target=_S.REVIEWED, party=Party.OFFICER, other_person=True
        ),
        (_S.FILED, _E.REFER): _REFER,
        (_S.FILED, _E.WITHDRAW): _WITHDRAW,
        (_S.REVIEWED, _E.UPHOLD): ComplaintStep(
            target=_S.UPHELD, party=Party.OFFICER, other_person=True
        ),
        (_S.REVIEWED, _E.DISMISS): ComplaintStep(
            target=_S.DISMISSED, party=Party.OFFICER, other_person=True
        ),
        (_S.REVIEWED, _E.REFER): _REFER,
        (_S.REVIEWED, _E.WITHDRAW): _WITHDRAW,
        (_S.UPHELD, _E.ANSWER): _ANSWER,
        (_S.DISMISSED, _E.ANSWER): _ANSWER,
        (_S.ANSWERED, _E.REFER): _REFER,  # the person goes to the authority with our answer
        (_S.REFERRED, _E.UPHOLD): ComplaintStep(target=_S.UPHELD, party=Party.OFFICER),
        (_S.REFERRED, _E.DISMISS): ComplaintStep(target=_S.DISMISSED, party=Party.OFFICER),
        (_S.REFERRED, _E.WITHDRAW): _WITHDRAW,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a step brings with it."""

    authority: Authority | None = None
    authority_reference: str | None = None
    follow_up: RequestId | None = None


NOTHING = Given()


def advance(
    complaint: Complaint,
    event: ComplaintEvent,
    *,
    case: Case,
    actor: Actor,
    at: datetime,
    given: Given = NOTHING,
    hands: frozenset[ActorId] = frozenset(),
) -> Complaint | Refused:
    """The complaint one step on, or why that is not possible.

    `hands` are the other names by which the actor may have decided the request.
    """
    step = TABLE.get((complaint.status, event))
    if step is None:
        return Refused.NO_SUCH_STEP
    if at < complaint.last_at:
        return Refused.CLOCK_BACKWARDS
    if not may_take(actor, step.party):
        return Refused.WRONG_PARTY
    if step.other_person and (hands | {actor.id}) & deciders(case):
        return Refused.SAME_PERSON
    if event is ComplaintEvent.REFER and given.authority is None:
        return Refused.AUTHORITY_MISSING
    follow_up = given.follow_up or complaint.follow_up
    answering = complaint.status is ComplaintStatus.UPHELD and event is ComplaintEvent.ANSWER
    if answering and follow_up is None:
        return Refused.FOLLOW_UP_MISSING  # fails closed: upheld, and nothing put right
    return replace(
        complaint,
        status=step.target,
        last_at=at,
        reviewer=actor.id if event is ComplaintEvent.TAKE_UP else complaint.reviewer,
        authority=given.authority or complaint.authority,
        authority_reference=given.authority_reference or complaint.authority_reference,
        follow_up=follow_up,
        answered_at=at if event is ComplaintEvent.ANSWER else complaint.answered_at,
        version=complaint.version + 1,
    )


def deciders(case: Case) -> frozenset[ActorId]:
    """Who decided the request, and who approved it."""
    decision = case.decision
    if decision is None:
        return frozenset()
    return frozenset(one for one in (decision.decided_by, decision.approved_by) if one)
