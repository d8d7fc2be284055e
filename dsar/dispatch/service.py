"""What leaves on paper is written down: what, when, how, where to, by whom, and how it ended."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.dispatch.errors import DispatchRefusedError, DispatchUnknownError
from dsar.dispatch.rules import MOST_ADDRESS, end_fault, ends_at_once, sent_fault
from dsar.dispatch.store import add_dispatch, dispatch_by_id, end_dispatch
from dsar.dispatch.types import Carrier, Dispatch, Ending, Item, ReturnReason
from dsar.records import actor_of, demand, draft
from dsar.store import case_by_id
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, RequestId, RowId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action

OBJECT: Final = "dispatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What an officer says of an envelope; `sealed_address` from `prepare_address`."""

    item: Item
    item_id: RowId  # the caller has looked that it belongs to the request
    sent_on: date
    carrier: Carrier
    tracking: str | None = field(default=None, repr=False)
    row: RowId = field(default_factory=new_row_id)
    sealed_address: bytes | None = field(default=None, repr=False)


def prepare_address(ports: Ports, case: Case, row: RowId, address: str) -> bytes:
    """The address under the requester's record key; call outside a transaction."""
    said = address.strip()
    if not 0 < len(said) <= MOST_ADDRESS:
        raise DispatchRefusedError(item="address")
    return ports.vault.seal_part(case.requester_id, row, said.encode(), key_class=KeyClass.RECORD)


def with_address(sent: Sent, sealed: bytes) -> Sent:
    """The same envelope, with where it goes to."""
    return replace(sent, sealed_address=sealed)


def dispatch(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    sent: Sent,
    *,
    at: datetime,
) -> Dispatch:
    """The envelope is on file; what is handed over at the counter has arrived with it."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    today = at.astimezone(JST).date()
    received = case.received_at.astimezone(JST).date()
    fault = sent_fault(sent.carrier, sent.tracking, sent.sent_on, received_on=received, today=today)
    if fault is not None:
        raise DispatchRefusedError(item=fault)
    made = Dispatch(
        id=sent.row,
        request=request,
        item=sent.item,
        item_id=sent.item_id,
        sent_on=sent.sent_on,
        carrier=sent.carrier,
        tracking=sent.tracking,
        address=sent.sealed_address,
        recorded_at=at,
        recorded_by=principal.id,
    )
    add_dispatch(tx, made)
    reasons = (sent.item.value, sent.carrier.value)
    _note(tx, ports, principal, case, made, EventCode.REQUEST_DISPATCHED, reasons, at=at)
    if ends_at_once(sent.carrier):
        return end(tx, ports, principal, made.id, Ending.DELIVERED, on=sent.sent_on, at=at)
    return made


def end(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    wanted: RowId,
    ending: Ending,
    *,
    on: date,
    at: datetime,
    reason: ReturnReason | None = None,
) -> Dispatch:
    """The envelope has arrived or has come back, once."""
    made = dispatch_by_id(tx, wanted)
    if made is None:
        raise DispatchUnknownError
    case = case_by_id(tx, made.request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    fault = end_fault(made, ending, on, reason, today=at.astimezone(JST).date())
    if fault is not None:
        raise DispatchRefusedError(item=fault)
    if not end_dispatch(tx, wanted, ending, on=on, reason=reason, at=at, by=principal.id):
        raise DispatchRefusedError(item="ending")
    reasons = (ending.value, *((reason.value,) if reason else ()))
    _note(tx, ports, principal, case, made, EventCode.REQUEST_DISPATCH_ENDED, reasons, at=at)
    return dispatch_by_id(tx, wanted) or made


def address_of(ports: Ports, sent: Dispatch) -> str:
    """Where it went to; empty when none was noted."""
    return ports.vault.open_part(sent.id, sent.address).decode() if sent.address else ""


def _note(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    made: Dispatch,
    code: EventCode,
    reasons: tuple[str, ...],
    *,
    at: datetime,
) -> None:
    """The carrier's number stays in the row: it leads to a name and an address outside."""
    refs = (f"{OBJECT}:{made.id}", f"{made.item.value}:{made.item_id}")
    ports.audit.append(tx, draft(ports, principal, case, code, at=at, reasons=reasons, refs=refs))
