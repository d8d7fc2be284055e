"""Figures of requests for other features: corrections that persons asked for (APPI 34, GDPR 16)."""

from datetime import datetime

from sqlalchemy import Connection, select

from dsar.models import RequestRow, TrackRow
from dsar.types import RequestKind
from governance.customers.upkeep.measures import Corrections
from governance.db.types import table_of

REQUEST, TRACK = table_of(RequestRow), table_of(TrackRow)
CORRECTING = (RequestKind.CORRECTION.value, RequestKind.RECTIFICATION.value)


def corrections(tx: Connection, *, since: datetime) -> Corrections:
    """Correction requests received since then: how many, how many carried out, in how many days."""
    asked = select(TRACK.c.request_id).where(TRACK.c.kind.in_(CORRECTING))
    rows = tx.execute(
        select(REQUEST.c.executed, REQUEST.c.received_at, REQUEST.c.last_at).where(
            REQUEST.c.received_at >= since, REQUEST.c.id.in_(asked)
        )
    ).all()
    done = [row for row in rows if row.executed]
    days = sum(max(0, (row.last_at - row.received_at).days) for row in done)
    return Corrections(received=len(rows), applied=len(done), days=days)
