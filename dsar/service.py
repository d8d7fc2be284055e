"""Use cases of a request: intake, identity, reading. The caller owns the transaction.

Sealing happens before a transaction (`prepare_request`); every change appends its history line and
its audit event. Steps stand in stepping.py, decisions in decisions.py, fulfilment in fulfilment.py.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case, Evidence, Track
from dsar.clocks import first_entries
from dsar.errors import (
    RequestNotAllowedError,
    RequestRightsError,
    RequestStepError,
    RequestSubjectError,
    RequestTimeError,
)
from dsar.execution.effects import object_to_marketing
from dsar.identity.recording import record_proof
from dsar.letters import tell
from dsar.records import actor_of, changed, demand, demand_open, draft, write_down
from dsar.rules import rights_for
from dsar.store import (
    append_event,
    case_by_id,
    insert_case,
)
from dsar.types import (
    LAW_OF,
    Delivery,
    EvidenceKind,
    Intake,
    Letter,
    Mark,
    Refusal,
    Requester,
    RequestKind,
    Status,
)
from governance.core.clock import JST
from governance.core.ids import new_request_id, new_subject_id
from governance.core.terms import FieldId, KeyClass, Lang, Law, RequestId, SubjectId
from governance.crypto.revealed import Ciphertext
from governance.customers.ports import Ports
from governance.customers.store import Subject, subject_by_id
from governance.customers.subjects import known_laws
from governance.gateway.intake.screening import without_numbers
from governance.http.principal import Principal, PrincipalKind
from policies.actions import Action
from policies.api import ensure
from policies.law.in_force import rule_set

WORDS: Final = FieldId("dsar.words")
SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read for another
SUFFIX: Final = 10  # 49 bits: numbers in order would tell how many ask, and let others be guessed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What is known when a request arrives."""

    kind: RequestKind
    intake: Intake
    policy_days: int  # our target under APPI (settings.dsar_policy_days)
    requester: Requester = Requester.SELF
    delivery: Delivery = Delivery.DOWNLOAD
    lang: Lang = Lang.JA
    subject: SubjectId | None = None  # None until matched
    calendar: str = "none"  # country of the person's place, for closed days
    received_at: datetime | None = None  # arrival at any channel; None: now
    words: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """A request with its ids and its words sealed, ready for the transaction."""

    id: RequestId
    requester_id: SubjectId = field(repr=False)
    words: Ciphertext | None = field(repr=False)


def prepare_request(ports: Ports, new: NewRequest) -> PreparedRequest:
    """The person's words are sealed under a record key of their own; call outside a transaction.

    Whoever asks is not yet known to be the person: the words never go under that person's key.
    個人番号 and full card numbers in them are masked before (番号法20条).
    """
    request, requester = new_request_id(), new_subject_id()
    words = None
    if new.words:
        cells = ports.vault.seal_row(
            requester,
            request,
            {WORDS: without_numbers(new.words)[0]},
            key_class=KeyClass.RECORD,
        )
        words = cells[WORDS]
    return PreparedRequest(id=request, requester_id=requester, words=words)


def new_reference(on: date) -> str:
    """A number to tell over the telephone: the year and ten random signs."""
    signs = "".join(secrets.choice(SIGNS) for _ in range(SUFFIX))
    return f"R-{on.year}-{signs[:5]}-{signs[5:]}"


