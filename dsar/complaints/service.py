"""Use cases of complaints: received, one step on, listed. The caller owns the transaction."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.complaints.rules import NOTHING, TABLE, Given, advance
from dsar.complaints.store import (
    add_complaint,
    complaint_by_id,
    complaints_of,
    history,
    save_complaint,
)
from dsar.complaints.types import Cause, Complaint, ComplaintEvent, ComplaintStatus, Refused
from dsar.correspondence.types import Slot
from dsar.errors import ComplaintStepError, RequestTimeError, RequestUnknownError
from dsar.letters import tell
from dsar.records import actor_of, demand, draft
from dsar.store import answer_language, case_by_id
from dsar.types import Letter
from governance.approvals.second import hands_of
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from policies.actions import Action
from policies.law.calendars import JAPAN_OFFICES
from policies.law.due import due
from policies.law.in_force import rule_set

PROMPTLY = "appi_chitai"  # APPI 40: 適切かつ迅速; our own number of days


def complain(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    cause: Cause,
    *,
    at: datetime,
    received_at: datetime | None = None,
) -> Complaint:
    """The complaint is on file and acknowledged, by the person or by whoever noted it."""
    case = case_by_id(tx, request)
    _may_file(ports, principal, case)
    arrived = received_at or at
    if not case.received_at <= arrived <= at:
        raise RequestTimeError
    complaint = Complaint(
        id=new_row_id(),
        request=request,
        cause=cause,
        status=ComplaintStatus.FILED,
        received_at=arrived,
        last_at=at,
        answer_by=_answer_by(case, arrived),
    )
    add_complaint(tx, complaint, actor=principal.id)
    lang = answer_language(tx, request)
    told = tell(tx, ports, case, Letter.COMPLAINT_RECEIVED, lang=lang, at=at)
    _record(tx, ports, principal, case, complaint, cause.value, told, at=at)
    return complaint


def take_step(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    complaint: RowId,
    event: ComplaintEvent,
    *,
    at: datetime,
    given: Given = NOTHING,
) -> Complaint:
    """The complaint one lawful step on; raises ComplaintStepError with the reason."""
    before = complaint_by_id(tx, complaint)
    case = case_by_id(tx, before.request)
    actor = actor_of(principal, ports.policies.current, case)
    hands = hands_of(tx, principal.id, since=case.received_at)
    after = advance(before, event, case=case, actor=actor, at=at, given=given, hands=hands)
    if isinstance(after, Refused):
        raise ComplaintStepError(complaint=complaint, reason=after.value)
    _same_person(tx, case, given)
    save_complaint(tx, after, event.value, actor=principal.id)
    letter = TABLE[before.status, event].letter
    told: tuple[str, ...] = ()
    if letter is not None:
        lang = answer_language(tx, case.id)
        outcome = text(f"dsar.complaint.status.{before.status.value}", lang)
        told = tell(
            *(tx, ports, case, letter),
            lang=lang,
            at=at,
            given={Slot.OUTCOME: outcome},
            last=after.answer_by,
        )
    _record(tx, ports, principal, case, after, event.value, told, at=at)
    return after


def list_complaints(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId | None = None
) -> tuple[Complaint, ...]:
    """Complaints about a request, or all of them, for whoever may read requests."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_READ)
    return complaints_of(tx, request)


def show_complaint(
    tx: Connection, ports: Ports, principal: Principal, complaint: RowId
) -> tuple[Complaint, tuple[tuple[datetime, str, ActorId], ...]]:
    """The complaint and its history, for whoever may read requests."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_READ)
    return complaint_by_id(tx, complaint), history(tx, complaint)


def _may_file(ports: Ports, principal: Principal, case: Case) -> None:
    actor = actor_of(principal, ports.policies.current, case)
    if not actor.is_requester:
        demand(actor, Action.DSAR_WRITE)


def _same_person(tx: Connection, case: Case, given: Given) -> None:
    """What puts it right is another request of the same person."""
    if given.follow_up is None:
        return
    other = case_by_id(tx, given.follow_up)
    if other.id == case.id or other.subject != case.subject:
        raise RequestUnknownError


def _answer_by(case: Case, arrived: datetime) -> date | None:
    rule = rule_set(arrived.astimezone(JST).date()).rule(PROMPTLY)
    ours = replace(rule, policy_days=case.policy_days)
    return due(ours, {"complete": arrived}, calendar=JAPAN_OFFICES).policy_due


def _record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    complaint: Complaint,
    what: str,
    refs: tuple[str, ...],
    *,
    at: datetime,
) -> None:
    filed = complaint.version == 1
    code = EventCode.COMPLAINT_RECEIVED if filed else EventCode.COMPLAINT_CHANGED
    told = draft(
        ports, principal, case, code, at=at, reasons=(what, complaint.status.value), refs=refs
    )
    ports.audit.append(tx, replace(told, object_type="complaint", object_id=complaint.id))
