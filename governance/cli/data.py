"""`sekisho quality`: how clean the data is, how that went over time, and the quarterly review."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli import duplicates
from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from governance.customers.upkeep.measures import Measure
    from governance.customers.upkeep.reviews import Task

quality_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Which = Annotated[str, typer.Argument(metavar="ID", help=say("quality.task_id"))]
LOOK_BACK = timedelta(days=92)  # a quarter


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.add_typer(duplicates.app, name="duplicates", help=say("duplicates.help"))
    app.add_typer(quality_app, name="quality", help=say("quality.help"))
    quality_app.command("duplicates", help=say("duplicates.file"))(duplicates.of_file)


@quality_app.command("report", help=say("quality.report"))
def report(
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help=say("quality.since"))
    ] = None,
) -> int:
    """The quality figures of the register now; with --since, how they went from day to day."""
    from governance.app.quality import current_figures
    from governance.cli.session import acting, opened
    from governance.gateway.quality import figures
    from governance.gateway.upkeep import trend
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.QUALITY_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            found = figures(tx)
            now = current_figures(tx, at=wiring.clock())
            days = trend(tx, wiring.ports, principal, since=since.date()) if since else ()
    shape: dict[str, object] = dict(found)
    shape["measures"] = [measure.as_json() for measure in now]
    if since is not None:
        shape["trend"] = [measure.as_json() for measure in days]
    emit(shape, lambda: _told(found, now, days))
    return 0


def _told(found: dict[str, int], now: "tuple[Measure, ...]", days: "tuple[Measure, ...]") -> None:
    """Counts, figures with their level, and one line per figure of how it went."""
    columns = (say("quality.figure"), say("quality.value"))
    table("", columns, [(say(f"quality.{name}"), str(value)) for name, value in found.items()])
    heads = tuple(say(f"quality.{name}") for name in ("figure", "part", "whole", "share", "level"))
    rows = [
        (
            _name(m),
            str(m.part),
            str(m.whole),
            _share(m),
            say(f"quality.{m.level}") if m.level else "",
        )
        for m in now
    ]
    table(say("quality.now"), heads, rows)
    if days:
        from governance.customers.upkeep.measures import by_kpi

        went = [
            (
                _name(line_[0]),
                f"{line_[0].day}",
                _share(line_[0]),
                f"{line_[-1].day}",
                _share(line_[-1]),
            )
            for line_ in by_kpi(days).values()
        ]
        names = ("figure", "first_day", "first", "last_day", "last")
        table(say("quality.trend"), tuple(say(f"quality.{name}") for name in names), went)


def _name(measure: "Measure") -> str:
    lang = current().lang
    name = text(f"customers.kpi.{measure.kpi}", lang)
    if not measure.field:
        return name
    from governance.core.terms import FieldId
    from governance.customers.catalogue import catalogue

    return f"{name}: {catalogue().fields[FieldId(f'person.{measure.field}')].label(lang)}"


def _share(measure: "Measure") -> str:
    """A share in percent, a mean of days as it is."""
    if measure.share is None:
        return "-"
    return f"{measure.share:.1f}" if measure.kpi.endswith("_days") else f"{measure.share:.1%}"


@quality_app.command("tasks", help=say("quality.tasks"))
def tasks(
    every: Annotated[bool, typer.Option("--all", help=say("quality.all"))] = False,
) -> int:
    """Review tasks, the earliest day first; what is overdue is a finding."""
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.gateway.upkeep import tasks as found_tasks

    with opened() as wiring:
        principal, today = acting(wiring), wiring.clock().astimezone(JST).date()
        with wiring.database.read() as tx:
            found = found_tasks(tx, wiring.ports, principal, every=every)
    names = ("task", "quarter", "owner", "topic", "found", "due", "assignee", "state")
    columns = tuple(say(f"quality.{name}") for name in names)
    emit(
        [task.as_json(on=today) for task in found],
        lambda: table("", columns, [_row(task, today) for task in found]),
    )
    return 1 if any(task.overdue(on=today) for task in found) else 0


def _row(task: "Task", today: date) -> tuple[str, ...]:
    state = "done" if task.done else ("overdue" if task.overdue(on=today) else "open")
    what = text(task.topic.text_key, current().lang)
    due = when(task.due_on)
    who, stands = task.assignee or "-", say(f"quality.{state}")
    return (task.id, task.quarter, task.owner, what, str(task.found), due, who, stands)


@quality_app.command("task", help=say("quality.show_task"))
def show(task: Which) -> int:
    """One task, with the ids of what is behind it now."""
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.gateway.upkeep import show_task

    with opened() as wiring:
        at = wiring.clock()
        view = show_task(wiring.ports, acting(wiring), task, at=at)
    today = at.astimezone(JST).date()
    shape = view.task.as_json(on=today) | {"rows": list(view.rows), "comment": view.comment}

    def told() -> None:
        line("  ".join(_row(view.task, today)))
        if view.comment:
            line(view.comment)
        for row in view.rows:
            line(row)

    emit(shape, told)
    return 0


@quality_app.command("assign", help=say("quality.assign"))
def assign(
    task: Which,
    login: Annotated[str, typer.Argument(metavar="LOGIN", help=say("quality.login"))],
) -> int:
    """The task is in this employee's hands; on record."""
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.gateway.upkeep import assign_task

    with opened() as wiring:
        at = wiring.clock()
        given = assign_task(wiring.ports, acting(wiring), task, login, at=at)
    today = at.astimezone(JST).date()
    emit(given.as_json(on=today), lambda: line("  ".join(_row(given, today))))
    return 0


@quality_app.command("done", help=say("quality.finish_task"))
def done(
    task: Which, comment: Annotated[str, typer.Option("--comment", help=say("quality.comment"))]
) -> int:
    """The task is done, with a comment; on record."""
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.gateway.upkeep import finish_task

    with opened() as wiring:
        at = wiring.clock()
        finished = finish_task(wiring.ports, acting(wiring), task, comment, at=at)
    today = at.astimezone(JST).date()
    emit(finished.as_json(on=today), lambda: line("  ".join(_row(finished, today))))
    return 0
