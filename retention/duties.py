"""Statutory minimums: which fields a law keeps, until when; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache

from governance.core.terms import FieldId, RowId
from policies.law.calendars import NO_CALENDAR, calendar_of, next_open
from policies.law.counting import add_days, add_months, period_end
from policies.law.due import due as law_due
from policies.law.errors import CalendarYearError
from policies.law.in_force import follows, rule_set
from policies.law.keeping import retention as law_retention
from policies.law.types import JP_ADMIN
from retention.types import (
    Duty,
    GdprView,
    Keep,
    LawPeriod,
    Overflow,
    Period,
    PersonFacts,
    Purchase,
    RowKeep,
    Schedule,
    latest,
)

LEAP = (2, 29)
LONGEST_CLOSURE = 12  # days; longer than any run of closed days so far (2019: 10)


def after(day: date, period: Period, overflow: Overflow) -> date:
    """The day on which the period has passed."""
    months = period.years * 12 + period.months
    moved = add_months(day, months)
    if moved.day != day.day and overflow is Overflow.NEXT_DAY:
        moved = add_days(moved, 1)
    return add_days(moved, period.days)


@lru_cache(maxsize=65_536)
def keep_of(duty: Duty, day: date, overflow: Overflow, at: date) -> Keep:
    """How long the duty keeps what happened on this day, under the law of `at`."""
    match duty.until:
        case Period() as period:
            end = after(day, period, overflow)
            return Keep(duty=duty.id, until=end, free_from=end)
        case LawPeriod() as law:
            return _by_law(duty, law, day, at)


follows(keep_of.cache_clear)


def ready(schedule: Schedule, *, at: date) -> None:
    """What laws and calendars say is read, so that nobody waits for it inside a transaction."""
    for duty in schedule.duties:
        keep_of(duty, at, schedule.overflow, at)


def _by_law(duty: Duty, law: LawPeriod, day: date, at: date) -> Keep:
    rules = rule_set(at)
    if law.rule in rules.retention_rules:
        found = law_retention(rules.retention_rule(law.rule), day)
    elif law.fiscal_year_end is not None:
        end = year_end(day, law.fiscal_year_end)
        events = {"fy_end": end, "return_deadline": filing_deadline(end, law.filing_months)}
        found = law_due(rules.rule(law.rule), events, calendar=NO_CALENDAR)
    else:
        rule = rules.rule(law.rule)
        events = {rule.start or "start": day}
        found = law_due(rule, events, calendar=NO_CALENDAR)
    if found.keep_until is None or found.purge_from is None:
        raise ValueError("a duty needs a keeping rule")  # refused by the loader before
    return Keep(duty=duty.id, until=found.keep_until, free_from=found.purge_from)


def year_end(day: date, closing: tuple[int, int]) -> date:
    """Last day of the fiscal year that holds this day."""
    for year in (day.year, day.year + 1):
        month, last = closing
        shown = 28 if (month, last) == LEAP else last
        end = date(year, month, shown)
        if (month, last) == LEAP:
            end = add_days(date(year, 3, 1), -1)
        if end >= day:
            return end
    raise ValueError("a fiscal year is at most a year long")


def filing_deadline(end: date, months: int) -> date:
    """法人税法74条1項, moved to the next open day (国税通則法10条2項)."""
    nominal = period_end(add_days(end, 1), months)
    try:
        return next_open(nominal, calendar_of(JP_ADMIN))[0]
    except CalendarYearError:  # fails closed: no table of that year's holidays, so kept longer
        return add_days(nominal, LONGEST_CLOSURE)


def row_keep(purchase: Purchase, schedule: Schedule, *, at: date) -> RowKeep | None:
    """The fields of a purchase that a duty still keeps on this day; None: the row may go."""
    day = purchase.last_on or purchase.recorded_on
    fields = {} if day is None else _kept_of(day, schedule, at=at)
    return RowKeep(row=purchase.row, fields=fields) if fields else None


def _kept_of(day: date, schedule: Schedule, *, at: date) -> Mapping[FieldId, Keep]:
    """What duties still keep of a purchase of this day."""
    fields: dict[FieldId, Keep] = {}
    for duty in schedule.duties:
        keep = keep_of(duty, day, schedule.overflow, at)
        if keep.free_from <= at:
            continue
        for name in duty.fields:
            known = fields.get(name)
            if known is None or known.free_from < keep.free_from:
                fields[name] = keep
    return fields


def row_keeps(facts: PersonFacts, schedule: Schedule, *, at: date) -> Mapping[RowId, RowKeep]:
    """Every purchase of the person that a duty still keeps, and every row that a hold spares."""
    keeps: dict[RowId, RowKeep] = {}
    by_day: dict[date | None, Mapping[FieldId, Keep]] = {None: {}}
    for purchase in facts.purchases:
        day = purchase.last_on or purchase.recorded_on
        if day not in by_day and day is not None:
            by_day[day] = _kept_of(day, schedule, at=at)
        if fields := by_day[day]:
            keeps[purchase.row] = RowKeep(row=purchase.row, fields=fields)
    for row, spared in facts.spared.items():
        known = keeps[row].fields if row in keeps else {}
        keeps[row] = replace(spared, fields={**known, **spared.fields})
    return keeps


def last_end(purchases: Iterable[Purchase], schedule: Schedule, *, at: date) -> Keep | None:
    """The keeping that ends last over all purchases and duties, ended or not."""
    ends = [
        keep_of(duty, day, schedule.overflow, at)
        for purchase in purchases
        if (day := purchase.last_on or purchase.recorded_on) is not None
        for duty in schedule.duties
    ]
    return max(ends, key=lambda keep: keep.free_from, default=None)


def ledger_until(last: date | None, schedule: Schedule, *, at: date) -> date | None:
    """Until when the purchase record of a person with this last transaction stays."""
    if last is None:
        return None
    return latest(*(keep_of(d, last, schedule.overflow, at).until for d in schedule.duties))


def non_eu_review(facts: PersonFacts, schedule: Schedule, *, at: date) -> str | None:
    """The duty that a person must look at because the GDPR applies too (17(3)(b))."""
    if not facts.gdpr:
        return None
    kept = row_keeps(facts, schedule, at=at)
    used = {keep.duty for row in kept.values() for keep in row.fields.values()}
    asked = (d.id for d in schedule.duties if d.gdpr is GdprView.REVIEW and d.id in used)
    return next(asked, None)
