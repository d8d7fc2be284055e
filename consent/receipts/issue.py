"""Receipts of choices, issued on record: the content, and the event of the log that vouches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, select

from audit.actions import EventCode
from audit.statements import hidden, statement_ref
from audit.types import EventDraft, Outcome
from consent import ledger
from consent.notices import store
from consent.proofs import Proof, ProofEndedError, proof_of
from consent.receipts.content import Place, Shown, Told, content_of, received_by
from consent.types import By, ConsentEvent
from governance.core.controller import Controller
from governance.core.errors import NotFoundError, UnavailableError
from governance.core.terms import EventId, Lang, PurposeId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import circle, survivor_of
from governance.http.principal import Principal
from governance.registers.store import all_recipients
from governance.registers.types import Recipient
from policies.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A content and the event that vouches for it."""

    event_id: EventId
    content: dict[str, object] = field(repr=False)
    forms: Mapping[str, bytes] = field(default_factory=dict, repr=False)  # by their file names


class ReceiptMovedError(UnavailableError):
    """What the receipt says changed while it was written; nothing was issued."""

    code = "receipt_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which receipt is asked for, of whom, and when."""

    choice: RowId
    receipt: RowId  # its number
    controller: Controller
    place: Place
    at: datetime


def facts_of(tx: Connection, ports: Ports, asked: Asked) -> dict[str, Any]:
    """What the receipt states now; raises NotFoundError for an unknown choice."""
    told = _told(tx, ports, asked)
    return content_of(told, ports.policies.current, at=asked.at)


def issue(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    asked: Asked,
    content: Mapping[str, Any],
    files: Mapping[str, bytes],
) -> Issued:
    """The receipt is on record; raises ReceiptMovedError when its content is no longer so.

    Every file was derived from the content, and the content names the digest of every file, so
    that whoever holds one file alone can prove it with the statement.
    """
    if facts_of(tx, ports, asked) != content:
        raise ReceiptMovedError  # fails closed: erased, or told otherwise, since it was read
    digests = {name: sha256(file).hexdigest() for name, file in sorted(files.items())}
    stated = hidden({**content, "forms": digests})
    event = ledger.event_of(_row(tx, asked.choice))
    event_id = ports.audit.append(
        tx, _draft(ports, principal, event, asked.choice, statement_ref(stated), at=asked.at)
    )
    return Issued(event_id=event_id, content=stated, forms=files)


def _row(tx: Connection, choice: RowId) -> Row[Any]:
    row = tx.execute(select(ledger.EVENT).where(ledger.EVENT.c.id == choice)).one_or_none()
    if row is None:
        raise NotFoundError
    return row


def _told(tx: Connection, ports: Ports, asked: Asked) -> Told:
    row = _row(tx, asked.choice)
    event = ledger.event_of(row)
    return Told(
        receipt=asked.receipt,
        choice=RowId(row.id),
        event=event,
        proof=_proof(tx, ports, RowId(row.id)),
        notice=_shown(tx, row, event),
        history=tuple(
            one
            for one in ledger.history(tx, event.subject, PurposeId(event.purpose))
            if one.purpose == event.purpose and one.seq <= event.seq
        ),
        recipients=_recipients(tx, ports.policies.current, event),
        acted_by=By(row.acted_by) if row.acted_by else None,
        collection_point=row.collection_point,
        collection_version=row.collection_version,
        controller=asked.controller,
        place=asked.place,
    )


def _proof(tx: Connection, ports: Ports, choice: RowId) -> Proof | None:
    """How the person chose; None where the key of their records has ended."""
    try:
        return proof_of(tx, ports, choice)
    except ProofEndedError:
        return None


def _shown(tx: Connection, row: Row[Any], event: ConsentEvent) -> Shown | None:
    if event.notice is None or event.notice_version is None:
        return None
    lang = Lang.EN if row.notice_lang == Lang.EN.value else Lang.JA
    return Shown(
        id=event.notice,
        version=event.notice_version,
        lang=lang,
        sha256=row.notice_hash,
        text=ledger.notice_text(tx, event.notice, event.notice_version, lang),
        edition=store.edition_in_force(tx, event.notice, event.notice_version),
    )


def _recipients(
    tx: Connection, policy: PolicySnapshot, event: ConsentEvent
) -> tuple[Recipient, ...]:
    purpose = policy.purpose(event.purpose)
    return () if purpose is None else received_by(purpose, all_recipients(tx))


def owner_of(tx: Connection, choice: RowId) -> SubjectId:
    """As whom the person behind a choice stands now; raises NotFoundError for an unknown one."""
    query = select(ledger.EVENT.c.subject_id).where(ledger.EVENT.c.id == choice)
    found = tx.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFoundError
    return survivor_of(tx, SubjectId(found))


def choices_of(tx: Connection, subject: SubjectId) -> tuple[tuple[RowId, ConsentEvent], ...]:
    """Every choice of the person under any pseudonym, newest first, with the id to ask it by."""
    mine = ledger.EVENT.c.subject_id.in_(circle(tx, survivor_of(tx, subject)))
    rows = tx.execute(select(ledger.EVENT).where(mine).order_by(ledger.EVENT.c.seq.desc()))
    return tuple((RowId(row.id), ledger.event_of(row)) for row in rows)


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
