"""Recipients hear of what was corrected, erased or restricted (GDPR 19), or why they cannot.

Who is on the list follows from the records of provision and from who works on our behalf; an
officer adds others and leaves some out, each for a reason. A recipient is told by its webhook where
the register has one, else by mail; either waits in the outbox under one key for each recipient and
request, and carries no value of the person.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from audit.types import Outcome
from dsar.case import Case
from dsar.errors import NothingToTellError, RecipientUnknownError
from dsar.execution import telling_store as store
from dsar.execution.hooking import hooked
from dsar.execution.notices import (
    CONFIRM,
    Notice,
    digest_of,
    mailed,
    notice_of,
    on_record,
)
from dsar.execution.rules import CONFIRM_DAYS
from dsar.execution.types import Because, Channel, Confirmed, Telling, TellingState
from dsar.records import actor_of, demand
from dsar.store import case_by_id
from governance.core.clock import JST
from governance.core.terms import ActorId, RequestId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import circle
from governance.http.principal import Principal
from governance.registers.provisions.store import of_person
from governance.registers.provisions.types import Direction
from governance.registers.store import all_recipients, recipient_by_id
from governance.registers.types import Recipient, RecipientRole
from policies.actions import Action

TOKEN_BYTES: Final = 24
ON_OUR_BEHALF: Final = frozenset({RecipientRole.PROCESSOR, RecipientRole.JOINT})


class Untold(StrEnum):
    """Why a recipient was not told (GDPR 19: impossible or disproportionate)."""

    NO_ADDRESS = "no_address"
    IMPOSSIBLE = "impossible"
    DISPROPORTIONATE = "disproportionate"
    UNDELIVERED = "undelivered"  # its webhook never took it and no mail address is on record


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A recipient of the register and whether it was told of this request."""

    recipient: Recipient
    told_at: datetime | None = None
    untold: Untold | None = None
    because: Because | None = None  # None: it is not on the list of this request
    planned: bool = False
    answer_by: date | None = None
    confirmed_at: datetime | None = None
    confirmed_how: Confirmed | None = None
    channel: Channel | None = None
    delivered_at: datetime | None = None  # its webhook took it

    def as_json(self) -> dict[str, object]:
        """The recipient for programs."""
        return {
            "recipient": self.recipient.source_key,
            "name": self.recipient.name,
            "role": self.recipient.role.value,
            "because": self.because.value if self.because else None,
            "planned": self.planned,
            "told_at": self.told_at.isoformat() if self.told_at else None,
            "untold": self.untold.value if self.untold else None,
            "channel": self.channel.value if self.channel else None,
            "delivered_at": self.delivered_at.isoformat() if self.delivered_at else None,
            "answer_by": self.answer_by.isoformat() if self.answer_by else None,
            "confirmed_at": self.confirmed_at.isoformat() if self.confirmed_at else None,
            "confirmed_how": self.confirmed_how.value if self.confirmed_how else None,
        }


def recipients_of(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId
) -> tuple[Told, ...]:
    """Every company that data may go to, with what it was told of this request."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_READ)
    return told_of(tx, case)


def derived(tx: Connection, subject: SubjectId, *, on: date) -> Mapping[RowId, Because]:
    """Who holds the person's data: whom a record names, and who works on our behalf today."""
    found: dict[RowId, Because] = {}
    for one in all_recipients(tx):
        ended = one.ended_on is not None and one.ended_on < on
        if one.role in ON_OUR_BEHALF and not ended:
            found[one.id] = Because.SERVICE
    for provision, _person in of_person(tx, sorted(circle(tx, subject))):
        if provision.direction is Direction.PROVIDED:
            found[provision.recipient] = Because.PROVISION
    return found


def plan_recipients(tx: Connection, case: Case, *, by: ActorId, at: datetime) -> None:
    """The list of the request is made; what an officer chose before stays as chosen."""
    if case.subject is None or notice_of(tx, case) is None:
        return
    on = at.astimezone(JST).date()
    for recipient, because in sorted(derived(tx, case.subject, on=on).items()):
        store.add(tx, case.id, recipient, because=because, by=by)


