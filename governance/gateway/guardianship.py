"""Parents and guardians by two persons: one records the right and its proof, another confirms it.

Until then nobody acts by it. Whoever recorded the proof does not confirm it, whoever asked; ending
a right needs one person alone, at once.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.approvals import rules
from governance.approvals import store as approvals
from governance.approvals.executors import Executor
from governance.approvals.second import hands_of
from governance.approvals.service import Approvals
from governance.approvals.types import (
    Approval,
    ApprovalId,
    ApprovalKind,
    ApprovalState,
    Consumed,
)
from governance.core.clock import JST
from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError
from governance.core.terms import RowId, SubjectId
from governance.customers.master.guardians import birth_of, confirm, relations_of
from governance.customers.master.rules import (
    FOR_MINORS,
    Relation,
    confirmed,
    facts_of,
    in_force,
    verified,
)
from governance.customers.ports import Ports
from governance.customers.store import Record, record_by_id, records_of, subject_by_id
from governance.gateway.around import effects
from governance.gateway.writing.gates import may_know
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import ensure

PREFIX: Final = "relation:"
TABLE: Final = "relation"
PURPOSES: Final = ("order_support", "dsar_fulfilment")  # what the catalogue declares rights for
ASKED: Final = "guardian_asked"  # kind of blob: what the second person decides about


class GuardianUnknownError(NotFoundError):
    """No such record of a parent or guardian; nothing was changed."""

    code = "guardian_unknown"


class GuardianChangedError(GovernanceError):
    """The record is another than the one that was asked about; it has to be asked about anew."""

    code, status = "guardian_changed", 409


class GuardianProofError(GovernanceError):
    """Without a proof that was seen, or after its end, there is nothing to confirm."""

    code, status = "guardian_proof", 409


class GuardianRecorderError(ForbiddenError):
    """Whoever saw the proof is not the second person, nor by another account or a system's key."""

    code = "guardian_recorder"


class Second(StrEnum):
    """Where a right stands with its second person."""

    NOT_NEEDED = "not_needed"  # of a kind that opens nothing, or without a proof
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    REFUSED = "refused"
    TO_ASK = "to_ask"  # nobody was asked, or nobody answered in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One right and its second person."""

    row: RowId
    second: Second
    approval: Approval | None


def standings(
    tx: Connection, records: Iterable[Record], *, at: datetime
) -> Mapping[RowId, Standing]:
    """Where each of these rows of `relation` stands with its second person."""
    rows = tuple(records)
    asked = approvals.latest_about(tx, ApprovalKind.GUARDIAN, [f"{PREFIX}{one.id}" for one in rows])
    day = at.astimezone(JST).date()
    return {
        record.id: _standing(record, right, asked.get(f"{PREFIX}{record.id}"), day=day, at=at)
        for record, right in zip(rows, relations_of(tx, rows), strict=True)
    }


def _standing(
    record: Record, right: Relation, asked: Approval | None, *, day: date, at: datetime
) -> Standing:
    if not confirmable(right, on=day):
        second = Second.NOT_NEEDED
    elif confirmed(right):
        second = Second.CONFIRMED
    else:
        second = _asked(asked, at=at)
    return Standing(row=record.id, second=second, approval=asked)


def _asked(asked: Approval | None, *, at: datetime) -> Second:
    state = None if asked is None else rules.standing(asked, at=at)
    if state in (ApprovalState.REQUESTED, ApprovalState.APPROVED):
        return Second.WAITING
    return Second.REFUSED if state is ApprovalState.REFUSED else Second.TO_ASK


def confirmable(right: Relation, *, on: date) -> bool:
    """Whether the right would open something once a second person confirmed it."""
    over = right.valid_to is not None and right.valid_to < on
    return right.kind in FOR_MINORS and verified(right, on=on) and not over


def ask_second(
    tx: Connection, ports: Ports, principal: Principal, relation: RowId, *, at: datetime
) -> Approval | None:
    """The right waits for a second person; None where there is nothing to confirm.

    Called in the transaction that records the right; what waited about it before is over.
    """
    record = record_by_id(tx, TABLE, relation)
    if record is None:
        raise GuardianUnknownError
    (right,) = relations_of(tx, [record])
    if not confirmable(right, on=at.astimezone(JST).date()) or confirmed(right):
        return None
    desk = Approvals(audit=ports.audit, executors={})
    reference = f"{PREFIX}{record.id}"
    sealed = ports.vault.seal_blob(ASKED, reference, _said(record, right))
    return desk.request(
        tx, ApprovalKind.GUARDIAN, object_ref=reference, sealed=sealed, by=principal, at=at
    )


