"""Recipients that were told and have not confirmed by their day, over all requests."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from dsar.execution.telling_store import overdue
from dsar.records import actor_of, demand
from dsar.store import case_by_id
from governance.core.clock import JST
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.registers.store import recipient_by_id
from policies.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """One company that should have confirmed."""

    request: RequestId
    reference: str
    recipient: str
    name: str
    answer_by: date


def unconfirmed(
    tx: Connection, ports: Ports, principal: Principal, *, at: datetime
) -> tuple[Unconfirmed, ...]:
    """Late confirmations, the longest first."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_READ)
    found = []
    for told in overdue(tx, on=at.astimezone(JST).date()):
        company = recipient_by_id(tx, told.recipient)
        if company is None or told.answer_by is None:
            continue
        found.append(
            Unconfirmed(
                request=told.request,
                reference=case_by_id(tx, told.request).reference,
                recipient=company.source_key,
                name=company.name,
                answer_by=told.answer_by,
            )
        )
    return tuple(found)