def receive(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    new: NewRequest,
    prepared: PreparedRequest,
    *,
    at: datetime,
) -> Case:
    """The request is on file under each law that applies, its clocks running from arrival."""
    _may_receive(ports, principal, new)
    received_at = new.received_at or at
    if received_at > at:
        raise RequestTimeError
    kinds = rights_for(new.kind, _laws(_subject(tx, new, at=at)))
    day = received_at.astimezone(JST).date()
    case = Case(
        id=prepared.id,
        reference=new_reference(day),
        requester=new.requester,
        subject=new.subject,
        requester_id=prepared.requester_id,
        intake=new.intake,
        delivery=new.delivery,
        received_at=received_at,
        last_at=at,
        calendar=new.calendar,
        policy_days=new.policy_days,
        rule_set_version=rule_set(day).version,
        tracks=tuple(_track(kind, received_at=received_at) for kind in kinds),
    )
    if len(case.laws) != len(case.tracks):
        raise RequestRightsError
    insert_case(tx, case, words=prepared.words, lang=new.lang, actor=principal.id)
    append_event(tx, case.id, event=Mark.RECEIVED.value, at=at, actor=principal.id)
    reasons = (*(kind.value for kind in kinds), new.requester.value, new.intake.value)
    if own(principal, new.subject) and RequestKind.OBJECTION in kinds:
        object_to_marketing(tx, ports, principal, case, at=at)  # at once (GDPR 21(3))
    told = tell(tx, ports, case, Letter.RECEIVED, lang=new.lang, at=at)
    code = EventCode.REQUEST_RECEIVED
    ports.audit.append(tx, draft(ports, principal, case, code, at=at, reasons=reasons, refs=told))
    return case


def own(principal: Principal, subject: SubjectId | None) -> bool:
    """Whether this is the person, signed in, or who acts for them by law."""
    return subject is not None and principal.person == subject


def _may_receive(ports: Ports, principal: Principal, new: NewRequest) -> None:
    """Staff; the person about the own data; a stranger and a system about nobody known yet.

    What these file points at no person of the store until a proof does.
    """
    if principal.acts_for is not None and new.requester is not Requester.STATUTORY_AGENT:
        raise RequestNotAllowedError(action=Action.DSAR_FILE.value)  # nobody asks as the child
    nobody = new.subject is None
    stranger = nobody and principal.kind is PrincipalKind.ANONYMOUS
    if (own(principal, new.subject) or stranger) and new.intake is Intake.PORTAL:
        return
    if nobody and principal.kind is PrincipalKind.SYSTEM and new.intake is Intake.API:
        ensure(principal, Action.DSAR_FILE, ports.policies.current)
        return
    demand(actor_of(principal, ports.policies.current), Action.DSAR_WRITE)


def _subject(tx: Connection, new: NewRequest, *, at: datetime) -> Subject | None:
    if new.subject is None:
        return None
    found = subject_by_id(tx, new.subject, on=at.astimezone(JST).date())
    if found is None:
        raise RequestSubjectError
    return found


def _laws(subject: Subject | None) -> frozenset[Law]:
    """Laws of the person; unknown means all (design.md 3.3)."""
    return known_laws(subject.laws if subject is not None else ())


def _track(kind: RequestKind, *, received_at: datetime) -> Track:
    law = LAW_OF[kind]
    clocks = first_entries(law, received_at=received_at)
    return Track(law=law, kind=kind, status=Status.RECEIVED, clocks=clocks)


def prove_identity(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    kind: EvidenceKind,
    *,
    accepted: bool,
    at: datetime,
    contact_days: int | None = None,
    reason: str | None = None,
) -> Case:
    """The judgement of one piece of evidence is on file, refusals included; no status moves."""
    case = case_by_id(tx, request)
    actor = actor_of(principal, ports.policies.current, case)
    session = actor.is_requester and kind is EvidenceKind.PORTAL_SESSION and accepted
    if (
        not session or principal.mailed or principal.acts_for is not None
    ):  # the person's own session proves itself; everything else an officer judges
        demand(actor, Action.DSAR_WRITE)
    evidence = Evidence(
        kind=kind,
        accepted=accepted,
        at=at,
        by=principal.id,
        contact_days=contact_days,
        reason=None if accepted else reason or "not_convincing",
    )
    return record_proof(tx, ports, principal, case, evidence, at=at)


def match_subject(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    subject: SubjectId,
    *,
    at: datetime,
) -> Case:
    """The request is about this person of the store; only before anything was collected."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    demand_open(case)
    if case.sources or (case.subject is not None and case.subject != subject):
        raise RequestStepError(request=request, reason=Refusal.NO_SUCH_STEP.value, law="-")
    if subject_by_id(tx, subject, on=at.astimezone(JST).date()) is None:
        raise RequestSubjectError
    after = replace(changed(case, at=at), subject=subject)
    return write_down(
        tx,
        ports,
        principal,
        after,
        Mark.MATCHED,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
    )
