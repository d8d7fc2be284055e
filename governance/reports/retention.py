"""R12, the retention schedule and the purge log: rules with their basis, runs, who was left.

The same figures as the officers' pages of retention, and nobody's name.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from governance.core.clock import JST
from governance.core.terms import ActorId, Lang, RowId
from governance.i18n.catalogue import domain, text
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words
from retention import store
from retention.adoption import SHIPPED, newest_version
from retention.explained import duty_words, part_words, rule_words
from retention.looking import standing_holds
from retention.parts.lines import lines
from retention.plans import Ground, ItemState, RunState
from retention.standing import lag
from retention.store import ITEM, PLAN, RUN
from retention.types import Schedule

SCHEDULE, RUNS, DUE = (
    *("sekisho retention schedule show", "sekisho retention status", "sekisho retention due"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """One run that began in the period."""

    id: RowId
    ground: Ground
    state: RunState
    began_at: datetime
    due: int
    erased: int
    skipped: int
    rows: int
    requested_by: ActorId
    approved_by: ActorId | None
    digest: str  # of its plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The facts of R12."""

    schedule: Schedule
    version: int
    runs: tuple[RunEntry, ...]
    skipped: Counter[str]
    due: int
    oldest: date | None
    holds: int
    on: date


def collect(tx: Connection, *, period: Period, on: date) -> Retention:
    """The schedule in force, the runs that began in the period, and what is due today."""
    begun = (
        select(RUN, PLAN.c.ground, PLAN.c.due, PLAN.c.digest)
        .join(PLAN, PLAN.c.id == RUN.c.plan_id)
        .where(RUN.c.started_at >= period.since, RUN.c.started_at < period.until)
        .order_by(RUN.c.started_at, RUN.c.id)
    )
    left = (
        select(ITEM.c.skipped_because, func.count())
        .join(RUN, RUN.c.plan_id == ITEM.c.plan_id)
        .where(RUN.c.started_at >= period.since, RUN.c.started_at < period.until)
        .where(ITEM.c.state == ItemState.SKIPPED.value)
        .group_by(ITEM.c.skipped_because)
    )
    due, oldest = lag(tx, on=on)
    adopted = newest_version(tx)
    return Retention(
        schedule=store.in_force(tx),
        version=SHIPPED if adopted is None else adopted.version,
        runs=tuple(
            RunEntry(
                id=RowId(row.id),
                ground=Ground(row.ground),
                state=RunState(row.state),
                began_at=row.started_at,
                due=row.due,
                erased=row.erased,
                skipped=row.skipped,
                rows=row.rows,
                requested_by=ActorId(row.requested_by),
                approved_by=None if row.approved_by is None else ActorId(row.approved_by),
                digest=row.digest,
            )
            for row in tx.execute(begun)
        ),
        skipped=Counter({str(reason): number for reason, number in tx.execute(left)}),
        due=due,
        oldest=oldest,
        holds=standing_holds(tx),
        on=on,
    )


def write(facts: Retention, made: Made, lang: Lang) -> Document:
    """The document of these facts; its listing holds every run of the period."""
    words = Words(ReportId.R12, made, lang)
    erased = sum(one.erased for one in facts.runs)
    return Document(
        id=ReportId.R12,
        lang=lang,
        title=words.say("title"),
        finding=words.say(
            "finding", runs=f"{len(facts.runs):,}", erased=f"{erased:,}", due=f"{facts.due:,}"
        ),
        made=made,
        sections=(
            _schedule(facts, words),
            _runs(facts, words),
            _exceptions(facts, words),
            _standing(facts, words),
        ),
        complete=True,
    )


def schedule_rows(facts: Retention, lang: Lang) -> tuple[tuple[str, ...], ...]:
    """Every line of the schedule in words, then every duty to keep."""
    schedule = facts.schedule
    every = (
        *(rule_words(one, lang) for one in schedule.rules),
        *(part_words(one, lang) for one in lines(schedule, at=facts.on)),
    )
    kept = text(f"reports.{ReportId.R12.value}.kept", lang)
    return (
        *((one.label, one.what, one.period, one.action, one.basis) for one in every),
        *(
            (one.label, ", ".join(one.fields), one.period, kept, one.basis)
            for one in (duty_words(duty, lang) for duty in schedule.duties)
        ),
    )


def _schedule(facts: Retention, words: Words) -> Section:
    """Every line of the schedule with its period and its basis."""
    schedule, rows = facts.schedule, schedule_rows(facts, words.lang)
    duties = len(schedule.duties)
    return Section(
        key="schedule",
        title=words.say("section.schedule"),
        figures=(
            words.figure("version", facts.version, SCHEDULE),
            words.figure("digest", schedule.digest, SCHEDULE),
            words.figure("lines", len(rows) - duties, SCHEDULE),
            words.figure("duties", duties, SCHEDULE),
        ),
        listing=Listing(
            columns=words.columns("line", "data", "period", "then", "basis"),
            rows=rows,
            total=len(rows),
            source=SCHEDULE,
        ),
    )


def _runs(facts: Retention, words: Words) -> Section:
    states = Counter(one.state for one in facts.runs)
    return Section(
        key="runs",
        title=words.say("section.runs"),
        figures=(
            words.figure("runs", len(facts.runs), RUNS),
            *(
                words.figure(f"state_{one.value}", states[one], "purge_run.state")
                for one in RunState
            ),
            words.figure("erased", sum(one.erased for one in facts.runs), "purge_run.erased"),
            words.figure("rows", sum(one.rows for one in facts.runs), "purge_run.rows"),
        ),
        listing=Listing(
            columns=words.columns(
                *("began", "trigger", "state", "due_persons", "erased_persons", "left_persons"),
                *("rows_gone", "requested_by", "agreed_by", "plan_hash", "run"),
            ),
            rows=tuple(_run(one, words) for one in facts.runs),
            total=len(facts.runs),
            source=RUNS,
        ),
    )


def _run(one: RunEntry, words: Words) -> tuple[str, ...]:
    return (
        one.began_at.astimezone(JST).strftime("%Y-%m-%d %H:%M"),
        text(f"console.plans.ground.{one.ground.value}", words.lang),
        text(f"console.runs.state.{one.state.value}", words.lang),
        *(f"{number:,}" for number in (one.due, one.erased, one.skipped, one.rows)),
        one.requested_by,
        one.approved_by or "-",
        one.digest,
        one.id,
    )


def _exceptions(facts: Retention, words: Words) -> Section:
    """Who was due and was left alone, by the reason."""
    rows = tuple(
        (_reason(reason, words.lang), f"{number:,}")
        for reason, number in facts.skipped.most_common()
    )
    return Section(
        key="exceptions",
        title=words.say("section.exceptions"),
        figures=(words.figure("left", sum(facts.skipped.values()), "retention_plan_item.state"),),
        listing=Listing(
            columns=words.columns("reason", "persons"),
            rows=rows,
            total=len(rows),
            source="retention_plan_item.skipped_because",
        ),
    )


def _reason(code: str, lang: Lang) -> str:
    known = domain("console", lang)
    return known.get(f"console.plans.skipped.{code}", known["console.plans.skipped.other"])


def _standing(facts: Retention, words: Words) -> Section:
    """What should be gone by now, and what a hold keeps."""
    overdue = max((facts.on - facts.oldest).days, 0) if facts.oldest is not None else 0
    return Section(
        key="standing",
        title=words.say("section.standing"),
        figures=(
            words.figure("due", facts.due, DUE),
            words.figure("lag", overdue, DUE),
            words.figure("holds", facts.holds, "sekisho hold list"),
        ),
    )
