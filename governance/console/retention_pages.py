"""The officers' overview of retention: the schedule in force, what is due, runs, holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from governance.console.frame import may, today
from governance.console.naming import names_for
from governance.console.pages import console_page
from governance.console.retention_frame import (
    HOME,
    PLANS,
    RUN_TONES,
    RUNS,
    SCHEDULES,
    SIMULATIONS,
    Reader,
    way_to,
)
from governance.core.settings import Settings
from governance.core.terms import Lang
from governance.customers.suppression import OPTED_OUT, count_listed
from governance.http.request import wiring_of
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day, moment, size
from governance.jobs.rules import next_slot
from governance.ui.parts import Figure, Term, Tone
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from retention import looking, store
from retention.adoption import Version, newest_version
from retention.nightly import PLANNED_AT
from retention.plans import RunState
from retention.standing import Standing, standing
from retention.types import Schedule

router = APIRouter(include_in_schema=False)
RUNS_SHOWN: Final = 5
LOOKED_AT: Final = 20  # of the newest plans; older ones can be run no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The facts of the page."""

    schedule: Schedule
    adopted: Version | None  # None: the shipped schedule stands
    runs: tuple[looking.RunLine, ...]
    unfinished: int
    residue: int
    waiting: int  # plans that nobody has run yet
    holds: int
    purges: Standing
    opted_out: int  # tokens of who said no to marketing
    names: Mapping[str, str]  # of those who took the schedule


def overview(tx: Connection, settings: Settings, lang: Lang, *, at: datetime) -> Overview:
    """How retention stands."""
    plans, adopted = looking.plan_lines(tx, limit=LOOKED_AT), newest_version(tx)
    return Overview(
        schedule=store.in_force(tx),
        adopted=adopted,
        names=names_for(tx, (adopted.approved_by,) if adopted is not None else (), lang),
        runs=looking.run_lines(tx, limit=RUNS_SHOWN),
        unfinished=looking.count_runs(tx, RunState.RUNNING),
        residue=looking.count_runs(tx, RunState.RESIDUE),
        waiting=sum(one.run is None for one in plans),
        holds=looking.standing_holds(tx),
        opted_out=count_listed(tx, OPTED_OUT),
        purges=standing(
            tx,
            lag_days=settings.retention_lag_days,
            daily_bytes=settings.retention_daily_bytes,
            at=at,
        ),
    )


@router.get(HOME, response_class=HTMLResponse)
async def retention(request: Request, principal: Reader) -> str:
    """How retention stands, and the way to each of its pages."""
    page = console_page(request, "console.retention.title", principal)
    wiring = wiring_of(request)

    def look() -> Overview:
        with wiring.database.read() as tx:
            return overview(tx, wiring.settings, page.lang, at=wiring.clock())

    facts = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "console/retention.html",
        page,
        facts=facts,
        figures=_figures(facts, page.lang),
        schedule=_schedule(facts, page.lang),
        purges=_purges(
            facts.purges,
            page.lang,
            automatic=wiring.settings.retention_automatic,
            at=wiring.clock(),
        )
        + _opted_out(facts.opted_out, wiring.settings.opt_out_months, page.lang),
        tones=RUN_TONES,
        today=today(request),
        may_report=may(request, principal, Action.REPORT_READ),
        may_holds=may(request, principal, Action.HOLD_READ),
        way=way_to(page.lang),
    )


def _figures(facts: Overview, lang: Lang) -> tuple[Figure, ...]:
    def figure(name: str, count: int, href: str, tone: Tone = Tone.PLAIN) -> Figure:
        return Figure(
            label=text(f"console.retention.figure.{name}", lang),
            count=count,
            href=href,
            note=text(f"console.retention.figure.{name}_note", lang),
            tone=tone,
        )

    late = Tone.REFUSED if facts.purges.late else Tone.PLAIN
    bad = Tone.REFUSED if facts.residue else Tone.PLAIN
    return (
        figure("due", facts.purges.due, SIMULATIONS, late),
        figure("plans", facts.waiting, PLANS),
        figure("running", facts.unfinished, f"{RUNS}?state=running"),
        figure("residue", facts.residue, f"{RUNS}?state=residue", bad),
        figure("holds", facts.holds, "/console/holds"),
    )


def _schedule(facts: Overview, lang: Lang) -> tuple[Term, ...]:
    schedule, adopted = facts.schedule, facts.adopted
    since = text("console.retention.shipped", lang)
    if adopted is not None:
        since = text(
            "console.retention.adopted",
            lang,
            n=adopted.version,
            who=facts.names[adopted.approved_by],
            day=long_day(adopted.adopted_at, lang),
        )
    return (
        Term(
            term=text("console.retention.schedule", lang),
            text=schedule.label.of(lang),
            note=since,
            href=SCHEDULES,
        ),
        Term(
            term=text("console.retention.rules", lang),
            text=text(
                "console.retention.rules_n",
                lang,
                rules=len(schedule.rules),
                duties=len(schedule.duties),
            ),
        ),
        Term(
            term=text("console.plans.schedule_digest", lang), text=schedule.digest[:16], mono=True
        ),
    )


def _opted_out(tokens: int, months: int, lang: Lang) -> tuple[Term, ...]:
    """How many tokens recognise whoever said no to marketing, and for how long."""
    count = text("console.retention.opted_out_n", lang, n=tokens)
    note = text("console.retention.opted_out_text", lang, months=months)
    return (Term(term=text("console.retention.opted_out", lang), text=count, note=note),)


def _purges(found: Standing, lang: Lang, *, automatic: bool, at: datetime) -> tuple[Term, ...]:
    """How long somebody has been due, what the clock does next, what the day may write."""

    def term(name: str, value: str, note: str = "") -> Term:
        return Term(term=text(f"console.retention.{name}", lang), text=value, note=note)

    oldest = found.oldest
    lag = text("console.retention.lag_days", lang, n=found.lag_days)
    lines = [
        term("lag", lag, long_day(oldest, lang) if oldest is not None else ""),
        term(
            "next",
            moment(next_slot(PLANNED_AT, after=at), lang),
            text(f"console.retention.{'automatic' if automatic else 'by_hand'}", lang),
        ),
    ]
    if found.budget.daily:
        spent = f"{size(found.budget.spent)} / {size(found.budget.daily)}"
        lines.append(term("budget", spent))
    if found.resumes_at is not None:
        lines.append(term("resumes", moment(found.resumes_at, lang)))
    return tuple(lines)
