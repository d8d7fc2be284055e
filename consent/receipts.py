"""Receipts of choices: what a person chose, on which notice, vouched for by an event of the log.

The members follow ISO/IEC TS 27560 (consent record information structure) as far as this ledger
knows them. The receiver is the person; nobody else is named, and no value of the register.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.statements import hidden, statement_ref
from audit.types import EventDraft, Outcome
from consent import ledger
from consent.types import ConsentEvent
from governance.core.errors import NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import EventId, Lang, PurposeId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A content and the event that vouches for it."""

    event_id: EventId
    content: dict[str, object] = field(repr=False)


def issue(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    choice: RowId,
    *,
    controller: dict[str, str],
    at: datetime,
) -> Issued:
    """The receipt of one choice, on record; raises NotFoundError for an unknown one."""
    row = tx.execute(select(ledger.EVENT).where(ledger.EVENT.c.id == choice)).one_or_none()
    if row is None:
        raise NotFoundError
    event = ledger.event_of(row)
    shown = None
    if event.notice is not None and event.notice_version is not None:
        lang = Lang.EN if row.notice_lang == Lang.EN.value else Lang.JA
        shown = {
            "id": event.notice,
            "version": event.notice_version,
            "lang": lang.value,
            "sha256": row.notice_hash,
            "text": ledger.notice_text(tx, event.notice, event.notice_version, lang),
        }
    content = hidden(
        {
            "receipt": new_row_id(),
            "issued_at": at.isoformat(),
            "controller": controller,
            "person": event.subject,
            "purpose": _purpose(ports.policies.current, event),
            "choice": _choice(event) | {"id": choice},
            "notice": shown,
        }
    )
    event_id = ports.audit.append(
        tx, _draft(ports, principal, event, choice, statement_ref(content), at=at)
    )
    return Issued(event_id=event_id, content=content)


def owner_of(tx: Connection, choice: RowId) -> SubjectId:
    """Whose choice it is; raises NotFoundError for an unknown one."""
    query = select(ledger.EVENT.c.subject_id).where(ledger.EVENT.c.id == choice)
    found = tx.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFoundError
    return SubjectId(found)


def newest_choice(tx: Connection, subject: SubjectId, purpose: PurposeId) -> RowId:
    """The person's last choice about a purpose; raises NotFoundError when there is none."""
    query = (
        select(ledger.EVENT.c.id)
        .where(ledger.EVENT.c.subject_id == subject, ledger.EVENT.c.purpose == purpose)
        .order_by(ledger.EVENT.c.seq.desc())
        .limit(1)
    )
    found = tx.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFoundError
    return RowId(found)


def _purpose(policy: PolicySnapshot, event: ConsentEvent) -> dict[str, object]:
    """The purpose in words, with its basis under each law."""
    known = policy.purpose(event.purpose)
    if known is None:
        return {"id": event.purpose}
    basis = {law.value: found.value for law, found in sorted(known.basis.items())}
    return {"id": known.id, "ja": known.label.ja, "en": known.label.en, "basis": basis}


def _choice(event: ConsentEvent) -> dict[str, object]:
    return {
        "seq": event.seq,
        "kind": event.kind.value,
        "at": event.occurred_at.isoformat(),
        "channel": event.channel,
        "recipients": event.recipient_class,
        "evidence": event.evidence.value,
        "guardian": event.guardian,
        "valid_until": event.valid_until.isoformat() if event.valid_until else None,
    }


def _draft(
    ports: Ports,
    principal: Principal,
    event: ConsentEvent,
    choice: RowId,
    ref: str,
    *,
    at: datetime,
) -> EventDraft:
    purpose = ports.policies.current.purpose(event.purpose)
    return EventDraft(
        action=EventCode.RECEIPT_ISSUED,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="consent",
        object_id=choice,
        subject=event.subject,
        purpose=None if purpose is None else purpose.id,
        outcome=Outcome.DONE,
        policy_version=ports.policies.current.version or None,
        consent_seq=event.seq,
        refs=(ref,),
    )
