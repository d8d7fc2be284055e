"""A record of the register of breaches as programs read it, over HTTP and on the command line."""

from datetime import datetime
from typing import Any

from governance.registers.breaches.service import Standing
from governance.registers.breaches.types import Duty
from policies.law.types import When


def breach_shape(found: Standing, *, at: datetime) -> dict[str, Any]:
    """The record with its reports, without what was written of it."""
    one = found.breach
    return {
        "id": one.id,
        "kind": one.kind.value,
        "about": one.about,
        "grounds": sorted(one.grounds),
        "aware_at": one.aware_at.isoformat(),
        "recorded_by": one.recorded_by,
        "recorded_at": one.recorded_at.isoformat(),
        "outcome": one.outcome and one.outcome.value,
        "closed_by": one.closed_by,
        "closed_at": one.closed_at and one.closed_at.isoformat(),
        "reports": [_duty(duty, at=at) for duty in found.duties],
    }


def _duty(one: Duty, *, at: datetime) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "obligation": one.obligation,
        "always": one.always,
        "owed": one.owed,
        "by": _when(one.by),
        "aim": _when(one.aim),
        "overdue": one.overdue(at=at),
        "reported_at": _when(one.reported_at),
        "reported_by": one.reported_by,
    }


def _when(value: When | None) -> str | None:
    return None if value is None else value.isoformat()
