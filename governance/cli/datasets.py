"""`sekisho dataset`: processed data sets for analysts, and what the law wants of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from governance.customers.ports import Ports
    from governance.http.principal import Principal
    from retention.datasets.types import Dataset

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Id = Annotated[str, typer.Argument(metavar="ID", help=say("dataset.id"))]
COLUMNS = ("id", "kind", "name", "state", "persons", "rows", "smallest", "expires_on")


@app.command("check", help=say("dataset.check"))
def check(
    request: Annotated[Path, typer.Argument(metavar="FILE", help=say("dataset.file"))],
) -> int:
    """Every item of the standard with what stands against it; 1 when something does."""
    from governance.cli.reading import text_of_file
    from governance.cli.session import opened
    from governance.customers.catalogue import catalogue
    from governance.i18n.catalogue import text
    from retention.datasets.reading import read_request
    from retention.datasets.rules import checklist

    asked = read_request(text_of_file(request), file=request.name)
    with opened():  # the installation's own fields are in the catalogue
        points = checklist(asked, catalogue().fields)
    shape = [
        {"standard": p.standard.value, "met": p.met, "against": list(p.against)} for p in points
    ]

    def words() -> None:
        lang = current().lang
        rows = [
            (
                text(f"retention.dataset.standard.{p.standard.value}", lang),
                say("dataset.met" if p.met else "dataset.unmet"),
                ", ".join(p.against) or "-",
            )
            for p in points
        ]
        columns = tuple(say(f"dataset.{name}") for name in ("standard", "answer", "against"))
        table(say("dataset.checklist"), columns, rows)

    emit(shape, words)
    return 0 if all(point.met for point in points) else 1


@app.command("make", help=say("dataset.make"))
def make(
    request: Annotated[Path, typer.Argument(metavar="FILE", help=say("dataset.file"))],
) -> int:
    """The data set is made and waits for a second person."""
    from governance.cli.reading import text_of_file
    from governance.cli.session import acting, opened
    from retention.datasets.building import make as build
    from retention.datasets.reading import read_request

    asked = read_request(text_of_file(request), file=request.name)
    with opened() as wiring:
        known = build(wiring.ports, acting(wiring), asked, at=wiring.clock())
    return _told(known, "dataset.made")


@app.command("list", help=say("dataset.list"))
def list_() -> int:
    """Every data set, the newest first."""
    from governance.cli.session import acting, opened
    from retention.datasets import service
    from retention.datasets.api import shape

    with opened() as wiring, wiring.database.read() as tx:
        found = service.listed(tx, wiring.ports, acting(wiring))
    emit([shape(one) for one in found], lambda: _table(found))
    return 0


@app.command("show", help=say("dataset.show"))
def show(
    dataset: Id,
    method: Annotated[bool, typer.Option("--method", help=say("dataset.method"))] = False,
) -> int:
    """One data set; with --method how it was made, which is on record."""
    from governance.cli.session import acting, opened
    from retention.datasets import service
    from retention.datasets.types import DatasetId

    with opened() as wiring:
        principal, at = acting(wiring), wiring.clock()
        if not method:
            with wiring.database.read() as tx:
                known = service.shown(tx, wiring.ports, principal, DatasetId(dataset))
            return _told(known, None)
        said, found = wiring.database.write(
            lambda tx: service.method(tx, wiring.ports, principal, DatasetId(dataset), at=at)
        )
    emit({"request": said, "found": found}, lambda: line(said))
    return 0


@app.command("release", help=say("dataset.release"))
def release(dataset: Id) -> int:
    """A second person has released it."""
    from retention.datasets import service
    from retention.datasets.types import DatasetId

    return _done(
        lambda tx, ports, by, at: service.release(tx, ports, by, DatasetId(dataset), at=at),
        "dataset.released",
    )


@app.command("provide", help=say("dataset.provide"))
def provide(dataset: Id, to: Annotated[str, typer.Option("--to", help=say("dataset.to"))]) -> int:
    """It was given to a recipient, who was told what it is."""
    from retention.datasets import service
    from retention.datasets.types import DatasetId

    return _done(
        lambda tx, ports, by, at: service.provide(
            tx, ports, by, DatasetId(dataset), recipient=to, at=at
        ),
        "dataset.provided",
    )


@app.command("end", help=say("dataset.end"))
def end(dataset: Id) -> int:
    """Its rows are gone."""
    from retention.datasets import service
    from retention.datasets.types import DatasetId

    return _done(
        lambda tx, ports, by, at: service.end(tx, ports, by, DatasetId(dataset), at=at),
        "dataset.ended",
    )


@app.command("take", help=say("dataset.take"))
def take(
    dataset: Id,
    output: Annotated[Path, typer.Option("--output", help=say("export.output"))],
    form: Annotated[str, typer.Option("--format", help=say("export.format"))] = "csv",
) -> int:
    """The rows stand in a new file."""
    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from governance.cli.writing import refuse_existing
    from governance.gateway.bulk.types import ExportFormat
    from retention.datasets import service
    from retention.datasets.types import DatasetId

    wanted = one_of(ExportFormat, form, "--format")
    refuse_existing(output)
    with opened() as wiring:
        known = service.take(
            wiring.ports,
            acting(wiring),
            DatasetId(dataset),
            output,
            form=wanted,
            at=wiring.clock(),
        )
    return _told(known, "dataset.taken")


def _done(
    act: "Callable[[Connection, Ports, Principal, datetime], Dataset]",
    said: str,
) -> int:
    """What became of the data set."""
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, at = acting(wiring), wiring.clock()
        known = wiring.database.write(lambda tx: act(tx, wiring.ports, principal, at))
    return _told(known, said)


def _told(dataset: "Dataset", said: str | None) -> int:
    from retention.datasets.api import shape

    def words() -> None:
        if said is not None:
            line(say(said, id=dataset.id))
        _table((dataset,))

    emit(shape(dataset), words)
    return 0


def _table(found: "tuple[Dataset, ...]") -> None:
    from governance.i18n.catalogue import text

    lang = current().lang
    rows = [
        (
            one.id,
            text(f"retention.dataset.kind.{one.kind.value}", lang),
            one.name,
            text(f"retention.dataset.state.{one.state.value}", lang),
            f"{one.persons:,}",
            f"{one.rows:,}",
            f"{one.smallest:,}",
            when(one.expires_on),
        )
        for one in found
    ]
    table(say("dataset.title"), tuple(say(f"dataset.column.{name}") for name in COLUMNS), rows)
