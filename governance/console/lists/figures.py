"""The lists of the figures of requests: by right, who will be late, who has not confirmed."""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection

from dsar.execution.unconfirmed import Unconfirmed, unconfirmed
from dsar.measures.rules import Life, RightFigures
from dsar.measures.service import figures, overdue_by
from governance.console.lists.cells import every, newest, one_of, row, words
from governance.console.lists.source import Asked, Source
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from governance.ui.lists.views import day_of
from policies.actions import Action

HOME: Final = "/console/request-figures"
YEAR, AHEAD = 365, 14  # days back and ahead when nothing is said
LATE: Final = ListOf(
    id="late-requests",
    path=HOME,
    title="console.request_figures.forecast",
    keeps=("by",),
    none="console.request_figures.none_late",
    none_text="console.request_figures.none_late_text",
    columns=(
        ListColumn(key="reference", label="console.request_figures.reference"),
        ListColumn(
            key="right", label="console.request_figures.right", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(
            key="act_by", label="console.request_figures.act_by", kind=Kind.DAY, filters=True
        ),
        ListColumn(key="expected", label="console.request_figures.expected", kind=Kind.DAY),
        ListColumn(
            key="state", label="console.request_figures.state", kind=Kind.CHOICE, filters=True
        ),
    ),
)
SILENT: Final = ListOf(
    id="unconfirmed",
    path=HOME,
    title="console.request_figures.silent",
    keeps=("by",),
    prefix="silent-",
    none="console.request_figures.none_silent",
    columns=(
        ListColumn(key="reference", label="console.request_figures.reference"),
        ListColumn(key="name", label="console.recipients.name", kind=Kind.NAME),
        ListColumn(
            key="answer_by", label="console.request_figures.confirm_by", kind=Kind.DAY, filters=True
        ),
        ListColumn(
            key="days", label="console.request_figures.days_late", kind=Kind.NUMBER, filters=True
        ),
    ),
)
NUMBERS: Final = ("received", "open", "overdue", "answered", "refused")
RIGHTS: Final = ListOf(
    id="request-figures",
    path=HOME,
    title="console.request_figures.rights",
    keeps=("by",),
    prefix="right-",
    none="console.request_figures.none",
    columns=(
        ListColumn(
            key="right", label="console.request_figures.right", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(key="law", label="console.requests.law", kind=Kind.CHOICE, filters=True),
        *(
            ListColumn(key=name, label=f"console.request_figures.{name}", kind=Kind.NUMBER)
            for name in NUMBERS
        ),
        ListColumn(key="median", label="console.request_figures.median", figure=True),
        ListColumn(key="in_time", label="console.request_figures.in_time", figure=True),
    ),
)


def forecast_day(given: str, standing: date) -> date:
    """The day of the forecast; two weeks ahead when none is given or it is past."""
    wanted = day_of(given)
    return standing + timedelta(days=AHEAD) if wanted is None else max(wanted, standing)


def _late(tx: Connection, asked: Asked) -> Found:
    day = forecast_day(asked.given.get("by", ""), asked.today)
    found = overdue_by(tx, asked.wiring.ports, asked.principal, day, at=asked.at)
    now = [_life(one, None, asked.lang, already=True) for one in found.now]
    coming = [_life(one.life, one.on, asked.lang, already=False) for one in found.coming]
    return newest((*now, *coming))


def _life(one: Life, expected: date | None, lang: Lang, *, already: bool) -> Row:
    code, tone = ("overdue", "refused") if already else ("will_be", "attention")
    return row(
        one.request,
        reference=Cell(value=one.reference, href=f"/console/requests/{one.request}", whole=True),
        right=one_of("dsar.right.", one.kind.value, lang),
        act_by=Cell(value=one.act_by),
        expected=Cell(value=expected),
        state=one_of("console.request_figures.", code, lang, tone=tone),
    )


def _silent(tx: Connection, asked: Asked) -> Found:
    found = unconfirmed(tx, asked.wiring.ports, asked.principal, at=asked.at)
    return newest(_unconfirmed(one, asked.today) for one in found)


def _unconfirmed(one: Unconfirmed, on: date) -> Row:
    return row(
        f"{one.request}:{one.recipient}",
        reference=Cell(value=one.reference, href=f"/console/requests/{one.request}/execution"),
        name=Cell(value=one.name),
        answer_by=Cell(value=one.answer_by),
        days=Cell(value=one.days(on=on)),
    )


def _rights(tx: Connection, asked: Asked) -> Found:
    since = asked.at - timedelta(days=YEAR)
    found = figures(tx, asked.wiring.ports, asked.principal, since=since, at=asked.at)
    return every(_right(one, asked.lang) for one in found.rights)


def _right(one: RightFigures, lang: Lang) -> Row:
    median = None if one.median_days is None else round(one.median_days * 100)
    counts = {name: Cell(value=getattr(one, name)) for name in NUMBERS if name != "refused"}
    return row(
        f"{one.law.value}:{one.kind.value}",
        right=one_of("dsar.right.", one.kind.value, lang),
        law=Cell(value=text(f"consent.law.{one.law.value}", lang), code=one.law.value),
        **counts,
        refused=Cell(value=one.refused + one.partial),
        median=Cell(
            value=None if one.median_days is None else f"{one.median_days:g}", order=median
        ),
        in_time=words(f"{one.in_time:,} / {one.in_time + one.late:,}"),
    )


READERS: Final = (Action.DSAR_READ,)
LATE_REQUESTS: Final = Source(declared=LATE, any_of=READERS, rows=_late)
UNCONFIRMED: Final = Source(declared=SILENT, any_of=READERS, rows=_silent)
REQUEST_FIGURES: Final = Source(declared=RIGHTS, any_of=READERS, rows=_rights)
