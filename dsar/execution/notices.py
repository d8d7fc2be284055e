"""What a recipient is told of a request, by mail: pseudonym and names of fields, no value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import Outcome
from dsar.case import Case
from dsar.execution.store import execution_of
from dsar.execution.types import Channel, Measure
from dsar.letters import changed_fields, listed
from dsar.records import draft
from dsar.types import RequestKind
from governance.core.terms import Lang, RowId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.http.principal import Principal
from governance.outbound.mail import ADDRESS, Mail
from governance.registers.sealing import opened_contact
from governance.registers.store import contact_of
from governance.registers.types import Recipient

HOME = frozenset({"JP", None})  # whose notice is in Japanese
REF = "recipient:"
CONFIRM: Final = "/confirm"  # where a recipient says that it was done


class Notice(StrEnum):
    """What a recipient is told; the texts stand under `dsar.mail.recipient_<notice>`."""

    CORRECTED = "corrected"
    ERASED = "erased"
    RESTRICTED = "restricted"
    PROVISION_STOPPED = "provision_stopped"  # APPI 35(3), (5)


NOTICE_OF: Mapping[RequestKind, Notice] = MappingProxyType(
    {
        RequestKind.CORRECTION: Notice.CORRECTED,
        RequestKind.RECTIFICATION: Notice.CORRECTED,
        RequestKind.ERASURE: Notice.ERASED,
        RequestKind.CESSATION: Notice.RESTRICTED,
        RequestKind.PROVISION_STOP: Notice.PROVISION_STOPPED,
        RequestKind.RESTRICTION: Notice.RESTRICTED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A notice in the outbox."""

    channel: Channel
    message: RowId
    fresh: bool = True  # else it waited before, and its link stays the one it has


def notice_of(tx: Connection, case: Case) -> Notice | None:
    """What recipients are told of this request: what is done, else what the right stands for."""
    found = execution_of(tx, case.id)
    if found is not None and found.measure is Measure.ERASE:
        return Notice.ERASED
    return next((NOTICE_OF[t.kind] for t in case.tracks if t.kind in NOTICE_OF), None)


def mailed(
    tx: Connection,
    ports: Ports,
    case: Case,
    recipient: Recipient,
    notice: Notice,
    *,
    link: str | None,
    due: date,
    at: datetime,
) -> Put | None:
    """The notice waits as a mail; None where the register has no usable address."""
    if (address := _address(tx, ports, recipient.id)) is None:
        return None
    mail = _mail(tx, case, recipient, notice, to=address, due=due)
    if link is not None:
        mail = replace(mail, template=f"{mail.template}_link", params=mail.params | {"link": link})
    return Put(channel=Channel.MAIL, message=post(tx, ports.vault, mail, subject=None, at=at))


def on_record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    recipient: RowId,
    outcome: Outcome,
    reason: str,
    *further: str,
    at: datetime,
) -> None:
    """That the recipient was told, or why it was not, stands in the log."""
    refs = (f"{REF}{recipient}", *further)
    code = EventCode.RECIPIENT_TOLD
    told = draft(ports, principal, case, code, at=at, outcome=outcome, reasons=(reason,), refs=refs)
    ports.audit.append(tx, told)


def digest_of(token: str) -> str:
    """What is stored of a link's secret."""
    return sha256(token.encode()).hexdigest()


def _mail(
    tx: Connection, case: Case, recipient: Recipient, notice: Notice, *, to: str, due: date
) -> Mail:
    lang = Lang.JA if recipient.country in HOME else Lang.EN
    return Mail(
        idem_key=f"dsar/{case.id}/recipient/{recipient.id}",
        to=to,
        template=f"dsar.mail.recipient_{notice.value}",
        lang=lang,
        params={
            "reference": case.reference,
            "person": str(case.subject),
            "fields": listed(changed_fields(tx, case), lang),
            "due": due.isoformat(),
        },
    )


def _address(tx: Connection, ports: Ports, recipient: RowId) -> str | None:
    """The mail address of the recipient's contact; None when the register has no usable one."""
    sealed = contact_of(tx, recipient)
    if sealed is None:
        return None
    address = opened_contact(ports.vault, recipient, sealed).contact_email
    return address if ADDRESS.fullmatch(address) else None
