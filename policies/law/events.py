"""Events that a rule counts from: their names, their order, their days in the calendar's zone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from policies.law.calendars import Calendar
from policies.law.errors import (
    DuplicateEventError,
    EventOrderError,
    InstantNeededError,
    MissingEventError,
    NaiveInstantError,
    PauseNotAllowedError,
    UnknownEventError,
)
from policies.law.types import DeadlineRule, Unit, When

# Short names of the events that the rules start from; a rule's own word works too.
START_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "request_received": "received",
        "breach_aware": "aware",
        "data_obtained_from_third_party": "obtained",
        "request_complete": "complete",
        "breach_known": "known",
        "request_arrived": "arrived",
        "record_created": "created",
        "last_provision_in_batch": "last_provision",
        "last_provision_under_contract": "last_provision",
    }
)
# Ground of a pause: prefix of its two events.
PAUSE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "identity_doubt": "id",
        "identity": "id",
        "scope_clarification_large_data": "scope",
        "data_specification": "scope",
        "agent_authority": "agent",
        "fee_payment": "fee",
    }
)
NOTICE = "extension_notice"
FISCAL_YEAR_END = "fy_end"
COMPARED: Mapping[str, str] = MappingProxyType({"return_deadline": FISCAL_YEAR_END})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A stretch in which the clock stands; still open while unanswered."""

    ground: str
    asked: When
    answered: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNames:
    """Names of the events that a rule takes."""

    start: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every name, the start's first."""
        return self.start + self.optional


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A pause in days of the calendar's zone."""

    ground: str
    asked: date
    answered: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Events of one case, resolved for one rule."""

    start: When
    notice: date | None
    also: Mapping[str, date]
    compared: date | None
    stops: tuple[Stop, ...]


def event_names(rule: DeadlineRule) -> EventNames:
    """Names that this rule takes under `--event`."""
    optional = list(rule.also)
    if rule.extends is not None or rule.extension_id is not None:
        optional.append(NOTICE)
    if (compared := COMPARED.get(rule.start or "")) is not None:
        optional.append(compared)
    for ground in rule.pauses:
        prefix = PAUSE_NAMES.get(ground, ground)
        optional += [f"{prefix}_asked", f"{prefix}_answered"]
    return EventNames(start=start_names(rule), optional=tuple(optional))


def start_names(rule: DeadlineRule) -> tuple[str, ...]:
    """Names of the event that starts the rule, the short one first."""
    match rule.unit:
        case Unit.CONTINUOUS:
            return ()
        case Unit.BEFORE_EVENT | Unit.AT_EVENT if rule.start is None:
            return ("event",)
        case _:
            start = rule.start or "start"
            short = START_NAMES.get(start, start)
            return (short,) if short == start else (short, start)


def given(
    rule: DeadlineRule,
    events: Mapping[str, When],
    *,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
) -> Given:
    """The events in their roles; an unknown, doubled, missing or misplaced one is refused."""
    names = event_names(rule)
    for name in events:
        if name not in names.all:
            raise UnknownEventError(event=name, rule=rule.id, allowed=", ".join(names.all))
    start = start_event(rule, events, names)
    first = day_of(start, calendar)
    days = {
        name: day_of(aware(events[name], name), calendar)
        for name in names.optional
        if name in events
    }
    for name, day in days.items():
        if day < first and name != FISCAL_YEAR_END:
            raise EventOrderError(event=name, before=names.start[0])
    return Given(
        start=start,
        notice=days.get(NOTICE),
        also=MappingProxyType({name: days[name] for name in rule.also if name in days}),
        compared=days.get(FISCAL_YEAR_END),
        stops=(*named_stops(rule, days), *further_stops(rule, pauses, first, calendar)),
    )


def start_event(rule: DeadlineRule, events: Mapping[str, When], names: EventNames) -> When:
    """The event that starts the rule; an instant for hours."""
    found = [name for name in names.start if name in events]
    if not found:
        raise MissingEventError(event=names.start[0], rule=rule.id)
    if len(found) > 1:
        raise DuplicateEventError(event=found[0], other=found[1])
    when = aware(events[found[0]], found[0])
    if rule.unit is Unit.HOURS and not isinstance(when, datetime):
        raise InstantNeededError(event=found[0], rule=rule.id)
    return when


def aware(when: When, name: str) -> When:
    """The event itself; an instant without offset is refused."""
    if isinstance(when, datetime) and when.utcoffset() is None:
        raise NaiveInstantError(event=name)
    return when


def day_of(when: When, calendar: Calendar) -> date:
    """The day of an event where the action is taken; by its own offset where no zone is known."""
    if not isinstance(when, datetime):
        return when
    return (when.astimezone(calendar.zone) if calendar.zone else when).date()


def named_stops(rule: DeadlineRule, days: Mapping[str, date]) -> tuple[Stop, ...]:
    """Pauses given as a pair of events, one per ground."""
    stops = []
    for ground in rule.pauses:
        prefix = PAUSE_NAMES.get(ground, ground)
        asked, answered = days.get(f"{prefix}_asked"), days.get(f"{prefix}_answered")
        if asked is None:
            if answered is not None:
                raise MissingEventError(event=f"{prefix}_asked", rule=rule.id)
            continue
        stops.append(stop(ground, asked, answered, name=prefix))
    return tuple(stops)


def further_stops(
    rule: DeadlineRule, pauses: Iterable[Pause], first: date, calendar: Calendar
) -> tuple[Stop, ...]:
    """Pauses of a case's clock ledger."""
    stops = []
    for pause in pauses:
        if pause.ground not in rule.pauses:
            raise PauseNotAllowedError(ground=pause.ground, rule=rule.id)
        name = PAUSE_NAMES.get(pause.ground, pause.ground)
        asked = day_of(aware(pause.asked, f"{name}_asked"), calendar)
        if asked < first:
            raise EventOrderError(event=f"{name}_asked", before=event_names(rule).start[0])
        end = pause.answered
        answered = None if end is None else day_of(aware(end, f"{name}_answered"), calendar)
        stops.append(stop(pause.ground, asked, answered, name=name))
    return tuple(stops)


def stop(ground: str, asked: date, answered: date | None, *, name: str) -> Stop:
    """One pause; the answer cannot come before the question."""
    if answered is not None and answered < asked:
        raise EventOrderError(event=f"{name}_answered", before=f"{name}_asked")
    return Stop(ground=ground, asked=asked, answered=answered)
