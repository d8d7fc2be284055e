"""What others hold of the log: witnesses and time-stamping authorities, and what they saw last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from audit.stamps.models import STAMPS
from audit.witness.models import COSIGNATURES


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider:
    """A witness or an authority, and the newest head it saw."""

    name: str
    size: int
    at: datetime
    heads: int  # different heads that it saw in the time asked for


def witnesses(
    tx: Connection, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[Outsider, ...]:
    """Every witness that ever cosigned."""
    columns = COSIGNATURES.c.witness, COSIGNATURES.c.size, COSIGNATURES.c.received_at
    return _seen(tx, *columns, since=since, until=until)


def authorities(
    tx: Connection, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[Outsider, ...]:
    """Every time-stamping authority (RFC 3161) whose token we hold."""
    columns = STAMPS.c.authority, STAMPS.c.size, STAMPS.c.stamped_at
    return _seen(tx, *columns, since=since, until=until)


def _seen(
    tx: Connection,
    name: ColumnElement[Any],
    size: ColumnElement[Any],
    at: ColumnElement[Any],
    *,
    since: datetime | None,
    until: datetime | None,
) -> tuple[Outsider, ...]:
    newest: dict[str, tuple[int, datetime]] = {}
    heads: dict[str, set[int]] = {}
    for who, seen, when in tx.execute(select(name, size, at).order_by(size)):
        newest[who] = (seen, when)
        if (since is None or since <= when) and (until is None or when < until):
            heads.setdefault(who, set()).add(seen)
    return tuple(
        Outsider(name=who, size=seen, at=when, heads=len(heads.get(who, ())))
        for who, (seen, when) in sorted(newest.items())
    )
