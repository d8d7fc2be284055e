"""Which reports a breach asks for, on which article, and until when; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from governance.core.clock import JST
from governance.core.terms import ActorId
from governance.registers.breaches.types import Breach, Duty, Ground, Topic
from policies.law.due import default_calendar, due
from policies.law.in_force import rule_set

Reported = Mapping[str, tuple[datetime, ActorId]]  # by report: when, and by whom


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that a law asks for."""

    name: str  # as it is stored; of a report with a clock the name of the clock
    obligation: str
    start: str | None = None  # the event that its clock starts at; none: promptly, without a number
    always: bool = True


FIRST: Final = Report(name="appi_sokuho", obligation="APPI-26-1S", start="known")  # 速報
FULL: Final = Report(name="appi_kakuho_30", obligation="APPI-26-1K", start="known")  # 確報
FULL_WRONGFUL: Final = Report(name="appi_kakuho_60", obligation="APPI-26-1K", start="known")
FULLS: Final = (FULL, FULL_WRONGFUL)
PERSONS: Final = Report(name="appi_persons", obligation="APPI-26-2")  # 本人への通知
EUROPE: Final = Report(name="gdpr_72h", obligation="GDPR-33-1", start="aware")
EUROPE_PERSONS: Final = Report(name="gdpr_persons", obligation="GDPR-34", always=False)
TO_PERSONS: Final = (Topic.OUTLINE, Topic.ITEMS, Topic.CAUSE, Topic.HARM, Topic.OTHER)  # Rule 10


def reports_for(grounds: frozenset[Ground]) -> tuple[Report, ...]:
    """APPI asks for reports on one of its four grounds, the GDPR unless there is no risk.

    Fails closed: whether anybody's data stands under the GDPR is not guessed.
    """
    europe = (EUROPE, EUROPE_PERSONS)
    if not grounds:
        return europe
    full = FULL_WRONGFUL if Ground.WRONGFUL in grounds else FULL
    return FIRST, full, PERSONS, *europe


def duties(breach: Breach, reported: Reported) -> tuple[Duty, ...]:
    """Each report with its last moment, by the law of the day on which it was known."""
    return tuple(_duty(one, breach, _made(one, reported)) for one in reports_for(breach.grounds))


def _made(report: Report, reported: Reported) -> tuple[datetime, ActorId] | None:
    """When it was made; a full report stands whichever of its two periods it was made in."""
    if report in FULLS:
        return next((reported[one.name] for one in FULLS if one.name in reported), None)
    return reported.get(report.name)


def _duty(report: Report, breach: Breach, made: tuple[datetime, ActorId] | None) -> Duty:
    at, by = made or (None, None)
    duty = Duty(
        rule=report.name,
        obligation=report.obligation,
        by=None,
        always=report.always,
        reported_at=at,
        reported_by=by,
    )
    return duty if report.start is None else _clocked(duty, report.start, breach)


def _clocked(duty: Duty, start: str, breach: Breach) -> Duty:
    """Day one is the day in Japan on which it was known; hours are the same everywhere."""
    known = breach.aware_at.astimezone(JST)
    rule = rule_set(known.date()).rule(duty.rule)
    found = due(rule, {start: known}, calendar=default_calendar(rule))
    return replace(duty, by=found.act_by, aim=found.soft, counted=found.reasons)
