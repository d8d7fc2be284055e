"""What a day brings about for persons without anybody writing: birthdays and ends of consents."""

from datetime import datetime

from sqlalchemy import Connection

from consent.expiring import expire_due
from governance.app.wiring import SYSTEM, Wiring
from governance.core.terms import SubjectId
from governance.gateway.around.effects import refresh
from governance.jobs.types import Step


def come_of_age_step(
    wiring: Wiring, tx: Connection, /, *, cursor: str | None, limit: int, at: datetime
) -> Step:
    """Minors and persons with a representative stand as this day makes them."""
    done, last = refresh(
        tx,
        wiring.ports,
        after=SubjectId(cursor) if cursor else None,
        limit=limit,
        by=SYSTEM,
        at=at,
    )
    return Step(done=done, cursor=last, finished=last is None)


def end_consents_step(
    wiring: Wiring, tx: Connection, /, *, cursor: str | None, limit: int, at: datetime
) -> Step:
    """Consents that have ended say so in the ledger."""
    done, last = expire_due(tx, wiring.ports, after=int(cursor or 0), limit=limit, by=SYSTEM, at=at)
    return Step(done=done, cursor=None if last is None else str(last), finished=last is None)
