"""The browser signal Global Privacy Control: `Sec-GPC: 1` narrows what the purposes say it narrows.

A signal is kept once for each way by which it comes: a browser that goes on sending it does not
take back what the person explicitly opted in to since.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from consent.choices import Choice
from consent.ledger import EVENT
from consent.service import choose
from consent.types import EVERY, EventKind
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.customers.upkeep.merges import circle, survivor_of
from governance.http.principal import Principal

HEADER: Final = "sec-gpc"
PREFIX: Final = "gpc:"


def sent(headers: Mapping[str, str]) -> bool:
    """Whether the request carries the signal (W3C Global Privacy Control: exactly "1")."""
    return headers.get(HEADER, "").strip() == "1"


def note_gpc(
    ports: Ports, principal: Principal, subject: SubjectId, *, source: str, at: datetime
) -> int | None:
    """The ledger position of the signal; None when it came by this way before."""
    with ports.database.read() as tx:
        if came_before(tx, subject, source):
            return None
    return choose(ports, principal, signal_of(subject, source), at=at)


def signal_of(subject: SubjectId, source: str) -> Choice:
    """The signal as an entry of the ledger: to every purpose, each of which says what it heeds."""
    return Choice(
        subject=subject,
        purpose=EVERY,
        kind=EventKind.SIGNAL,
        method="browser",
        place=source,
        action=HEADER,
        source=f"{PREFIX}{source}",
    )


def received(tx: Connection, subject: SubjectId) -> datetime | None:
    """When the person's browser last sent the signal for the first time by some way."""
    wanted = select(EVENT.c.occurred_at).where(
        _of(tx, subject), EVENT.c.kind == EventKind.SIGNAL.value
    )
    return tx.execute(wanted.order_by(EVENT.c.seq.desc()).limit(1)).scalar()


def came_before(tx: Connection, subject: SubjectId, source: str) -> bool:
    """Whether the signal is in the ledger by this way already."""
    wanted = select(EVENT.c.seq).where(
        _of(tx, subject),
        EVENT.c.kind == EventKind.SIGNAL.value,
        EVENT.c.source_key == f"{PREFIX}{source}",
    )
    return tx.execute(wanted.limit(1)).first() is not None


def _of(tx: Connection, subject: SubjectId) -> ColumnElement[bool]:
    return EVENT.c.subject_id.in_(circle(tx, survivor_of(tx, subject)))
