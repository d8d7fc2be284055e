"""The list of files that came in, the newest first."""

from typing import Final

from sqlalchemy import Connection

from governance.console.import_facts import COUNTED, HOME, kind_name
from governance.console.lists.cells import days_asked
from governance.console.lists.source import Asked, Source
from governance.core.terms import Lang
from governance.customers.imports import Run, all_runs
from governance.i18n.catalogue import text
from governance.ui.lists.types import MOST, Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

DECLARED: Final = ListOf(
    id="imports",
    path=HOME,
    title="upkeep.import.runs",
    columns=(
        ListColumn(key="file", label="console.column.file"),
        ListColumn(key="kind", label="upkeep.import.kind", kind=Kind.CHOICE, filters=True),
        ListColumn(key="state", label="upkeep.dup.state", kind=Kind.CHOICE, filters=True),
        *(
            ListColumn(key=name, label=f"console.column.{name}", kind=Kind.NUMBER)
            for name in COUNTED
        ),
        ListColumn(key="begun", label="upkeep.import.begun", kind=Kind.MOMENT, filters=True),
    ),
    order="-begun",
    reaches=True,
    none="console.figure.no_runs",
    none_text="console.figure.no_runs_text",
)


def _rows(tx: Connection, asked: Asked) -> Found:
    since, until = days_asked(asked.view, "begun")
    found = [
        run
        for run in all_runs(tx)
        if (since is None or run.started_at >= since) and (until is None or run.started_at < until)
    ]
    return Found(rows=tuple(_row(run, asked.lang) for run in found[:MOST]), more=len(found) > MOST)


def _row(run: Run, lang: Lang) -> Row:
    state = "done" if run.done else "running"
    return Row(
        key=run.id,
        cells={
            "file": Cell(value=run.file_name, href=f"{HOME}/runs/{run.id}"),
            "kind": Cell(value=kind_name(run.kind, lang), code=run.kind),
            "state": Cell(
                value=text(f"upkeep.import.state.{state}", lang),
                code=state,
                tone="" if run.done else "attention",
            ),
            **{name: Cell(value=run.counts[name]) for name in COUNTED},
            "begun": Cell(value=run.started_at),
        },
    )


IMPORTS: Final = Source(
    declared=DECLARED, any_of=(Action.PERSON_IMPORT, Action.QUALITY_READ), rows=_rows
)
