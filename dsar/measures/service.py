"""Figures and forecast for whoever may read requests; codes, days and counts alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import Connection

from dsar.measures.rows import lives
from dsar.measures.rules import (
    Age,
    Forecast,
    RightFigures,
    ageing,
    by_right,
    forecast,
    promises_kept,
    refusals,
)
from dsar.records import actor_of, demand
from dsar.types import Ground
from governance.core.clock import JST
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of requests at work since a moment."""

    on: date
    ageing: Mapping[Age, int]
    rights: tuple[RightFigures, ...]
    refusals: Mapping[Ground, int]
    kept: Fraction | None  # answers by their day


def figures(
    tx: Connection, ports: Ports, principal: Principal, *, since: datetime, at: datetime
) -> Figures:
    """What was at work since then: how old, how many, how long, how often refused and why."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_READ)
    found, on = lives(tx, since=since), _day(at)
    return Figures(
        on=on,
        ageing=ageing(found, on=on),
        rights=by_right(found, on=on),
        refusals=refusals(found),
        kept=promises_kept(found, on=on),
    )


def overdue_by(
    tx: Connection, ports: Ports, principal: Principal, by: date, *, at: datetime
) -> Forecast:
    """Which requests will be overdue by that day if work goes on at the present pace."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_READ)
    return forecast(lives(tx), today=_day(at), by=by)


def _day(at: datetime) -> date:
    return at.astimezone(JST).date()
