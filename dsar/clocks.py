"""Clocks of a request: which step starts, stops, pauses or extends one, and the days they give."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, assert_never

from dsar.case import Case, ClockEntry, Dates, Track
from dsar.machine import Step
from dsar.types import ClockKind, Event
from governance.core.clock import JST
from governance.core.terms import Law
from policies.law.calendars import JAPAN_OFFICES, NO_CALENDAR, Calendar, calendar_of
from policies.law.dates import Due
from policies.law.due import due
from policies.law.events import Pause, day_of
from policies.law.in_force import rule_set
from policies.law.load import RuleSet

MONTH, EXTENDED = "gdpr_1m", "gdpr_ext_3m"
PROMPTLY, SUIT = "appi_chitai", "appi_39_2w"
IN_JAPAN: Final = replace(NO_CALENDAR, zone=JST)  # where the requests arrive; no closed days
RUNNING: Mapping[Law, str] = MappingProxyType({Law.GDPR: MONTH, Law.APPI: PROMPTLY})


def first_entries(law: Law, *, received_at: datetime) -> tuple[ClockEntry, ...]:
    """The clock that runs from arrival at any official channel, not from reading."""
    rule = MONTH if law is Law.GDPR else SUIT
    return (ClockEntry(law=law, rule=rule, kind=ClockKind.START, at=received_at),)


def entries_of(
    case: Case,
    track: Track,
    known: Step,
    *,
    at: datetime,
    ground: str | None,
    until: date | None = None,
) -> tuple[ClockEntry, ...]:
    """What a step writes into the clock ledger, as the table says; what does not run stands."""
    found: list[ClockEntry] = []
    paused = open_pause(track.clocks)
    if paused is not None and (known.moves or known.event is Event.RELEASE):
        found.append(replace(paused, kind=ClockKind.RESUME, at=at, until=None))
    for kind in known.clocks:
        entry = ClockEntry(law=track.law, rule=RUNNING[track.law], kind=kind, at=at)
        match kind:
            case ClockKind.RESUME:
                continue  # said above: only what was paused goes on
            case ClockKind.PAUSE if known.pause is not None:
                found.append(replace(entry, ground=known.pause))
            case ClockKind.PAUSE:
                if pauses_policy(case, track, ground):
                    found.append(replace(entry, ground=ground, until=until))
            case ClockKind.EXTENSION:
                found.append(replace(entry, rule=EXTENDED, ground=ground))
            case ClockKind.START | ClockKind.STOP:
                found.append(entry)
            case _:
                assert_never(kind)
    return tuple(found)


def pauses_policy(case: Case, track: Track, ground: str | None) -> bool:
    """Whether a hold for this ground stops our own clock, which must run for that."""
    running = any(entry.rule == PROMPTLY for entry in track.clocks)
    return running and ground in _rules(case).rule(PROMPTLY).pauses


def open_pause(clocks: Iterable[ClockEntry]) -> ClockEntry | None:
    """The pause that nobody has ended."""
    found = None
    for entry in clocks:
        if entry.kind is ClockKind.PAUSE:
            found = entry
        elif entry.kind is ClockKind.RESUME:
            found = None
    return found


def pauses_of(clocks: Iterable[ClockEntry], *, at: datetime | None = None) -> tuple[Pause, ...]:
    """Every stretch in which the clock stood, the last one maybe open; none outlasts its end."""
    pauses: list[Pause] = []
    ends: list[date | None] = []
    for entry in clocks:
        if entry.kind is ClockKind.PAUSE and entry.ground is not None:
            pauses.append(Pause(ground=entry.ground, asked=entry.at))
            ends.append(entry.until)
        elif entry.kind is ClockKind.RESUME and pauses:
            pauses[-1] = replace(pauses[-1], answered=entry.at)
    return tuple(_ended(pause, end, at=at) for pause, end in zip(pauses, ends, strict=True))


def _ended(pause: Pause, end: date | None, *, at: datetime | None) -> Pause:
    """The pause, over on its own last day when nobody ended it before."""
    seen = pause.answered or at
    if end is None or seen is None or day_of(seen, JAPAN_OFFICES) <= end:
        return pause
    return replace(pause, answered=max(end, day_of(pause.asked, JAPAN_OFFICES)))


def ended_at(clocks: Iterable[ClockEntry]) -> datetime | None:
    """When the clock stopped for good: answered, or taken back; None while it runs."""
    return next((entry.at for entry in clocks if entry.kind is ClockKind.STOP), None)


def extension_of(clocks: Iterable[ClockEntry]) -> ClockEntry | None:
    """The extension, which a request has once at most."""
    return next((entry for entry in clocks if entry.kind is ClockKind.EXTENSION), None)


def extension_in_time(case: Case, track: Track, *, at: datetime) -> bool:
    """Whether an extension told now is told inside the first period (GDPR 12(3))."""
    calendar = _calendar(case)
    told = due(
        _rules(case).rule(MONTH),
        {"received": case.received_at, "extension_notice": at},
        calendar=calendar,
        pauses=pauses_of(track.clocks),
        at=at,
    )
    if told.extension_valid is False:
        return False
    limit = told.legal or told.work_to or told.nominal
    return limit is None or day_of(at, calendar) <= limit


def dates_of(case: Case, track: Track, *, at: datetime) -> Dates:
    """The days of a track as the law book counts them; an open pause counts up to `at`."""
    match track.law:
        case Law.GDPR:
            return _gdpr(case, track, at=at)
        case Law.APPI:
            return _appi(case, track, at=at)
        case Law.MYNUMBER:
            return _dates(track, SUIT, None, suit_from=None)


def answer_by(case: Case, *, at: datetime) -> date | None:
    """The earliest day of the laws still to be answered; one that gives no day is passed over."""
    return earliest(case, {track.law: dates_of(case, track, at=at) for track in case.tracks})


def earliest(case: Case, dates: Mapping[Law, Dates]) -> date | None:
    """The same, of dates that were counted already; none is left once every law is answered."""
    waiting = (track for track in case.tracks if ended_at(track.clocks) is None)
    days = (dates[track.law].act_by for track in waiting)
    return min((day for day in days if day is not None), default=None)


def _rules(case: Case) -> RuleSet:
    """The law of the day on which the request arrived."""
    return rule_set(case.received_at.astimezone(JST).date())


def _calendar(case: Case) -> Calendar:
    """The case's calendar; where none clearly applies, a day is the day in Japan.

    What was stored comes back in UTC: its own offset would move the day, and with it the answer.
    """
    return IN_JAPAN if case.calendar == NO_CALENDAR.name else calendar_of(case.calendar)


def _gdpr(case: Case, track: Track, *, at: datetime) -> Dates:
    extension = extension_of(track.clocks)
    events = {"received": case.received_at}
    if extension is not None:
        events["extension_notice"] = extension.at
    rule = EXTENDED if extension is not None else MONTH
    found = due(
        _rules(case).rule(rule),
        events,
        calendar=_calendar(case),
        pauses=pauses_of(track.clocks),
        at=at,
    )
    return _dates(track, rule, found, suit_from=None)


def _appi(case: Case, track: Track, *, at: datetime) -> Dates:
    rules, offices = _rules(case), JAPAN_OFFICES
    suit = due(rules.rule(SUIT), {"arrived": case.received_at}, calendar=offices, at=at)
    complete = next((entry for entry in track.clocks if entry.rule == PROMPTLY), None)
    if complete is None:
        return _dates(track, SUIT, None, suit_from=suit.legal)
    target = replace(rules.rule(PROMPTLY), policy_days=case.policy_days)
    found = due(
        target,
        {"complete": complete.at},
        calendar=offices,
        pauses=pauses_of(track.clocks, at=at),
        at=at,
    )
    return _dates(track, PROMPTLY, found, suit_from=suit.legal)


def _dates(track: Track, rule: str, found: Due | None, *, suit_from: date | None) -> Dates:
    act_by = found.act_by if found is not None else None
    return Dates(
        law=track.law,
        rule=rule,
        act_by=act_by.date() if isinstance(act_by, datetime) else act_by,
        nominal=found.nominal if found else None,
        legal=found.legal if found else None,
        policy_due=found.policy_due if found else None,
        suit_from=suit_from,
        paused_since=found.paused_since if found else None,
        reason_ja=found.reason_ja if found else "",
        reason_en=found.reason_en if found else "",
    )