def choose_recipient(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    key: str,
    *,
    untold: Untold | None,
    at: datetime,
) -> tuple[Told, ...]:
    """An officer puts a recipient on the list, or leaves it out for a reason, before it is told."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    known = {told.recipient.source_key: told for told in told_of(tx, case)}
    if key not in known:
        raise RecipientUnknownError
    recipient = known[key].recipient
    if known[key].told_at is None:
        store.add(tx, request, recipient.id, because=Because.OFFICER, by=principal.id)
        state = TellingState.PLANNED if untold is None else TellingState.LEFT_OUT
        reason = untold.value if untold else None
        store.choose(tx, request, recipient.id, state=state, reason=reason, by=principal.id)
        on_record(
            tx,
            ports,
            principal,
            case,
            recipient.id,
            Outcome.DONE if untold is None else Outcome.FAILED,
            "listed" if untold is None else untold.value,
            at=at,
        )
    return told_of(tx, case)


def tell_recipients(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    keys: Iterable[str],
    *,
    untold: Untold | None = None,
    origin: str | None = None,
    at: datetime,
) -> tuple[Told, ...]:
    """These recipients are told, or it is on record why not; one that was told is told once."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    notice = notice_of(tx, case)
    if notice is None or not case.executed or case.subject is None:
        raise NothingToTellError(request=request)
    known = {told.recipient.source_key: told for told in told_of(tx, case)}
    for key in dict.fromkeys(keys):
        if key not in known:
            raise RecipientUnknownError
        one = known[key].recipient
        if known[key].told_at is None:
            store.add(tx, request, one.id, because=Because.OFFICER, by=principal.id)
            _tell(tx, ports, principal, case, one, notice, untold=untold, origin=origin, at=at)
    return told_of(tx, case)


def tell_listed(
    tx: Connection, ports: Ports, principal: Principal, case: Case, *, origin: str, at: datetime
) -> int:
    """How many of the list were told now; who was told or left out before is left alone."""
    notice = notice_of(tx, case)
    if notice is None or case.subject is None:
        return 0
    waiting = [one for one in store.of_request(tx, case.id) if one.state is TellingState.PLANNED]
    for one in waiting:
        recipient = recipient_by_id(tx, one.recipient)
        if recipient is not None:
            _tell(tx, ports, principal, case, recipient, notice, untold=None, origin=origin, at=at)
    return len(waiting)


def _tell(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    recipient: Recipient,
    notice: Notice,
    *,
    untold: Untold | None,
    origin: str | None,
    at: datetime,
) -> None:
    """The notice waits in the outbox with this change, or the reason why not is on record."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = f"{origin}{CONFIRM}/{token}" if origin else None
    until = at.astimezone(JST).date() + timedelta(days=CONFIRM_DAYS)
    put = None
    if untold is None:
        put = hooked(tx, ports, case, recipient, notice, link=link, at=at) or mailed(
            tx, ports, case, recipient, notice, link=link, due=until, at=at
        )
    if put is None:
        reason = (untold or Untold.NO_ADDRESS).value
        state = TellingState.LEFT_OUT
        store.choose(tx, case.id, recipient.id, state=state, reason=reason, by=principal.id)
        on_record(tx, ports, principal, case, recipient.id, Outcome.FAILED, reason, at=at)
        return
    digest = digest_of(token) if origin and put.fresh else None
    store.note_told(
        tx, case.id, recipient.id, channel=put.channel, digest=digest, until=until, at=at
    )
    message = f"message:{put.message}"
    on_record(tx, ports, principal, case, recipient.id, Outcome.DONE, notice.value, message, at=at)


def told_of(tx: Connection, case: Case) -> tuple[Told, ...]:
    """Companies that data may go to, each with what this request says of it."""
    rows = {one.recipient: one for one in store.of_request(tx, case.id)}
    return tuple(
        _one(recipient, rows.get(recipient.id))
        for recipient in all_recipients(tx)
        if recipient.role is not RecipientRole.SOURCE
    )


def _one(recipient: Recipient, told: Telling | None) -> Told:
    if told is None:
        return Told(recipient=recipient)
    left = told.state is TellingState.LEFT_OUT
    return Told(
        recipient=recipient,
        told_at=told.told_at,
        untold=Untold(told.reason) if left and told.reason else None,
        because=told.because,
        planned=told.state is TellingState.PLANNED,
        answer_by=told.answer_by,
        confirmed_at=told.confirmed_at,
        confirmed_how=told.confirmed_how,
        channel=told.channel,
        delivered_at=told.delivered_at,
    )


def told_names(tx: Connection, case: Case) -> tuple[str, ...]:
    """Names of the companies that were told, for the person who asks (GDPR 19)."""
    return tuple(told.recipient.name for told in told_of(tx, case) if told.told_at is not None)
