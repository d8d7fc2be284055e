"""A holding as it was kept with its decision, read back."""

import json
from datetime import date, datetime

from governance.core.terms import ActorId
from governance.identity.access.types import Holding, Mark, Row
from governance.identity.types import AccountState


def holding_of(row: Row) -> Holding:
    """What the decision in this row was about."""
    told = json.loads(row.held)
    return Holding(
        account=ActorId(told["account"]),
        system=told["system"],
        name=told["account"].partition(":")[2],
        state=AccountState(told["state"]),
        roles=frozenset(told["roles"]),
        claims=frozenset(told["claims"]),
        opens=frozenset(told["opens"]),
        categories=frozenset(told["categories"]),
        personal=told["personal"],
        grave=told["grave"],
        made_on=_day(told["made_on"]),
        used_on=_day(told["used_on"]),
        trained_until=_moment(told["trained_until"]),
        elevations=tuple(told["elevations"]),
        marks=tuple(Mark(one) for one in told["marks"]),
    )


def _day(said: str | None) -> date | None:
    return None if said is None else date.fromisoformat(said)


def _moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)
