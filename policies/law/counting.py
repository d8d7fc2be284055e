"""Counting days, months and years as the laws do."""

from calendar import monthrange
from datetime import MAXYEAR, UTC, date, datetime, timedelta

from policies.law.errors import ImpossibleDateError
from policies.law.types import DayOne, Unit

ONE_DAY = timedelta(days=1)
MONTHS = {Unit.MONTHS: 1, Unit.YEARS: 12}
DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7}


def add_months(day: date, months: int) -> date:
    """Same date, so many months on; the last day of the month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= MAXYEAR:
        raise ImpossibleDateError(event="end")
    month += 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def add_days(day: date, days: int) -> date:
    """So many days on."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise ImpossibleDateError(event="end") from None


def add_hours(start: datetime, hours: int) -> datetime:
    """So many elapsed hours on, in UTC; summer time moves nothing."""
    try:
        return start.astimezone(UTC) + timedelta(hours=hours)
    except OverflowError:
        raise ImpossibleDateError(event="end") from None


def has_corresponding_date(day: date, months: int) -> bool:
    """False when the month of the end has no such day (31 January + 1 month)."""
    return add_months(day, months).day == day.day


def period_end(first: date, months: int) -> date:
    """Last day of a period whose first day counts: the eve of the corresponding date.

    民法143条2項: without a corresponding date the period ends with the month.
    """
    corresponding = add_months(first, months)
    if corresponding.day != first.day:
        return corresponding
    return add_days(corresponding, -1)


def last_day(start: date, amount: int, unit: Unit, mode: DayOne) -> date:
    """Last day of the period that this event starts."""
    if unit in DAYS:
        length = amount * DAYS[unit]
        return add_days(start, length - 1 if mode is DayOne.INCLUSIVE else length)
    months = amount * MONTHS[unit]
    match mode:
        case DayOne.CORRESPONDING:
            return add_months(start, months)
        case DayOne.INCLUSIVE:
            return period_end(start, months)
        case DayOne.EXCLUSIVE | DayOne.INSTANT:
            return period_end(add_days(start, 1), months)


def default_mode(unit: Unit) -> DayOne:
    """Counting mode of a rule that is silent: months of 1182/71, days of 民法140条."""
    match unit:
        case Unit.HOURS:
            return DayOne.INSTANT
        case Unit.MONTHS:
            return DayOne.CORRESPONDING
        case _:
            return DayOne.EXCLUSIVE
