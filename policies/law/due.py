"""When something is due: one pure function over rule, events and calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from policies.law.calendars import (
    JAPAN_OFFICES,
    NO_CALENDAR,
    Calendar,
    calendar_of,
    is_member_state,
    next_open,
)
from policies.law.counting import (
    DAYS,
    MONTHS,
    add_days,
    add_hours,
    add_months,
    default_mode,
    has_corresponding_date,
    last_day,
)
from policies.law.dates import Due
from policies.law.errors import CalendarMismatchError, ImpossibleDateError, UnknownEventError
from policies.law.events import Given, Pause, day_of, given
from policies.law.keeping import kept
from policies.law.pauses import Standing, standing
from policies.law.reasons import (
    Reason,
    Span,
    Word,
    counting_cite,
    reason,
    rolling_cite,
    title,
)
from policies.law.types import (
    JP_ADMIN,
    DayOne,
    DeadlineRule,
    RuleKind,
    Unit,
    When,
)


def due(
    rule: DeadlineRule,
    events: Mapping[str, When],
    *,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    at: datetime | None = None,
) -> Due:
    """The dates that the rule gives; `at` counts a pause that is still open up to that moment."""
    empty = Due(rule=rule.id, calendar=calendar.name, reasons=())
    if rule.unit is Unit.CONTINUOUS:
        return continuous(empty, rule, events)
    facts = given(rule, events, calendar=calendar, pauses=pauses)
    today = None if at is None else day_of(at, calendar)
    match rule.unit:
        case Unit.BEFORE_EVENT | Unit.AT_EVENT:
            words = reason(rule.unit.value, rule=title(rule), event=facts.start)
            return replace(empty, due=facts.start, reasons=(words,))
        case Unit.ASAP:
            return promptly(empty, rule, facts, calendar, today)
        case Unit.HOURS:
            return within_hours(empty, rule, facts, calendar)
        case Unit.DAYS | Unit.WEEKS | Unit.MONTHS | Unit.YEARS:
            start = day_of(facts.start, calendar)
            if rule.kind is RuleKind.RETAIN_AT_LEAST:
                return kept(empty, rule, start, facts.compared)
            if rule.soft_amount is not None:
                return guided(empty, rule, start, soft=rule.soft_amount)
            return within_days(empty, rule, facts, calendar, today)


def default_calendar(rule: DeadlineRule) -> Calendar:
    """The calendar that the rule itself names; none where a Member State must be chosen."""
    match rule.closed_days:
        case None | "member_state_of_action":
            return NO_CALENDAR
        case "jp_admin":
            return JAPAN_OFFICES
        case country:
            return calendar_of(country)


def continuous(empty: Due, rule: DeadlineRule, events: Mapping[str, When]) -> Due:
    """No date: the duty never ends."""
    for name in events:
        raise UnknownEventError(event=name, rule=rule.id, allowed="-")
    return replace(empty, reasons=(reason("continuous", rule=title(rule)),))


def promptly(
    empty: Due, rule: DeadlineRule, facts: Given, calendar: Calendar, today: date | None
) -> Due:
    """Our policy's day for a duty without a number (PPC Q&A 9-12)."""
    start = day_of(facts.start, calendar)
    if rule.policy_days is None:
        return replace(empty, reasons=(reason("asap", rule=title(rule), start=start),))
    clock = standing(
        add_days(start, rule.policy_days), facts.stops, start=start, at=today, prompt_days=None
    )
    days = Span(amount=rule.policy_days, unit=Unit.DAYS)
    words = reason("asap_policy", rule=title(rule), start=start, span=days, policy=clock.last)
    return replace(
        empty,
        policy_due=clock.last,
        paused_days=clock.days if facts.stops else None,
        paused_since=clock.open_since,
        reasons=(*clock.reasons, words),
    )


