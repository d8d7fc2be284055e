"""Cells that many lists have: a choice by its code, somebody who acted, words that may be none."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.actors import actor_name
from governance.i18n.catalogue import text
from governance.ui.lists.types import MOST, Cell, Found, Row, View
from governance.ui.lists.views import FROM, TO, day_of

ONE_DAY: Final = timedelta(days=1)
READ: Final = MOST + 1  # rows that a source reads: one more tells that there are more


def one_of(prefix: str, code: str, lang: Lang, *, tone: str = "", href: str = "") -> Cell:
    """A choice in the words of the catalogue."""
    return Cell(value=text(f"{prefix}{code}", lang), code=code, tone=tone, href=href)


def who(actor: str | None, lang: Lang) -> Cell:
    """Somebody of the staff, or a system."""
    return Cell(value=actor_name(actor, lang), code=actor, actor=actor) if actor else Cell()


def words(said: str | None, *, href: str = "") -> Cell:
    """Words, or none."""
    return Cell(value=said or None, href=href)


def yes_no(*, holds: bool, yes: str, no: str, tone: str = "", off: str = "") -> Cell:
    """One of two sentences; the code is yes or no."""
    return Cell(
        value=yes if holds else no, code="yes" if holds else "no", tone=tone if holds else off
    )


def row(key: object, **cells: Cell) -> Row:
    """A row of these cells."""
    return Row(key=str(key), cells=cells)


def newest(rows: Iterable[Row]) -> Found:
    """The newest rows that memory holds, and whether there are more."""
    found = tuple(rows)
    return Found(rows=found[:MOST], more=len(found) > MOST)


def days_asked(view: View, key: str) -> tuple[datetime | None, datetime | None]:
    """The moments between which a filter by days looks; the second is after them."""
    first, last = day_of(view.asked(key + FROM)), day_of(view.asked(key + TO))
    since = datetime.combine(first, time(), JST).astimezone(UTC) if first else None
    until = datetime.combine(last, time(), JST).astimezone(UTC) + ONE_DAY if last else None
    return since, until


def every(rows: Iterable[Row]) -> Found:
    """All rows that there are."""
    return Found(rows=tuple(rows))


def labels(of: Mapping[str, str], code: str) -> Cell:
    """A choice whose words the caller has."""
    return Cell(value=of.get(code, code), code=code)
