"""How long a record is kept, and from when it may go (民法140条, 143条)."""

from dataclasses import replace
from datetime import date

from policies.law.calendars import NO_CALENDAR
from policies.law.counting import MONTHS, add_days, last_day, period_end
from policies.law.dates import Due
from policies.law.reasons import Cite, Span, reason, title
from policies.law.types import DayOne, DeadlineRule, RetentionRule, Unit


def kept(empty: Due, rule: DeadlineRule, start: date, compared: date | None) -> Due:
    """Last day of keeping, and the first day on which deletion is free."""
    mode = rule.day_one or DayOne.EXCLUSIVE
    months = (rule.amount or 0) * MONTHS.get(rule.unit, 0)
    until = last_day(start, rule.amount or 0, rule.unit, mode)
    span = Span(amount=rule.amount or 0, unit=rule.unit)
    key = "keep_inclusive" if mode is DayOne.INCLUSIVE else "keep_exclusive"
    cite = Cite(key="minpo_143") if rule.title_ja is None else Cite(key=None)
    words = [reason(key, rule=title(rule), start=start, span=span, until=until, cite=cite)]
    if compared is not None:
        # 法人税法施行規則59条2項: from the day after two months have passed since the year's end
        first = add_days(period_end(add_days(compared, 1), 2), 1)
        other = period_end(first, months)
        until = max(until, other)
        words.append(reason("keep_compared", fy_end=compared, other=other, until=until))
    purge = add_days(until, 1)
    words.append(reason("purge_from", purge=purge))
    return replace(empty, keep_until=until, purge_from=purge, reasons=tuple(words))


def retention(rule: RetentionRule, start: date, *, longer: bool = False) -> Due:
    """Keeping dates of a statutory duty, its first day not counted (民法140条)."""
    months = (rule.long_months if longer else None) or rule.minimum_months
    until = period_end(add_days(start, 1), months)
    purge = add_days(until, 1)
    words = reason(
        "retention",
        law=rule.law,
        start=start,
        span=span_of_months(months),
        until=until,
        purge=purge,
    )
    return Due(
        rule=rule.id,
        calendar=NO_CALENDAR.name,
        keep_until=until,
        purge_from=purge,
        reasons=(words,),
    )


def span_of_months(months: int) -> Span:
    """Whole years where they are whole."""
    years, rest = divmod(months, 12)
    if years and not rest:
        return Span(amount=years, unit=Unit.YEARS)
    return Span(amount=months, unit=Unit.MONTHS)
