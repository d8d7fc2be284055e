"""The certificate of an erasure on request: what went, what stays and why, who was told, the end.

Its content is kept sealed under the file's own key; the event of its issue names the digest, so
that the offline verifier proves it. The link goes to the person with the answer.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from audit.actions import EventCode
from audit.statements import hidden, statement_ref
from audit.types import canonical_json
from dsar.case import Case
from dsar.execution.errors import CertificateUnknownError
from dsar.execution.models import CertificateRow
from dsar.execution.rules import kept_grounds
from dsar.execution.store import stores_of
from dsar.execution.types import Execution, House, StoreResult
from dsar.execution.words import KEEP, field_words
from dsar.recipients import told_of
from dsar.records import draft
from dsar.store import case_by_id
from dsar.types import Outcome
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import EventId, KeyClass, Lang, RequestId, RowId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import survivor_of
from governance.db.types import table_of
from governance.http.principal import Principal
from retention.certificate import certificate
from retention.finality import stages
from retention.tombstones import tombstones

CERTIFICATE: Final = table_of(CertificateRow)
LINK_LIFE: Final = timedelta(days=30)
TOKEN_BYTES: Final = 32
PATH: Final = "/portal/certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate as it was issued."""

    id: RowId
    request: RequestId
    event: EventId
    issued_at: datetime
    content: Mapping[str, Any] = field(repr=False)


def certify(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    found: Execution,
    house: House,
    *,
    at: datetime,
) -> str:
    """The certificate is issued; the address under which the person can fetch it for a month."""
    row, token = new_row_id(), secrets.token_urlsafe(TOKEN_BYTES)
    content = hidden(_content(tx, case, found, house, at=at))
    sealed = ports.vault.seal_part(
        case.requester_id, row, canonical_json(content), key_class=KeyClass.RECORD
    )
    told = draft(
        ports,
        principal,
        case,
        EventCode.CERTIFICATE_ISSUED,
        at=at,
        refs=(statement_ref(content), f"purge_run:{found.run}"),
    )
    event = ports.audit.append(tx, told)
    tx.execute(
        insert(CERTIFICATE).values(
            id=row,
            request_id=case.id,
            event_id=event,
            issued_at=at,
            token_digest=_digest(token),
            token_expires_at=at + LINK_LIFE,
            content=sealed,
        )
    )
    return f"{house.origin}{PATH}/{token}"


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _content(
    tx: Connection, case: Case, found: Execution, house: House, *, at: datetime
) -> dict[str, object]:
    """Everything that the certificate says; names of fields, counts and days, no value."""
    subject = survivor_of(tx, case.subject) if case.subject else None
    run, terms = RowId(str(found.run)), house.terms
    facts = certificate(
        tx, run, subject=subject, keep_days=terms.keep_days, ends_after=terms.ends_after
    )
    mine = [stone for stone in tombstones(tx, run=run) if stone.subject == subject]
    day = at.astimezone(JST).date()
    said = facts.as_json()
    decision = case.decision
    kept = {"grounds": [ground.value for ground in kept_grounds(case.laws)]}
    return {
        "issued_at": at.isoformat(),
        "controller": dict(house.controller) | {"log": house.log},
        "reference": case.reference,
        "laws": sorted(case.laws),
        "received_at": case.received_at.isoformat(),
        "agreed_at": found.agreed_at.isoformat() if found.agreed_at else None,
        "agreed_by": [decision.decided_by, decision.approved_by] if decision else [],
        "agreed_sha256": found.plan,
        "outcome": (decision.outcome if decision else Outcome.GRANT).value,
        "grounds": [ground.value for ground in decision.grounds] if decision else [],
        "person": subject,
        "erased": [_named(fate) for fate in found.fates if fate["fate"] != KEEP],
        "kept": [_named(fate) | kept for fate in found.fates if fate["fate"] == KEEP],
        "stores": [_store(one) for one in stores_of(tx, case.id)],
        "recipients": [
            {
                "name": one.recipient.name,
                "told_at": one.told_at.isoformat() if one.told_at else None,
                "untold": one.untold.value if one.untold else None,
            }
            for one in told_of(tx, case)
            if one.because is not None
        ],
        "run": said["run"],
        "plan_sha256": said["plan_sha256"],
        "schedule": said["schedule"],
        "keys_ended_at": said["keys_ended_at"],
        "final_on": said["final_on"],
        "stages": stages(mine, terms, on=day, log_pages=facts.log_pages).as_json(),
        "ledger_ends_on": said["ledger_ends_on"],
    }


def _named(fate: Mapping[str, object]) -> dict[str, object]:
    """The line of the plan with the field's name for people."""
    name = str(fate["field"])
    labels = {f"label_{lang.value}": field_words(name, lang) for lang in Lang}
    return {key: value for key, value in fate.items() if value is not None} | labels


def _store(one: StoreResult) -> dict[str, object]:
    return {
        "store": one.store,
        "label_ja": one.label_ja,
        "label_en": one.label_en,
        "state": one.state.value,
        "records": one.rows,
        "because": one.code,
        "kept": [dict(item) for item in one.kept],
    }


def issued_for(tx: Connection, ports: Ports, request: RequestId) -> Issued | None:
    """The certificate of a request; None where none was issued."""
    mine = select(CERTIFICATE).where(CERTIFICATE.c.request_id == request)
    row = tx.execute(mine.order_by(CERTIFICATE.c.id.desc()).limit(1)).one_or_none()
    if row is None or row.content is None:
        return None
    return Issued(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        event=EventId(row.event_id),
        issued_at=row.issued_at,
        content=json.loads(ports.vault.open_part(row.id, bytes(row.content))),
    )


def issued_under(tx: Connection, ports: Ports, token: str, *, at: datetime) -> tuple[Case, Issued]:
    """The certificate of a link; raises CertificateUnknownError for unknown and over alike."""
    row = tx.execute(
        select(CERTIFICATE.c.request_id).where(
            CERTIFICATE.c.token_digest == _digest(token), CERTIFICATE.c.token_expires_at > at
        )
    ).one_or_none()
    found = issued_for(tx, ports, RequestId(row.request_id)) if row is not None else None
    if found is None:
        raise CertificateUnknownError
    return case_by_id(tx, found.request), found


def note_fetched(
    tx: Connection, ports: Ports, principal: Principal, case: Case, found: Issued, *, at: datetime
) -> None:
    """That the certificate was fetched is on record."""
    tx.execute(update(CERTIFICATE).where(CERTIFICATE.c.id == found.id).values(fetched_at=at))
    code, reasons = EventCode.REQUEST_DELIVERED, ("certificate",)
    ports.audit.append(tx, draft(ports, principal, case, code, at=at, reasons=reasons))
