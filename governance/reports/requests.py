"""R07, the register of requests (APPI 32 to 39, GDPR 12 to 22): days, extensions, grounds, delays.

A request is in the report when it was at work in the period: it came before its end and was not
answered before its begin. The report names requests by their number and nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from dsar.execution.unconfirmed import Unconfirmed, late_confirmations
from dsar.measures.rows import lives, proofs
from dsar.measures.rules import Life, ageing, by_right, promises_kept, refusals
from governance.core.clock import JST
from governance.core.terms import Lang, RequestId
from governance.i18n.catalogue import text
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words

LIST = "sekisho dsar list --all"
FIGURES = "sekisho dsar figures"
UNCONFIRMED = "sekisho dsar unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """The facts of R07."""

    lives: tuple[Life, ...]
    proofs: Mapping[RequestId, str]
    late: tuple[Unconfirmed, ...]  # recipients that have not confirmed by their day
    on: date


def collect(tx: Connection, *, period: Period, at: datetime) -> Requests:
    """Every request at work in the period, under each of its laws."""
    found, on = lives(tx, since=period.since, until=period.until), at.astimezone(JST).date()
    return Requests(
        lives=found,
        proofs=proofs(tx, (life.request for life in found)),
        late=late_confirmations(tx, on=on),
        on=on,
    )


def write(facts: Requests, made: Made, lang: Lang) -> Document:
    """The document of these facts; its listing holds every request."""
    words = Words(ReportId.R07, made, lang)
    answered = sum(life.answered for life in facts.lives)
    overdue = sum(life.ended_on is None and life.overdue(on=facts.on) for life in facts.lives)
    return Document(
        id=ReportId.R07,
        lang=lang,
        title=words.say("title"),
        finding=words.say(
            "finding.overdue" if overdue else "finding.none_overdue",
            count=f"{len(facts.lives):,}",
            answered=f"{answered:,}",
            overdue=f"{overdue:,}",
        ),
        made=made,
        sections=(
            _register(facts, words, answered=answered, overdue=overdue),
            _rights(facts, words),
            _refusals(facts, words),
            _ageing(facts, words),
            _confirmations(facts, words),
        ),
        complete=True,
    )


def _register(facts: Requests, words: Words, *, answered: int, overdue: int) -> Section:
    every = facts.lives
    kept = promises_kept(every, on=facts.on)
    rows = tuple(_row(life, facts, words) for life in every)
    return Section(
        key="register",
        title=words.say("section.register"),
        figures=(
            words.figure("requests", len(every), LIST),
            words.figure("answered", answered, "dsar_track.ended_at"),
            words.figure("withdrawn", sum(life.withdrawn for life in every), "dsar_event.target"),
            words.figure("open", sum(life.ended_on is None for life in every), LIST),
            words.figure("overdue", overdue, "dsar_track.act_by"),
            words.figure(
                "extended",
                sum(life.extended_on is not None for life in every),
                "dsar_track.extended_at",
            ),
            words.figure(
                "in_time",
                None if kept is None else round(float(kept), 3),
                FIGURES,
                shown="-" if kept is None else f"{float(kept):.1%}",
            ),
        ),
        listing=Listing(
            columns=words.columns(
                *("request", "law", "right", "received", "proofs", "act_by", "extended"),
                *("ended", "outcome", "refusal_grounds", "days_used", "overdue"),
            ),
            rows=rows,
            total=len(rows),
            source=LIST,
        ),
    )


def _row(life: Life, facts: Requests, words: Words) -> tuple[str, ...]:
    lang = words.lang
    codes = facts.proofs.get(life.request, "")
    shown = [text(f"dsar.evidence.{code}", lang) for code in codes.split(",") if code]
    if life.withdrawn:
        outcome = words.say("withdrawn")
    elif life.outcome is None or life.ended_on is None:
        outcome = text(f"dsar.status.{life.law.value}.{life.status.value}", lang)
    else:
        outcome = text(f"dsar.outcome.{life.outcome.value}", lang)
    grounds = [text(f"dsar.ground.{ground.value}", lang) for ground in life.refusals]
    return (
        life.reference,
        text(f"consent.law.{life.law.value}", lang),
        text(f"dsar.right.{life.kind.value}", lang),
        life.received_on.isoformat(),
        ", ".join(shown) or "-",
        _day(life.act_by),
        _day(life.extended_on),
        _day(life.ended_on),
        outcome,
        ", ".join(grounds) or "-",
        str((life.days if life.ended_on else (facts.on - life.received_on).days) or 0),
        words.say("yes" if not life.withdrawn and life.overdue(on=facts.on) else "no"),
    )


def _confirmations(facts: Requests, words: Words) -> Section:
    """Recipients that were told of a change and have not confirmed by their day (GDPR 19)."""
    rows = tuple(
        (one.reference, one.name, one.answer_by.isoformat(), str(one.days(on=facts.on)))
        for one in facts.late
    )
    return Section(
        key="confirmations",
        title=words.say("section.confirmations"),
        figures=(words.figure("unconfirmed", len(rows), UNCONFIRMED),),
        listing=Listing(
            columns=words.columns("request", "name", "act_by", "days_late"),
            rows=rows,
            total=len(rows),
            source=UNCONFIRMED,
        ),
    )


def _rights(facts: Requests, words: Words) -> Section:
    rows = tuple(
        (
            text(f"consent.law.{one.law.value}", words.lang),
            text(f"dsar.right.{one.kind.value}", words.lang),
            *(f"{n:,}" for n in (one.received, one.open, one.overdue, one.answered)),
            *(f"{n:,}" for n in (one.refused, one.partial, one.withdrawn, one.extended)),
            "-" if one.median_days is None else f"{one.median_days:g}",
            f"{one.in_time:,} / {one.in_time + one.late:,}",
        )
        for one in by_right(facts.lives, on=facts.on)
    )
    return Section(
        key="rights",
        title=words.say("section.rights"),
        figures=(words.figure("rights", len(rows), FIGURES),),
        listing=Listing(
            columns=words.columns(
                *("law", "right", "requests", "open", "overdue", "answered", "refused"),
                *("partial", "withdrawn", "extended", "median_days", "in_time"),
            ),
            rows=rows,
            total=len(rows),
            source=FIGURES,
        ),
    )


def _refusals(facts: Requests, words: Words) -> Section:
    found = refusals(facts.lives)
    rows = tuple(
        (text(f"dsar.ground.{ground.value}", words.lang), f"{count:,}")
        for ground, count in found.items()
    )
    return Section(
        key="refusals",
        title=words.say("section.refusals"),
        figures=(words.figure("refusal_grounds", len(rows), FIGURES),),
        listing=Listing(
            columns=words.columns("ground", "answers"),
            rows=rows,
            total=len(rows),
            source=FIGURES,
        ),
        remark=words.say("remark.refusals"),
    )


def _ageing(facts: Requests, words: Words) -> Section:
    found = ageing(facts.lives, on=facts.on)
    return Section(
        key="ageing",
        title=words.say("section.ageing"),
        figures=tuple(
            words.figure(f"age_{age.value}", count, FIGURES) for age, count in found.items()
        ),
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else "-"
