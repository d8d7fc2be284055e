"""The list of the ledger's runs, the newest first."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import days_asked
from governance.console.lists.source import Asked, Source
from governance.core.terms import Lang
from governance.i18n.catalogue import domain, text
from governance.jobs.ledger import recent_runs
from governance.jobs.types import JobRun
from governance.ui.lists.types import MOST, Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

TONES: Final = {"failed": "refused", "waiting": "attention", "running": "masked"}
DECLARED: Final = ListOf(
    id="job-runs",
    path="/console/jobs",
    title="upkeep.jobs.runs",
    columns=(
        ListColumn(key="job", label="upkeep.jobs.job", kind=Kind.CHOICE, filters=True),
        ListColumn(key="slot", label="upkeep.jobs.slot", kind=Kind.MOMENT, filters=True),
        ListColumn(key="state", label="upkeep.dup.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="done", label="upkeep.jobs.done", kind=Kind.NUMBER),
        ListColumn(key="caught", label="upkeep.jobs.caught", kind=Kind.NUMBER, shown=False),
        ListColumn(key="code", label="upkeep.jobs.code"),
        ListColumn(key="ended", label="upkeep.jobs.ended", kind=Kind.MOMENT),
    ),
    order="-slot",
    reaches=True,
    none="upkeep.jobs.none",
    none_text="upkeep.jobs.none_text",
)


def job_name(job: str, lang: Lang) -> str:
    """The job in words; one of another release by its own name."""
    kind = job.partition(":")[0]  # a run of its own names what it is about behind the colon
    return domain("jobs", lang).get(f"jobs.name.{kind}", job)


def _rows(tx: Connection, asked: Asked) -> Found:
    since, until = days_asked(asked.view, "slot")
    found = recent_runs(tx, since=since, until=until, limit=MOST + 1)
    return Found(rows=tuple(_row(run, asked.lang) for run in found[:MOST]), more=len(found) > MOST)


def _row(run: JobRun, lang: Lang) -> Row:
    state = run.state.value
    return Row(
        key=run.id,
        cells={
            "job": Cell(value=job_name(run.job, lang), code=run.job),
            "slot": Cell(value=run.scheduled_for),
            "state": Cell(
                value=text(f"jobs.state.{state}", lang), code=state, tone=TONES.get(state, "")
            ),
            "done": Cell(value=run.done),
            "caught": Cell(value=run.coalesced),
            "code": Cell(value=run.error_code, mono=True),
            "ended": Cell(value=run.finished_at),
        },
    )


RUNS: Final = Source(declared=DECLARED, any_of=(Action.JOB_READ,), rows=_rows)
