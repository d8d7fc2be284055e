"""A request as one line of a list of the person's own."""

from dataclasses import dataclass

from dsar.listing import Summary
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.i18n.voice import voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line with a link."""

    href: str
    title: str
    note: str


def line_of(one: Summary, lang: Lang) -> Line:
    """What was asked, its number and its day."""
    kind = one.tracks[0][1]
    told = one.answer_by or one.received_at.astimezone(JST).date()
    key = "until" if one.open and one.answer_by else "received" if one.open else "closed"
    day = long_day(told, lang, era=voice().era)
    return Line(
        href=f"/portal/requests/of/{one.id}",
        title=text(f"portal.request.right.{kind}", lang),
        note=text(f"portal.request.line.{key}", lang, reference=one.reference, day=day),
    )
