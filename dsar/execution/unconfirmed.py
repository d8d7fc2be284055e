"""Recipients that were told and have not confirmed by their day, over all requests."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from dsar.execution.telling_store import TELLING
from dsar.execution.types import TellingState
from dsar.records import actor_of, demand
from dsar.store import REQUEST
from governance.core.clock import JST
from governance.core.terms import RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.registers.store import RECIPIENT
from policies.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """One company that should have confirmed."""

    request: RequestId
    reference: str
    recipient: str
    name: str
    answer_by: date

    def days(self, *, on: date) -> int:
        """How many days its day has passed."""
        return (on - self.answer_by).days


def unconfirmed(
    tx: Connection, ports: Ports, principal: Principal, *, at: datetime
) -> tuple[Unconfirmed, ...]:
    """Late confirmations for who may read requests, the longest first."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_READ)
    return late_confirmations(tx, on=at.astimezone(JST).date())


def late_confirmations(tx: Connection, *, on: date) -> tuple[Unconfirmed, ...]:
    """Late confirmations on this day, the longest first."""
    late = (TELLING.c.state == TellingState.TOLD.value) & (TELLING.c.answer_by < on)
    rows = tx.execute(
        select(
            REQUEST.c.id,
            REQUEST.c.reference,
            RECIPIENT.c.source_key,
            RECIPIENT.c.name,
            TELLING.c.answer_by,
        )
        .join(REQUEST, REQUEST.c.id == TELLING.c.request_id)
        .join(RECIPIENT, RECIPIENT.c.id == TELLING.c.recipient_id)
        .where(late)
        .order_by(TELLING.c.answer_by, TELLING.c.id)
    )
    return tuple(
        Unconfirmed(
            request=RequestId(row.id),
            reference=row.reference,
            recipient=row.source_key,
            name=row.name,
            answer_by=row.answer_by,
        )
        for row in rows
    )
