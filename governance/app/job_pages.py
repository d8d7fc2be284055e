"""The officers' page of jobs: what runs next, what runs, what failed, and another try."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from governance.app.ticks import ALWAYS, SCHEDULES
from governance.console.frame import Csrf, may, way
from governance.console.lists.jobs import RUNS
from governance.console.lists.source import listed
from governance.console.pages import console_page
from governance.core.errors import NotFoundError
from governance.core.terms import Lang
from governance.gateway.api.asking import row_id
from governance.http.principal import Principal
from governance.http.request import check_csrf, wiring_of
from governance.i18n.catalogue import text
from governance.jobs import ledger
from governance.jobs.rules import next_slot
from governance.jobs.types import Daily, EveryMinutes, JobRun, JobState, Monthly, Rule, Weekly
from governance.ui.surfaces import rendered_page
from policies.actions import Action
from policies.api import require, snapshot_of

HOME: Final = "/console/jobs"
TITLE: Final = "upkeep.jobs.title"
router = APIRouter(prefix=HOME, include_in_schema=False)
Reader = Annotated[Principal, Depends(require(Action.JOB_READ))]
Runner = Annotated[Principal, Depends(require(Action.JOB_RUN))]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """One job of the clock."""

    job: str
    name: str
    rule: str
    next: datetime
    last: JobRun | None
    stands: bool  # a pause of all processing stops it


def rule_words(rule: Rule, lang: Lang) -> str:
    """When the job runs."""
    match rule:
        case EveryMinutes():
            return text("upkeep.jobs.every", lang, n=rule.minutes)
        case Daily():
            return text("upkeep.jobs.daily", lang, at=f"{rule.at:%H:%M}")
        case Weekly():
            return text("upkeep.jobs.weekly", lang, at=f"{rule.at:%H:%M}")
        case Monthly():
            return text("upkeep.jobs.monthly", lang, at=f"{rule.at:%H:%M}")


def job_lines(tx: Connection, lang: Lang, *, paused: bool, at: datetime) -> tuple[JobLine, ...]:
    """Every job, what must be looked at first and then the next one first."""
    newest = ledger.newest_runs(tx)
    lines = [
        JobLine(
            job=job,
            name=text(f"jobs.name.{job}", lang),
            rule=rule_words(one.rule, lang),
            next=next_slot(one.rule, after=at),
            last=newest.get(job),
            stands=paused and job not in ALWAYS,
        )
        for job, one in SCHEDULES.items()
    ]
    return tuple(sorted(lines, key=lambda one: (not _troubled(one.last), one.next, one.job)))


def _failed(run: JobRun | None) -> bool:
    return run is not None and run.state is JobState.FAILED


def _troubled(run: JobRun | None) -> bool:
    return _failed(run) or (run is not None and run.failures > 0)


@router.get("", response_class=HTMLResponse)
async def jobs(request: Request, principal: Reader) -> str:
    """The ledger: next, running, failed, caught up."""
    page = console_page(request, TITLE, principal)
    wiring, paused = wiring_of(request), snapshot_of(request).paused

    def look() -> dict[str, Any]:
        with wiring.database.read() as tx:
            return {
                "lines": job_lines(tx, page.lang, paused=paused, at=wiring.clock()),
                "found": listed(request, principal, RUNS, tx=tx),
            }

    shown = await run_in_threadpool(look)
    return await rendered_page(
        request,
        "app/jobs.html",
        page,
        failed=sum(_failed(one.last) for one in shown["lines"]),
        paused=paused,
        may_run=may(request, principal, Action.JOB_RUN),
        way=way(page.lang, (TITLE, HOME)),
        **shown,
    )


@router.post("/{run}/retry")
async def retry(request: Request, principal: Runner, run: str, csrf: Csrf = "") -> Response:
    """The failed run waits for the clock, which takes it at its next tick; twice equals once."""
    check_csrf(request, csrf)
    wiring = wiring_of(request)
    work = partial(_retry, wiring=wiring, principal=principal, run=row_id(run))
    await run_in_threadpool(wiring.database.write, work)
    return RedirectResponse(HOME, status_code=303)


def _retry(tx: Connection, *, wiring: Any, principal: Principal, run: Any) -> None:
    at = wiring.clock()
    found = ledger.run_by_id(tx, run)
    if found is None or found.job not in SCHEDULES:
        raise NotFoundError
    if not ledger.try_again(tx, found.id, at=at):
        return  # somebody was quicker, or it did not fail: nothing to do
    wiring.audit.append(
        tx,
        EventDraft(
            action=EventCode.JOB_RUN,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="job",
            object_id=found.job,
            outcome=Outcome.DONE,
            reasons=(found.error_code,) if found.error_code else (),
            network=Network(principal.network) if principal.network else None,
            refs=(f"run:{found.id}",),
        ),
    )