def within_hours(empty: Due, rule: DeadlineRule, facts: Given, calendar: Calendar) -> Due:
    """Exact elapsed hours, told in the zone's offset (1182/71 Art. 3(4): hours never roll)."""
    if not isinstance(facts.start, datetime) or rule.amount is None:
        raise ImpossibleDateError(event="start")  # given() admits only instants for hours
    zone = calendar.zone or facts.start.tzinfo or UTC
    try:
        end = add_hours(facts.start, rule.amount).astimezone(zone)
        start = facts.start.astimezone(zone)
    except OverflowError:
        raise ImpossibleDateError(event="end") from None
    span = Span(amount=rule.amount, unit=Unit.HOURS)
    words = reason("hours", rule=title(rule), start=start, span=span, due=end)
    return replace(empty, due=end, reasons=(words,))


def guided(empty: Due, rule: DeadlineRule, start: date, *, soft: int) -> Due:
    """Day to aim at and latest day of a guideline figure; closed days move neither."""
    mode = rule.day_one or default_mode(rule.unit)
    aim = last_day(start, soft, rule.unit, mode)
    hard = last_day(start, rule.amount or 0, rule.unit, mode)
    words = reason(
        "guideline_inclusive" if mode is DayOne.INCLUSIVE else "guideline",
        rule=title(rule),
        start=start,
        soft=aim,
        soft_span=Span(amount=soft, unit=rule.unit),
        hard=hard,
        hard_span=Span(amount=rule.amount or 0, unit=rule.unit),
    )
    return replace(empty, soft=aim, hard=hard, reasons=(words,))


def within_days(
    empty: Due, rule: DeadlineRule, facts: Given, calendar: Calendar, today: date | None
) -> Due:
    """Last day of a period in days to years: counted, stopped, brought forward, rolled."""
    if rule.extends is not None:
        return extended(empty, rule, facts, calendar, today)
    result = counted(empty, rule, facts, calendar, today)
    if facts.notice is None or rule.extension_id is None:
        return result
    limit = result.legal or result.nominal or facts.notice
    in_time = facts.notice <= limit
    longer = Word(group="rule", name=rule.extension_id)
    words = (
        reason("extension_governs", notice=facts.notice, longer=longer)
        if in_time
        else reason("extension_late", notice=facts.notice, limit=limit, last=limit)
    )
    return replace(result, extension_valid=in_time, reasons=(*result.reasons, words))


def counted(
    empty: Due, rule: DeadlineRule, facts: Given, calendar: Calendar, today: date | None
) -> Due:
    """The period itself, without any extension."""
    start, amount = day_of(facts.start, calendar), rule.amount or 0
    mode = rule.day_one or default_mode(rule.unit)
    first_end = last_day(start, amount, rule.unit, mode)
    clock = standing(first_end, facts.stops, start=start, at=today)
    words = [count_reason(rule, start, first_end, mode), *clock.reasons]
    if facts.stops:
        words.append(reason("pause_result", last=clock.last, no_pause=first_end))
    result = replace(
        empty,
        nominal=clock.last,
        nominal_no_pause=first_end if facts.stops else None,
        paused_days=clock.days if facts.stops else None,
        paused_since=clock.open_since,
        reasons=tuple(words),
    )
    return cautious(brought_forward(rolled(result, rule, calendar), facts.also), clock)


def count_reason(rule: DeadlineRule, start: date, end: date, mode: DayOne) -> Reason:
    """The sentence that says how the last day was counted."""
    key = {
        DayOne.CORRESPONDING: "count_corresponding",
        DayOne.EXCLUSIVE: "count_exclusive",
        DayOne.INCLUSIVE: "count_inclusive",
        DayOne.INSTANT: "count_exclusive",
    }[mode]
    amount = rule.amount or 0
    if mode is DayOne.CORRESPONDING:
        if rule.unit in DAYS:
            key = "count_exclusive"
        elif not has_corresponding_date(start, amount * MONTHS[rule.unit]):
            key = "count_clamped"
    span = Span(amount=amount, unit=rule.unit)
    cite = counting_cite(rule, mode)
    return reason(key, rule=title(rule), start=start, span=span, nominal=end, cite=cite)


