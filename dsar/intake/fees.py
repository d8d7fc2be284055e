"""The fee of a request: told before anything is charged, accepted, then paid or waived (APPI 38).

The clock of our own policy begins with the complete request, so a fee that is open keeps it from
beginning and stops none that runs. Asked for 32(2) and 33 alone, never above what was published.
"""

from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case
from dsar.intake.errors import FeeNotAllowedError, FeeStepError
from dsar.intake.rules import fee_allowed, fee_step
from dsar.intake.store import Fee, add_fee, fees_of
from dsar.intake.types import SETTLED, FeeState
from dsar.records import actor_of, demand, draft
from dsar.stepping import take_step
from dsar.store import case_by_id
from dsar.types import Event
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action


def quote(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    yen: int,
    *,
    published: int,
    at: datetime,
) -> Case:
    """The person is told the fee and the request waits for it; a lower amount may be told again."""
    case = case_by_id(tx, request)
    if not fee_allowed(case) or published <= 0:
        raise FeeNotAllowedError
    if not 0 < yen <= published:
        raise FeeStepError
    steps = fees_of(tx, request)
    if steps and yen > steps[-1].yen:
        raise FeeStepError  # what was told is the most that is charged
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    _note(tx, ports, principal, case, FeeState.QUOTED, yen, at=at)
    if steps:
        return case
    return take_step(tx, ports, principal, request, Event.QUOTE_FEE, at=at)


def accept(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    *,
    at: datetime,
    asks: bool = False,
) -> Case:
    """The person agrees to the amount, themselves or as an officer notes it; nothing moves yet.

    `asks`: the page has admitted whoever asked, by number and code.
    """
    case = case_by_id(tx, request)
    if not asks and not actor_of(principal, ports.policies.current, case).is_requester:
        demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    _note(tx, ports, principal, case, FeeState.ACCEPTED, _told(tx, request), at=at)
    return case


def settle(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    state: FeeState,
    *,
    at: datetime,
) -> Case:
    """The fee is paid or waived: the request is complete and its clock runs from now."""
    if state not in SETTLED:
        raise FeeStepError
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    _note(tx, ports, principal, case, state, _told(tx, request), at=at)
    return take_step(tx, ports, principal, request, Event.ACCEPT_FEE, at=at)


def _told(tx: Connection, request: RequestId) -> int:
    steps = fees_of(tx, request)
    if not steps:
        raise FeeStepError
    return steps[-1].yen


def _note(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    case: Case,
    state: FeeState,
    yen: int,
    *,
    at: datetime,
) -> None:
    """The step is in the fee's own book and in the log; the amount is no personal value."""
    if not fee_step([step.state for step in fees_of(tx, case.id)], state):
        raise FeeStepError
    add_fee(tx, case.id, Fee(state=state, yen=yen, at=at, by=principal.id))
    told = draft(
        ports,
        principal,
        case,
        EventCode.REQUEST_CHANGED,
        at=at,
        reasons=(f"fee.{state.value}",),
        counts=(("yen", yen),),
    )
    ports.audit.append(tx, told)
