"""How connected systems stand: what they answered last, how often not, what colleagues owe."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from dsar.connected.sources import PREFIX, source_of
from dsar.results import FAILED, RESULT
from governance.connectors import tasks
from governance.connectors.types import Connector, ConnectorKind, Health
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action
from policies.api import ensure
from policies.types import Label

LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One connected system."""

    name: str
    label: Label
    kind: ConnectorKind
    last_at: datetime | None = None  # when it was asked last for a request
    last_code: str | None = None  # why that was no answer; None: it answered, or nobody asked
    failures: int = 0  # of the last thirty days
    waiting: int = 0  # tasks that a colleague has not answered
    health: Health | None = None  # None: nobody looked now


def listing(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    connectors: Iterable[Connector],
    *,
    at: datetime,
) -> tuple[Standing, ...]:
    """Every declared system by what is on file; none of them is asked."""
    ensure(principal, Action.CONNECTOR_READ, ports.policies.current)
    lately = _failures(tx, since=at - LATELY)
    owed = [task.connector for task in tasks.listed(tx, waiting=True)]
    return tuple(
        _standing(
            tx, one, failures=lately.get(source_of(one.name), 0), waiting=owed.count(one.name)
        )
        for one in connectors
    )


def _standing(tx: Connection, one: Connector, *, failures: int, waiting: int) -> Standing:
    last = tx.execute(
        select(RESULT.c.at, RESULT.c.outcome, RESULT.c.code)
        .where(RESULT.c.source == source_of(one.name))
        .order_by(RESULT.c.at.desc(), RESULT.c.id.desc())
        .limit(1)
    ).one_or_none()
    return Standing(
        name=one.name,
        label=one.label,
        kind=one.kind,
        last_at=None if last is None else last.at,
        last_code=None if last is None or last.outcome != FAILED else last.code,
        failures=failures,
        waiting=waiting,
    )


def _failures(tx: Connection, *, since: datetime) -> Mapping[str, int]:
    rows = tx.execute(
        select(RESULT.c.source, func.count())
        .where(
            RESULT.c.source.startswith(PREFIX, autoescape=True),
            RESULT.c.outcome == FAILED,
            RESULT.c.at >= since,
        )
        .group_by(RESULT.c.source)
    )
    return {source: int(count) for source, count in rows}


def with_health(
    standing: Iterable[Standing], connectors: Iterable[Connector], *, at: datetime
) -> tuple[Standing, ...]:
    """Each system was asked now whether it answers; call outside a transaction."""
    looked = {one.name: one.health(at=at) for one in connectors}
    return tuple(replace(one, health=looked[one.name]) for one in standing)