def ask_again(
    tx: Connection, ports: Ports, principal: Principal, relation: RowId, *, at: datetime
) -> Approval:
    """The same by itself, for a record that a file brought or that nobody answered in time.

    Raises GuardianProofError where there is nothing to confirm.
    """
    ensure(principal, Action.PERSON_WRITE, ports.policies.current)
    record = record_by_id(tx, TABLE, relation)
    if record is None:
        raise GuardianUnknownError
    standing = standings(tx, [record], at=at)[relation]
    if standing.second is Second.WAITING and standing.approval is not None:
        return standing.approval
    asked = ask_second(tx, ports, principal, relation, at=at)
    if asked is None:
        raise GuardianProofError
    return asked


def _said(record: Record, right: Relation) -> bytes:
    """What is decided about; both persons by their pseudonyms."""
    said = {
        "relation": record.id,
        "child": record.subject,
        "other": record.clear["other_subject_id"] or "",
        "facts": facts_of(right),
        "until": right.valid_to.isoformat() if right.valid_to else "",
    }
    return json.dumps(said, sort_keys=True).encode()


def known_right(
    tx: Connection, ports: Ports, principal: Principal, subject: SubjectId, relation: RowId
) -> Record:
    """The row about this person; unknown to whoever may know of no such row (404 before 403)."""
    record, policy = record_by_id(tx, TABLE, relation), ports.policies.current
    knows = any(
        may_know(policy, principal, TABLE, subject=subject, purpose_name=purpose)
        for purpose in PURPOSES
    )
    if record is None or record.subject != subject or not knows:
        raise GuardianUnknownError
    return record


def answer_second(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    relation: RowId,
    approval: ApprovalId,
    *,
    give: bool,
    at: datetime,
) -> None:
    """The second person confirmed the right, or refused it; only what was asked about this row."""
    ensure(principal, Action.APPROVAL_DECIDE, ports.policies.current)
    found = approvals.find(tx, approval)
    if (found.kind, found.object_ref) != (ApprovalKind.GUARDIAN, f"{PREFIX}{relation}"):
        raise GuardianUnknownError
    executors = {ApprovalKind.GUARDIAN: guardian_executor(ports)}
    desk = Approvals(audit=ports.audit, executors=executors)
    if give:
        desk.approve_and_execute(tx, found.id, digest=found.digest, by=principal, at=at)
    else:
        desk.refuse(tx, found.id, reason_code="not_proved", by=principal, at=at)


def guardian_executor(ports: Ports) -> Executor:
    """What lets a parent or guardian act once a second person confirmed the right."""

    def execute(tx: Connection, consumed: Consumed, /, *, by: Principal, at: datetime) -> str:
        reference = consumed.approval.object_ref
        said = ports.vault.open_blob(ASKED, reference, consumed.sealed)
        record = record_by_id(tx, TABLE, RowId(reference.removeprefix(PREFIX)))
        if record is None:
            raise GuardianUnknownError
        day = at.astimezone(JST).date()
        person = subject_by_id(tx, record.subject, on=day)
        (right,) = relations_of(tx, [record])
        newest = approvals.latest_about(tx, ApprovalKind.GUARDIAN, [reference])[reference]
        if newest.id != consumed.approval.id:
            raise GuardianChangedError  # fails closed: it was asked about anew, and perhaps refused
        if person is None or person.gone or said != _said(record, right):
            raise GuardianChangedError  # fails closed: not what was agreed to
        birth = birth_of(ports.vault, records_of(tx, record.subject, "person"))
        begins = max(day, right.valid_from or day)
        if not confirmable(right, on=day) or not in_force(right, birth=birth, on=begins):
            raise GuardianProofError  # fails closed: it ended before it began
        if record.clear["verified_by"] in hands_of(tx, by.id, since=consumed.approval.requested_at):
            raise GuardianRecorderError
        confirm(tx, record, by=by.id, at=at)
        effects.follow(tx, ports.vault, TABLE, record.subject, record.id, on=day)
        _record(tx, ports, by, record, consumed.approval, at=at)
        return reference

    return execute


def _record(
    tx: Connection,
    ports: Ports,
    by: Principal,
    record: Record,
    approval: Approval,
    *,
    at: datetime,
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.PERSON_CHANGED,
            occurred_at=at,
            actor=by.id,
            actor_os=by.os_user,
            object_type="relation",
            object_id=record.id,
            subject=record.subject,
            outcome=Outcome.DONE,
            reasons=("guardian_confirmed",),
            refs=(f"approval:{approval.id}",),
            network=Network(by.network) if by.network else None,
        ),
    )
