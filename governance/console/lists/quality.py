"""The list of the quarter's review tasks: what is to be looked through, in whose hands, by when."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import every, one_of, row, who
from governance.console.lists.source import Asked, Source
from governance.console.quality_facts import HOME
from governance.core.terms import Lang
from governance.customers.upkeep.reviews import Task
from governance.gateway.upkeep import tasks
from governance.i18n.catalogue import text
from governance.i18n.formats import quarter_words
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

TASKS: Final = ListOf(
    id="quality-tasks",
    path=HOME,
    title="upkeep.quality.tasks",
    keeps=("every",),
    none="console.figure.no_tasks",
    columns=(
        ListColumn(key="topic", label="console.column.topic", kind=Kind.CHOICE, filters=True),
        ListColumn(key="quarter", label="upkeep.quality.quarter", kind=Kind.CHOICE, filters=True),
        ListColumn(key="owner", label="console.column.owner", kind=Kind.CHOICE, filters=True),
        ListColumn(key="found", label="console.column.count", kind=Kind.NUMBER, filters=True),
        ListColumn(key="due", label="console.column.due", kind=Kind.DAY, filters=True),
        ListColumn(key="assignee", label="upkeep.quality.assignee", kind=Kind.CHOICE, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    """Open tasks, the earliest day first; those that are done too where the page asks for them."""
    whole = asked.given.get("every") == "yes"
    found = tasks(tx, asked.wiring.ports, asked.principal, every=whole)
    return every(_row(one, asked) for one in found)


def _row(one: Task, asked: Asked) -> Row:
    lang = asked.lang
    topic = text(one.topic.text_key, lang)
    return row(
        one.id,
        topic=Cell(value=topic, code=one.topic.value, href=f"{HOME}/tasks/{one.id}"),
        quarter=Cell(value=quarter_words(one.quarter, lang), code=one.quarter, order=one.quarter),
        owner=one_of("customers.owner.", one.owner, lang),
        found=Cell(value=one.found),
        due=_due(one, asked, lang),
        assignee=who(one.assignee, lang),
    )


def _due(one: Task, asked: Asked, lang: Lang) -> Cell:
    if one.done:
        return Cell(value=one.due_on, note=text("upkeep.quality.done", lang), note_tone="plain")
    late = one.overdue(on=asked.today)
    return Cell(
        value=one.due_on,
        note=text("console.figure.overdue", lang) if late else "",
        note_tone="attention" if late else "",
    )


QUALITY_TASKS: Final = Source(declared=TASKS, any_of=(Action.QUALITY_READ,), rows=_rows)
