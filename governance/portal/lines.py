"""A request as one line of a list of the person's own."""

from dataclasses import dataclass

from dsar.listing import Summary
from dsar.types import Status
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.i18n.voice import voice

ANSWERED = frozenset({Status.RESPONDED, Status.RECIPIENTS_TOLD, Status.CLOSED})


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
    answered = all(status in ANSWERED for _, _, status in one.tracks)
    open_ = "answered" if answered else "until" if one.answer_by else "received"
    key = open_ if one.open else "closed"
    day = long_day(told, lang, era=voice().era)
    return Line(
        href=f"/portal/requests/of/{one.id}",
        title=text(f"portal.request.right.{kind}", lang),
        note=text(f"portal.request.line.{key}", lang, reference=one.reference, day=day),
    )
