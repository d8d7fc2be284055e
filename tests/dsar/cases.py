"""Builders of cases and actors, with fixed times and invented persons."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dsar.case import Actor, Case, Decision, Evidence, Reviewed, SourceState, Track
from dsar.clocks import first_entries
from dsar.types import (
    LAW_OF,
    Delivery,
    EvidenceKind,
    Ground,
    Intake,
    Outcome,
    Requester,
    RequestKind,
    Status,
)
from governance.core.terms import ActorId, Law, RequestId, SubjectId
from policies.actions import Action

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SUBJECT = SubjectId("3b241101-e2bb-4255-8caf-4136c566a962")
DESK = Actor(id=ActorId("u:desk"), actions=frozenset({Action.DSAR_WRITE}))
OFFICER = Actor(
    id=ActorId("u:officer"),
    actions=frozenset(
        {Action.DSAR_READ, Action.DSAR_WRITE, Action.DSAR_DECIDE, Action.DSAR_EXECUTE}
    ),
)
APPROVER = Actor(
    id=ActorId("u:approver"), actions=frozenset({Action.DSAR_READ, Action.DSAR_APPROVE})
)
AUDITOR = Actor(id=ActorId("u:auditor"), actions=frozenset({Action.DSAR_READ}))
PERSON = Actor(id=ActorId(f"p:{SUBJECT}"), actions=frozenset(), is_requester=True)
STRANGER = Actor(id=ActorId("p:somebody"), actions=frozenset())
ACTORS = (DESK, OFFICER, APPROVER, AUDITOR, PERSON, STRANGER)
PROVED = tuple(
    Evidence(kind=kind, accepted=True, at=NOW, by=DESK.id)
    for kind in (EvidenceKind.PORTAL_SESSION, EvidenceKind.DOCUMENT, EvidenceKind.AGENT_AUTHORITY)
)
FOUND = (SourceState(source="person", found=True, records=1),)
GRANTED = Decision(
    outcome=Outcome.GRANT,
    grounds=(Ground.APPI_33_2, Ground.GDPR_12_3),
    decided_by=OFFICER.id,
    decided_at=NOW,
)
DENIED = replace(GRANTED, outcome=Outcome.REFUSE, grounds=(Ground.APPI_33_2_2, Ground.GDPR_12_5_B))


def case_of(
    *kinds: RequestKind,
    status: Status = Status.RECEIVED,
    at: datetime = NOW,
    calendar: str = "none",
) -> Case:
    """A fresh case of these rights in one status."""
    wanted = kinds or (RequestKind.DISCLOSURE,)
    return Case(
        id=RequestId("01890a5d-ac96-774b-bcce-b302099a8057"),
        reference="R-2026-AAAAA-BBBBB",
        requester=Requester.SELF,
        subject=SUBJECT,
        requester_id=SubjectId("d9428888-122b-41e1-b85c-61ed3b2c7c2d"),
        intake=Intake.PORTAL,
        delivery=Delivery.DOWNLOAD,
        received_at=at,
        last_at=at,
        calendar=calendar,
        policy_days=14,
        rule_set_version="test",
        reviewed=Reviewed(seq=1),
        tracks=tuple(
            Track(
                law=LAW_OF[kind],
                kind=kind,
                status=status,
                clocks=first_entries(LAW_OF[kind], received_at=at),
            )
            for kind in wanted
        ),
    )


def ready(case: Case, decision: Decision | None = GRANTED) -> Case:
    """The same case with every guard satisfied."""
    return replace(case, evidence=PROVED, sources=FOUND, decision=decision, executed=True)


def later(days: int) -> datetime:
    """Some days after the start."""
    return NOW + timedelta(days=days)


KIND = {Law.APPI: RequestKind.DISCLOSURE, Law.GDPR: RequestKind.ACCESS}
