"""The drawings of the overview: how long open requests wait, and what the gates answered."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

from audit.decisions.counting import PERMIT, UNAVAILABLE, Decided
from dsar.measures.rules import OLDEST, Age
from governance.console.lists.decisions import DECISIONS
from governance.console.lists.requests import REQUESTS
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day, moment
from governance.ui.charts import BarLine, bar_lines
from governance.ui.lists.types import Row
from governance.ui.lists.views import address, view_of

WAYS: Final = (PERMIT, "actor", "purpose", "subject", UNAVAILABLE)
DAY: Final = timedelta(days=1)


def ageing_bars(rows: Iterable[Row], *, on: date, lang: Lang) -> tuple[BarLine, ...]:
    """Open requests by the days since they arrived; each figure leads to its own requests."""
    days = [(on - day).days for row in rows if isinstance(day := row.cell("received").value, date)]
    spans = [*zip((0, *(last + 1 for _, last in OLDEST)), OLDEST, strict=False)]
    held = [(age, first, last) for first, (age, last) in spans]
    held.append((Age.LONGER, OLDEST[-1][1] + 1, max(days, default=0)))
    return bar_lines(
        (
            (
                text(f"console.request_figures.age.{age}", lang),
                sum(first <= n <= last for n in days),
            )
            for age, first, last in held
        ),
        hrefs=[_received(on, first, last) for _, first, last in held],
    )


def _received(on: date, first: int, last: int) -> str:
    """The list of the requests that arrived so many days ago."""
    days = (("received.from", on - last * DAY), ("received.to", on - first * DAY))
    declared = REQUESTS.declared
    pairs = [(declared.prefix + name, day.isoformat()) for name, day in days]
    return address(declared, view_of(declared, pairs))


def yesterday(at: datetime) -> datetime:
    """The beginning of the day before, in Japan: from there on the overview counts decisions."""
    return datetime.combine(at.astimezone(JST).date() - DAY, time(), tzinfo=JST)


def decision_bars(decided: Decided, lang: Lang, *, since: datetime) -> tuple[BarLine, ...]:
    """What the gates answered since then: permitted, or the gate that stopped it.

    Each figure leads to the list of those decisions.
    """
    shown = [one for one in WAYS if one != UNAVAILABLE or decided.ways.get(one)]
    named = ((text(f"upkeep.due.way.{one}", lang), decided.ways.get(one, 0)) for one in shown)
    hrefs = [decisions_href(since, answer=one) for one in shown]
    return bar_lines(named, hrefs=hrefs, quiet=range(1, len(shown)))


def decisions_href(since: datetime, *, answer: str = "") -> str:
    """The list of the decisions from this day on, those with one answer or all."""
    day = since.astimezone(JST).date().isoformat()
    declared = DECISIONS.declared
    pairs = [("at.from", day), *([("answer", answer)] if answer else [])]
    return address(declared, view_of(declared, pairs))


def decisions_counted(decided: Decided, lang: Lang) -> str:
    """Which decisions the bars are made of."""
    if not decided.full:
        since = long_day(decided.since.astimezone(JST).date(), lang)
        return text("upkeep.due.ways_of_day", lang, n=f"{decided.total:,}", since=since)
    since = moment(decided.since, lang)
    return text("upkeep.due.ways_newest", lang, n=f"{decided.total:,}", since=since)
