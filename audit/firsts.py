"""Which acts somebody has done before, and when for the first time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from audit.actions import EventCode
from audit.models import EVENTS
from audit.types import Outcome
from governance.core.terms import ActorId

LOOKED_AT: Final = 5_000  # an actor's first events; a look costs no more, however long they stay
REFUSED: Final = (Outcome.DENY.value, Outcome.FAILED.value)


def first_acts(
    tx: Connection, actor: ActorId, codes: Iterable[EventCode]
) -> Mapping[EventCode, datetime]:
    """When the actor did each of these acts for the first time, among their first 5,000 events.

    What was refused or failed is not done; an act that is missing was not done.
    """
    early = (
        select(EVENTS.c.action, EVENTS.c.occurred_at, EVENTS.c.outcome)
        .where(EVENTS.c.actor == actor)
        .order_by(EVENTS.c.id)
        .limit(LOOKED_AT)
        .subquery()
    )
    wanted = [code.value for code in codes]
    found = tx.execute(
        select(early.c.action, func.min(early.c.occurred_at).label("at"))
        .where(early.c.action.in_(wanted), early.c.outcome.not_in(REFUSED))
        .group_by(early.c.action)
    )
    return {EventCode(row.action): row.at for row in found}
