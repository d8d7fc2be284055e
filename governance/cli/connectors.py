"""`sekisho connectors`: connected systems, whether they answer, and what colleagues are asked."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli import outside
from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from dsar.connected.listing import Standing
    from governance.connectors.tasks import Task
    from governance.connectors.types import Health

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Key = Annotated[str, typer.Argument(metavar="ID", help=say("connectors.task"))]
COLUMNS = ("name", "label", "kind", "last_at", "last", "failures", "waiting")


@app.command("check", help=say("connectors.check"))
def check(
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help=say("connectors.file"))
    ] = None,
) -> int:
    """Every fault of the file with its line; 1 when there is one. No system is asked."""
    from governance.cli.catalogue import told_faults
    from governance.cli.session import settings
    from governance.connectors.errors import ConnectorsRefusedError
    from governance.connectors.reading import read_connectors

    asked = path or settings().connectors_file
    try:
        specs = read_connectors(asked) if asked is not None else ()
    except ConnectorsRefusedError as error:
        return told_faults(error)
    shape = {
        "faults": [],
        "connectors": [{"name": one.name, "kind": one.kind.value} for one in specs],
    }
    emit(shape, lambda: line(say("connectors.checked", count=len(specs))))
    return 0


@app.command("list", help=say("connectors.list"))
def list_() -> int:
    """Every connected system by what is on file."""
    found = _standing(look=False)
    emit([_json(one) for one in found], lambda: _table(found))
    return 0


@app.command("health", help=say("connectors.health"))
def health() -> int:
    """Whether each system answers now and has the declared shape; 1 when one does not."""
    found = _standing(look=True)

    def words() -> None:
        for one in found:
            line(f"{one.name}  {health_words(one.health)}")

    emit([_json(one) for one in found], words)
    return 0 if all(found_.health for found_ in found) else 1


def _standing(*, look: bool) -> "tuple[Standing, ...]":
    from dsar.connected.listing import listing, with_health
    from governance.app.connected import connectors_of
    from governance.cli.session import acting, opened

    with opened() as wiring:
        connectors, at = connectors_of(wiring), wiring.clock()
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = listing(tx, wiring.ports, principal, connectors, at=at)
        return with_health(found, connectors, at=at) if look else found


def health_words(found: "Health | None") -> str:
    """Whether it answers, in words, with the place that is wrong."""
    from governance.i18n.catalogue import text

    lang = current().lang
    if found is None or found.reason is None:
        return text("connectors.health.good", lang)
    reason = text(f"connectors.reason.{found.reason.value}", lang)
    place = f" [{found.place}]" if found.place else ""
    return text("connectors.health.bad", lang, reason=reason) + place


def _json(one: "Standing") -> dict[str, Any]:
    health = one.health
    looked = {} if health is None else {"ok": health.ok, "place": health.place}
    if health is not None:
        looked["reason"] = health.reason.value if health.reason else None
    return {
        "name": one.name,
        "label": {"ja": one.label.ja, "en": one.label.en},
        "kind": one.kind.value,
        "last_at": one.last_at.isoformat() if one.last_at else None,
        "last_code": one.last_code,
        "failures_30_days": one.failures,
        "waiting": one.waiting,
        **({"health": looked} if looked else {}),
    }


def _table(found: "tuple[Standing, ...]") -> None:
    from governance.i18n.catalogue import text

    ja = current().lang.value == "ja"
    rows = [
        (
            one.name,
            one.label.ja if ja else one.label.en,
            text(f"connectors.kind.{one.kind.value}", current().lang),
            when(one.last_at),
            one.last_code or "-",
            str(one.failures),
            str(one.waiting),
        )
        for one in found
    ]
    table("", tuple(say(f"connectors.column.{name}") for name in COLUMNS), rows)


@app.command("tasks", help=say("connectors.tasks"))
def tasks() -> int:
    """What colleagues have not answered, by its day; 1 when something is late."""
    from dsar.connected.tasks import waiting
    from governance.cli.session import acting, opened
    from governance.core.clock import JST

    with opened() as wiring:
        with wiring.database.read() as tx:
            found = waiting(tx, wiring.ports, acting(wiring))
        today = wiring.clock().astimezone(JST).date()

    def words() -> None:
        for one in found:
            line(f"{one.id}  {one.connector}  {one.act.value}  {one.due}")

    emit([_task_json(one) for one in found], words)
    return 1 if any(one.due < today for one in found) else 0


def _task_json(one: "Task") -> dict[str, Any]:
    return {
        "id": one.id,
        "connector": one.connector,
        "act": one.act.value,
        "request": one.request,
        "due": one.due.isoformat(),
        "asked_at": one.asked_at.isoformat(),
        "reminders": one.reminders,
        "answer": one.answer.value if one.answer else None,
    }


@app.command("task", help=say("connectors.show"))
def task(given: Key) -> int:
    """One task and whom it is about, as a pseudonym."""
    from dsar.connected.tasks import task_with_case
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId

    with opened() as wiring, wiring.database.read() as tx:
        found, case = task_with_case(tx, wiring.ports, acting(wiring), RowId(given))
    shape = _task_json(found) | {"reference": case.reference, "person": case.subject}

    def words() -> None:
        for name, value in shape.items():
            line(f"{name}: {value if value is not None else '-'}")

    emit(shape, words)
    return 0


@app.command("answer", help=say("connectors.answer"))
def answer(
    given: Key,
    said: Annotated[str, typer.Option("--answer", help=say("connectors.said"))],
    reason: Annotated[str, typer.Option("--reason", help=say("connectors.reason"))] = "",
    export: Annotated[Path | None, typer.Option("--export", help=say("connectors.export"))] = None,
    records: Annotated[int, typer.Option("--records", help=say("connectors.records"))] = 0,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=["%Y-%m-%d"], help=say("connectors.until")),
    ] = None,
) -> int:
    """The task has its answer, once."""
    from dsar.connected.tasks import NewAnswer, answer_task
    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from governance.connectors.said import read_export
    from governance.connectors.tasks import TaskAnswer
    from governance.core.terms import RowId

    new = NewAnswer(
        answer=one_of(TaskAnswer, said, "--answer"),
        reason=reason,
        export=read_export(export.read_bytes()) if export else "",
        records=records,
        until=until.date() if until else None,
    )
    with opened() as wiring:
        answer_task(wiring.ports, acting(wiring), RowId(given), new, at=wiring.clock())
    emit({"id": given, "answer": new.answer.value}, lambda: line(say("connectors.answered")))
    return 0


without = typer.Typer(rich_markup_mode=None)  # stands among the commands of requests


@without.command("go-without", help=say("connectors.without"))
def go_without(
    request: Annotated[str, typer.Argument(metavar="ID", help=say("dsar.id"))],
    connector: Annotated[str, typer.Option("--source", help=say("connectors.source"))],
    reason: Annotated[str, typer.Option("--reason", help=say("connectors.why"))],
) -> int:
    """The answer goes on without a system that gave none; the person is told so."""
    from dsar.connected import without as going
    from dsar.connected.sources import source_of
    from governance.app.connected import label_of
    from governance.cli.choices import one_of
    from governance.cli.requests import request_of, stands
    from governance.cli.session import acting, opened

    why = one_of(going.WithoutReason, reason, "--reason")
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = wiring.database.write(
            lambda tx: going.go_without(
                *(tx, wiring.ports, principal, wanted, source_of(connector), why),
                label=label_of(wiring, connector),
                at=wiring.clock(),
            )
        )
    return stands(case)


app.command("my-number", help=say("connectors.my_number"))(outside.my_number)
app.command("purged", help=say("connectors.purged"))(outside.purged)
