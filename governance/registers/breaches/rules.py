"""Which reports a breach asks for, and until when; pure."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from governance.core.clock import JST
from governance.registers.breaches.types import Breach, Duty, Ground
from policies.law.due import default_calendar, due
from policies.law.in_force import rule_set

FIRST: Final = "appi_sokuho"  # 速報 (APPI 26(1), Rule 8(1))
FULL: Final = "appi_kakuho_30"  # 確報 (Rule 8(2))
FULL_WRONGFUL: Final = "appi_kakuho_60"  # where it may have been done on purpose (Rule 7(iii))
EUROPE: Final = "gdpr_72h"  # GDPR 33(1)
_START: Final = MappingProxyType(
    {FIRST: "known", FULL: "known", FULL_WRONGFUL: "known", EUROPE: "aware"}
)


def rules_for(grounds: frozenset[Ground]) -> tuple[str, ...]:
    """Rules of law.yaml; APPI asks for reports on one of its four grounds, the GDPR unless no risk.

    Fails closed: whether anybody's data stands under the GDPR is not guessed.
    """
    if not grounds:
        return (EUROPE,)
    return FIRST, (FULL_WRONGFUL if Ground.WRONGFUL in grounds else FULL), EUROPE


def duties(breach: Breach, reported: Mapping[str, datetime]) -> tuple[Duty, ...]:
    """Each report with its last moment, by the law of the day on which it was known."""
    law = rule_set(breach.aware_at.astimezone(JST).date())
    found = []
    for name in rules_for(breach.grounds):
        rule = law.rule(name)
        dated = due(rule, {_START[name]: breach.aware_at}, calendar=default_calendar(rule))
        found.append(Duty(rule=name, by=dated.act_by, reported_at=reported.get(name)))
    return tuple(found)