def rolled(result: Due, rule: DeadlineRule, calendar: Calendar) -> Due:
    """The last day moved to an open one where the law says so and the calendar knows."""
    nominal, closed_days = result.nominal, rule.closed_days
    if nominal is None:
        return result
    if closed_days is None:
        words = reason("never_moves")
        return replace(result, legal=nominal, reasons=(*result.reasons, words))
    if not calendar.knows_closed_days:
        words = reason("no_calendar", work_to=nominal)
        return replace(result, work_to=nominal, reasons=(*result.reasons, words))
    refuse_other_calendar(rule, closed_days, calendar)
    legal, passed = next_open(nominal, calendar)
    place = Word(group="place", name=calendar.name)
    words = (
        reason("moved", closed=passed, legal=legal, cite=rolling_cite(rule))
        if passed
        else reason("open", place=place, legal=legal)
    )
    return replace(result, legal=legal, reasons=(*result.reasons, words))


def refuse_other_calendar(rule: DeadlineRule, closed_days: str, calendar: Calendar) -> None:
    """Fails closed: another authority's closed days would give a wrong date."""
    match closed_days:
        case "jp_admin":
            fits = calendar.name == JP_ADMIN
        case "member_state_of_action":
            fits = is_member_state(calendar)
        case country:
            fits = calendar.name.split("-")[0] == country.split("-")[0]
    if not fits:
        raise CalendarMismatchError(rule=rule.id, calendar=calendar.name, expected=closed_days)


def brought_forward(result: Due, also: Mapping[str, date]) -> Due:
    """The earliest of the period and the events that end it (GDPR Art. 14(3)(b), (c))."""
    for name, day in sorted(also.items(), key=lambda item: item[1]):
        last = result.legal or result.nominal
        if last is None or day >= last:
            continue
        words = reason("sooner", event=Word(group="event", name=name), day=day)
        result = replace(
            result,
            nominal=earlier(result.nominal, day),
            legal=earlier(result.legal, day),
            work_to=earlier(result.work_to, day),
            reasons=(*result.reasons, words),
        )
    return result


def earlier(one: date | None, other: date) -> date | None:
    """The earlier day; None stays None."""
    return None if one is None else min(one, other)


def cautious(result: Due, clock: Standing) -> Due:
    """A day to work to where a pause was asked for late and might not count."""
    if clock.cautious == clock.last:
        return result
    work_to = min(clock.cautious, result.work_to or clock.cautious)
    words = reason("work_without_pause", work_to=work_to)
    return replace(result, work_to=work_to, reasons=(*result.reasons, words))


def extended(
    empty: Due, rule: DeadlineRule, facts: Given, calendar: Calendar, today: date | None
) -> Due:
    """The longer period, counted from the same event; only if told inside the first one."""
    base = rule.extends or rule
    first = counted(empty, base, facts, calendar, today)
    limit = first.legal or first.nominal or day_of(facts.start, calendar)
    if facts.notice is not None and facts.notice > limit:
        words = reason("extension_late", notice=facts.notice, limit=limit, last=limit)
        return replace(first, extension_valid=False, reasons=(*first.reasons, words))
    result = counted(empty, rule, facts, calendar, today)
    words = (
        reason("extension_needs_notice", limit=limit)
        if facts.notice is None
        else reason("extension_valid", notice=facts.notice, limit=limit)
    )
    target = internal_target(rule, base, first=first.nominal, last=result.nominal)
    told = [reason("internal_target", target=target)] if target and target != result.nominal else []
    return replace(
        result,
        internal_target=target,
        extension_valid=None if facts.notice is None else True,
        notice_by=limit,
        reasons=(*result.reasons, words, *told),
    )


def internal_target(
    rule: DeadlineRule, base: DeadlineRule, *, first: date | None, last: date | None
) -> date | None:
    """The earlier of one long count and first period plus the rest (two readings of one law)."""
    if first is None or last is None or rule.amount is None or base.amount is None:
        return None
    if rule.unit is not base.unit:
        return last
    rest = rule.amount - base.amount
    if rule.unit in MONTHS:
        return min(last, add_months(first, rest * MONTHS[rule.unit]))
    return min(last, add_days(first, rest * DAYS[rule.unit]))
