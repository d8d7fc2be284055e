"""R19, the register of complaints (APPI 40; GDPR 12(4), 77): received, cause, answer, delays.

A complaint is in the report when it was open in the period: it came before its end and was not
answered before its begin. The report names requests by their number and nobody.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from sqlalchemy import Connection, or_, select

from dsar.complaints.store import COMPLAINT
from dsar.complaints.types import Authority, Cause, ComplaintStatus
from dsar.store import REQUEST
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words

LIST = "sekisho dsar complaints"
OVER = frozenset({ComplaintStatus.ANSWERED, ComplaintStatus.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One complaint as the report tells it."""

    reference: str  # of the request that it is about
    cause: Cause
    status: ComplaintStatus
    received_on: date
    answer_by: date | None
    answered_on: date | None
    authority: Authority | None
    put_right: bool  # by a request of its own, where it was upheld

    @property
    def days(self) -> int | None:
        """From its arrival to its answer."""
        return (self.answered_on - self.received_on).days if self.answered_on else None

    def overdue(self, *, on: date) -> bool:
        """Whether the answer came, or still waits, after our own day (APPI 40 names none)."""
        if self.answer_by is None or self.status is ComplaintStatus.WITHDRAWN:
            return False
        return (self.answered_on or on) > self.answer_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """The facts of R19."""

    entries: tuple[Entry, ...]
    on: date


def collect(tx: Connection, *, period: Period, at: datetime) -> Complaints:
    """Every complaint that was open in the period."""
    found = (
        select(COMPLAINT, REQUEST.c.reference)
        .join(REQUEST, REQUEST.c.id == COMPLAINT.c.request_id)
        .where(COMPLAINT.c.received_at < period.until)
        .where(or_(COMPLAINT.c.answered_at.is_(None), COMPLAINT.c.answered_at >= period.since))
        .where(
            or_(
                COMPLAINT.c.status != ComplaintStatus.WITHDRAWN.value,
                COMPLAINT.c.last_at >= period.since,
            )
        )
        .order_by(COMPLAINT.c.received_at, COMPLAINT.c.id)
    )
    return Complaints(
        entries=tuple(
            Entry(
                reference=row.reference,
                cause=Cause(row.cause),
                status=ComplaintStatus(row.status),
                received_on=row.received_at.astimezone(JST).date(),
                answer_by=row.answer_by,
                answered_on=row.answered_at.astimezone(JST).date() if row.answered_at else None,
                authority=Authority(row.authority) if row.authority else None,
                put_right=row.follow_up_id is not None,
            )
            for row in tx.execute(found)
        ),
        on=at.astimezone(JST).date(),
    )


def write(facts: Complaints, made: Made, lang: Lang) -> Document:
    """The document of these facts; its listing holds every complaint."""
    words = Words(ReportId.R19, made, lang)
    overdue = sum(one.overdue(on=facts.on) for one in facts.entries)
    return Document(
        id=ReportId.R19,
        lang=lang,
        title=words.say("title"),
        finding=words.say(
            "finding.overdue" if overdue else "finding.none_overdue",
            count=f"{len(facts.entries):,}",
            overdue=f"{overdue:,}",
        ),
        made=made,
        sections=(_register(facts, words, overdue=overdue), _causes(facts, words)),
        complete=True,
    )


def _register(facts: Complaints, words: Words, *, overdue: int) -> Section:
    every = facts.entries
    days = [one.days for one in every if one.days is not None]
    middle = float(median(days)) if days else None
    states = Counter(one.status for one in every)
    rows = tuple(_row(one, facts, words) for one in every)
    return Section(
        key="register",
        title=words.say("section.register"),
        figures=(
            words.figure("complaints", len(every), LIST),
            words.figure("answered", states[ComplaintStatus.ANSWERED], LIST),
            words.figure("open", sum(one.status not in OVER for one in every), LIST),
            words.figure("referred", sum(one.authority is not None for one in every), LIST),
            words.figure("put_right", sum(one.put_right for one in every), LIST),
            words.figure("overdue", overdue, "dsar_complaint.answer_by"),
            words.figure(
                "median_days",
                middle,
                "dsar_complaint.answered_at",
                shown="-" if middle is None else f"{middle:g}",
            ),
        ),
        listing=Listing(
            columns=words.columns(
                *("request", "cause", "received", "act_by", "ended", "days_used"),
                *("complaint_status", "authority", "overdue"),
            ),
            rows=rows,
            total=len(rows),
            source=LIST,
        ),
    )


def _row(one: Entry, facts: Complaints, words: Words) -> tuple[str, ...]:
    lang = words.lang
    authority = one.authority
    return (
        one.reference,
        text(f"dsar.complaint.cause.{one.cause}", lang),
        one.received_on.isoformat(),
        one.answer_by.isoformat() if one.answer_by else "-",
        one.answered_on.isoformat() if one.answered_on else "-",
        "-" if one.days is None else str(one.days),
        text(f"dsar.complaint.status.{one.status}", lang),
        text(f"dsar.complaint.authority.{authority}", lang) if authority else "-",
        words.say("yes" if one.overdue(on=facts.on) else "no"),
    )


def _causes(facts: Complaints, words: Words) -> Section:
    """How many for each cause, the most frequent first."""
    found = Counter(one.cause for one in facts.entries)
    rows = tuple(
        (text(f"dsar.complaint.cause.{cause}", words.lang), f"{count:,}")
        for cause, count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return Section(
        key="causes",
        title=words.say("section.causes"),
        figures=(words.figure("causes", len(rows), LIST),),
        listing=Listing(
            columns=words.columns("cause", "count"), rows=rows, total=len(rows), source=LIST
        ),
    )
