"""Figures of requests from plain lives: ageing, days, promises kept, refusals, forecast; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil
from statistics import median

from dsar.types import Ground, Outcome, RequestKind, Status
from governance.core.terms import Law, RequestId

PACE_DAYS = 28  # whole weeks, so that weekends weigh alike


class Age(StrEnum):
    """How long an open request has waited."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"
    TWO_MONTHS = "two_months"
    LONGER = "longer"


OLDEST = ((Age.WEEK, 7), (Age.FORTNIGHT, 14), (Age.MONTH, 30), (Age.TWO_MONTHS, 60))  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A request under one law, by its days; nothing of the person."""

    request: RequestId
    reference: str
    law: Law
    kind: RequestKind
    status: Status
    received_on: date
    act_by: date | None
    ended_on: date | None  # answered or taken back
    extended_on: date | None = None
    hold_until: date | None = None
    outcome: Outcome | None = None
    refusals: tuple[Ground, ...] = ()  # of the whole or of parts of it, in this law
    withdrawn: bool = False

    @property
    def answered(self) -> bool:
        """Whether the person has an answer."""
        return self.ended_on is not None and not self.withdrawn

    @property
    def days(self) -> int | None:
        """Days from arrival to the answer."""
        return (self.ended_on - self.received_on).days if self.ended_on else None

    def overdue(self, *, on: date) -> bool:
        """Whether its day had passed when it was answered, or has passed unanswered."""
        return self.act_by is not None and (self.ended_on or on) > self.act_by


@dataclass(frozen=True, slots=True, kw_only=True)
class RightFigures:
    """One right under one law; withdrawn requests count among the received ones alone."""

    law: Law
    kind: RequestKind
    received: int
    open: int
    overdue: int  # open, its day past
    answered: int
    refused: int
    partial: int
    withdrawn: int
    extended: int
    median_days: float | None
    in_time: int  # answered by its day
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An open request and the day on which the present pace reaches it."""

    life: Life
    on: date | None  # None: at this pace never


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Which requests will be overdue by a day if work goes on as it did."""

    today: date
    by: date
    pace: Fraction  # requests ended in a day, over the last PACE_DAYS
    open: int
    now: tuple[Life, ...]  # overdue today
    coming: tuple[Expected, ...]  # overdue by then, and not yet today


def ageing(lives: Iterable[Life], *, on: date) -> Mapping[Age, int]:
    """Open requests by the days since they arrived."""
    found = Counter(_age((on - life.received_on).days) for life in lives if life.ended_on is None)
    return {age: found[age] for age in Age}


def _age(days: int) -> Age:
    return next((age for age, oldest in OLDEST if days <= oldest), Age.LONGER)


def by_right(lives: Iterable[Life], *, on: date) -> tuple[RightFigures, ...]:
    """The figures of each right under each law, in the order of the law book's articles."""
    found: dict[tuple[Law, RequestKind], list[Life]] = defaultdict(list)
    for life in lives:
        found[life.law, life.kind].append(life)
    order = {kind: place for place, kind in enumerate(RequestKind)}
    return tuple(_figures(found[key], on=on) for key in sorted(found, key=lambda k: order[k[1]]))


def _figures(lives: list[Life], *, on: date) -> RightFigures:
    answered = [life for life in lives if life.answered]
    days = [life.days for life in answered if life.days is not None]
    dated = [life for life in answered if life.act_by is not None]
    late = sum(life.overdue(on=on) for life in dated)
    waiting = [life for life in lives if life.ended_on is None]
    return RightFigures(
        law=lives[0].law,
        kind=lives[0].kind,
        received=len(lives),
        open=len(waiting),
        overdue=sum(life.overdue(on=on) for life in waiting),
        answered=len(answered),
        refused=sum(life.outcome is Outcome.REFUSE for life in answered),
        partial=sum(life.outcome is Outcome.PARTIAL for life in answered),
        withdrawn=sum(life.withdrawn for life in lives),
        extended=sum(life.extended_on is not None for life in lives),
        median_days=median(days) if days else None,
        in_time=len(dated) - late,
        late=late,
    )


def refusals(lives: Iterable[Life]) -> Mapping[Ground, int]:
    """Answers that refused something, by each ground they name; the commonest first."""
    found = Counter(ground for life in lives if life.answered for ground in set(life.refusals))
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0].value)))


def promises_kept(lives: Iterable[Life], *, on: date) -> Fraction | None:
    """The share of answers that came by their day; None without any."""
    dated = [life for life in lives if life.answered and life.act_by is not None]
    if not dated:
        return None
    return Fraction(sum(not life.overdue(on=on) for life in dated), len(dated))


def pace(lives: Iterable[Life], *, on: date) -> Fraction:
    """Requests ended in a day, over the last PACE_DAYS."""
    since = on - timedelta(days=PACE_DAYS)
    ended: dict[RequestId, date] = {}
    for life in lives:
        if life.ended_on is not None and since < life.ended_on <= on:
            ended[life.request] = life.ended_on
    return Fraction(len(ended), PACE_DAYS)


def forecast(lives: Iterable[Life], *, today: date, by: date) -> Forecast:
    """Who waits longest for their day goes first; the pace stays; what rests waits for its end."""
    every = tuple(lives)
    first: dict[RequestId, Life] = {}
    for life in sorted(every, key=_urgency):
        if life.ended_on is None:
            first.setdefault(life.request, life)
    speed = pace(every, on=today)
    queue = tuple(first.values())
    expected = [
        Expected(life=life, on=_reached(place, life, speed, today=today))
        for place, life in enumerate(queue, start=1)
    ]
    return Forecast(
        today=today,
        by=by,
        pace=speed,
        open=len(queue),
        now=tuple(life for life in queue if life.overdue(on=today)),
        coming=tuple(item for item in expected if _will_be(item, today=today, by=by)),
    )


def _urgency(life: Life) -> tuple[date, date, str]:
    return life.act_by or date.max, life.received_on, life.reference


def _reached(place: int, life: Life, speed: Fraction, *, today: date) -> date | None:
    """The day on which the place in the queue is worked off."""
    if not speed:
        return None
    reached = today + timedelta(days=ceil(place / speed))
    return max(reached, life.hold_until) if life.hold_until else reached


def _will_be(item: Expected, *, today: date, by: date) -> bool:
    due = item.life.act_by
    if due is None or due < today or due >= by:
        return False  # no day, or overdue already, or its day is not past by then
    return item.on is None or item.on > due
