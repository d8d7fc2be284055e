"""Recipients hear of what was corrected, erased or restricted (GDPR 19), or why they cannot.

Which recipients hold the person's data an officer says, from the register; what each was told, or
the reason why not, is an event. The notice names the person by pseudonym and the fields, so that a
recipient asks the gate anew; no value leaves with it. It waits in the outbox like every mail.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from audit.types import Outcome
from dsar.case import Case
from dsar.errors import NothingToTellError, RecipientUnknownError
from dsar.letters import changed_fields, listed
from dsar.records import actor_of, demand, draft
from dsar.store import case_by_id
from dsar.types import RequestKind
from governance.core.terms import Lang, RequestId, RowId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.http.principal import Principal
from governance.outbound.mail import ADDRESS, Mail
from governance.registers.sealing import opened_contact
from governance.registers.store import all_recipients, contact_of
from governance.registers.types import Recipient, RecipientRole
from policies.actions import Action

HOME = frozenset({"JP", None})  # whose notice is in Japanese
REF = "recipient:"


class Notice(StrEnum):
    """What a recipient is told; the texts stand under `dsar.mail.recipient_<notice>`."""

    CORRECTED = "corrected"
    ERASED = "erased"
    RESTRICTED = "restricted"


NOTICE_OF: Mapping[RequestKind, Notice] = MappingProxyType(
    {
        RequestKind.CORRECTION: Notice.CORRECTED,
        RequestKind.RECTIFICATION: Notice.CORRECTED,
        RequestKind.ERASURE: Notice.ERASED,
        RequestKind.CESSATION: Notice.RESTRICTED,
        RequestKind.PROVISION_STOP: Notice.RESTRICTED,
        RequestKind.RESTRICTION: Notice.RESTRICTED,
    }
)


class Untold(StrEnum):
    """Why a recipient was not told (GDPR 19: impossible or disproportionate)."""

    NO_ADDRESS = "no_address"
    IMPOSSIBLE = "impossible"
    DISPROPORTIONATE = "disproportionate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A recipient of the register and whether it was told of this request."""

    recipient: Recipient
    told_at: datetime | None = None
    untold: Untold | None = None

    def as_json(self) -> dict[str, object]:
        """The recipient for programs."""
        return {
            "recipient": self.recipient.source_key,
            "name": self.recipient.name,
            "role": self.recipient.role.value,
            "told_at": self.told_at.isoformat() if self.told_at else None,
            "untold": self.untold.value if self.untold else None,
        }


def recipients_of(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId
) -> tuple[Told, ...]:
    """Every company that data may go to, with what it was told of this request."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_READ)
    return _told(tx, case)


def tell_recipients(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    keys: Iterable[str],
    *,
    untold: Untold | None = None,
    at: datetime,
) -> tuple[Told, ...]:
    """These recipients are told, or it is on record why not; one that was told is told once."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    notice = next((NOTICE_OF[t.kind] for t in case.tracks if t.kind in NOTICE_OF), None)
    if notice is None or not case.executed or case.subject is None:
        raise NothingToTellError(request=request)
    known = {told.recipient.source_key: told for told in _told(tx, case)}
    for key in dict.fromkeys(keys):
        if key not in known:
            raise RecipientUnknownError
        if known[key].told_at is None:
            _tell(tx, ports, principal, case, known[key].recipient, notice, untold=untold, at=at)
    return _told(tx, case)


def _tell(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    recipient: Recipient,
    notice: Notice,
    *,
    untold: Untold | None,
    at: datetime,
) -> None:
    address = None if untold is not None else _address(tx, ports, recipient.id)
    refs: tuple[str, ...] = (f"{REF}{recipient.id}",)
    reason = notice.value
    if address is None:
        reason = (untold or Untold.NO_ADDRESS).value
    else:
        mail = _mail(tx, case, recipient, notice, to=address)
        refs = (*refs, f"message:{post(tx, ports.vault, mail, subject=None, at=at)}")
    outcome = Outcome.FAILED if address is None else Outcome.DONE
    code = EventCode.RECIPIENT_TOLD
    ports.audit.append(
        tx,
        draft(ports, principal, case, code, at=at, outcome=outcome, reasons=(reason,), refs=refs),
    )


def _mail(tx: Connection, case: Case, recipient: Recipient, notice: Notice, *, to: str) -> Mail:
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
        },
    )


def _address(tx: Connection, ports: Ports, recipient: RowId) -> str | None:
    """The mail address of the recipient's contact; None when the register has no usable one."""
    sealed = contact_of(tx, recipient)
    if sealed is None:
        return None
    address = opened_contact(ports.vault, recipient, sealed).contact_email
    return address if ADDRESS.fullmatch(address) else None


def _told(tx: Connection, case: Case) -> tuple[Told, ...]:
    """Companies that data may go to, each with the last event about it."""
    wanted = (
        select(EVENTS.c.refs, EVENTS.c.outcome, EVENTS.c.reasons, EVENTS.c.occurred_at)
        .where(EVENTS.c.object_id == case.id, EVENTS.c.action == EventCode.RECIPIENT_TOLD.value)
        .order_by(EVENTS.c.id)
    )
    last = {
        ref.removeprefix(REF): row
        for row in tx.execute(wanted)
        for ref in (row.refs or "").split(",")
        if ref.startswith(REF)
    }
    found = []
    for recipient in all_recipients(tx):
        if recipient.role is RecipientRole.SOURCE:
            continue
        row = last.get(recipient.id)
        done = row is not None and row.outcome == Outcome.DONE.value
        found.append(
            Told(
                recipient=recipient,
                told_at=row.occurred_at if row is not None and done else None,
                untold=Untold(row.reasons) if row is not None and not done else None,
            )
        )
    return tuple(found)


def told_names(tx: Connection, case: Case) -> tuple[str, ...]:
    """Names of the companies that were told, for the person who asks (GDPR 19)."""
    return tuple(told.recipient.name for told in _told(tx, case) if told.told_at is not None)
