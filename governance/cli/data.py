"""`sekisho import`, `quality`, `duplicates`: files in, and how clean they are."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from governance.gateway.intake.types import ImportOutcome

quality_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("import", help=say("import.help"))(import_)
    app.command("duplicates", help=say("duplicates.help"))(duplicates)
    app.add_typer(quality_app, name="quality", help=say("quality.help"))
    quality_app.command("duplicates", help=say("duplicates.help"))(duplicates)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("import.file"))],
    kind: Annotated[str | None, typer.Option("--kind", help=say("import.kind"))] = None,
    encoding: Annotated[str, typer.Option("--encoding", help=say("import.encoding"))] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say("import.dry_run"))] = False,
) -> int:
    """What became of every row of the file."""
    from governance.cli.errors import KindError
    from governance.cli.session import acting, opened
    from governance.customers.types import SourceKind
    from governance.gateway.intake.service import take_in
    from governance.gateway.intake.types import ImportRequest

    known = {item.value for item in SourceKind}
    if kind is not None and kind not in known:
        raise KindError(known=", ".join(sorted(known)))
    request = ImportRequest(
        path=file,
        kind=SourceKind(kind) if kind else None,
        encoding=None if encoding == "auto" else encoding,
        dry_run=dry_run,
    )
    with opened() as wiring:
        outcome = take_in(wiring.ports, acting(wiring), request, at=wiring.clock())
    emit(outcome.as_json(), lambda: _told(file.name, outcome))
    return 0 if outcome.counts.quarantined + outcome.counts.refused == 0 else 1


def _told(name: str, outcome: "ImportOutcome") -> None:
    """The counts in one sentence, and every kind of problem with what it means."""
    counts = outcome.counts
    line(
        say(
            "import.done",
            file=name,
            encoding=outcome.encoding,
            read=counts.read,
            stored=counts.stored,
            merged=counts.merged,
            quarantined=counts.quarantined,
            refused=counts.refused,
            normalised=counts.normalised,
        )
    )
    if outcome.repeated:
        line(say("import.repeated"))
    rows = [
        (kind, str(count), text(f"customers.problem.{kind.lower()}", current().lang))
        for kind, count in sorted(outcome.problems.items(), key=lambda item: -item[1])
    ]
    if rows:
        columns = (say("import.problem"), say("import.count"), say("import.meaning"))
        table(say("import.problems"), columns, rows)


def duplicates(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("import.file"))],
    kind: Annotated[str | None, typer.Option("--kind", help=say("import.kind"))] = None,
) -> int:
    """Rows of a file that are one person (or one company), one cluster per line."""
    from governance.cli.errors import KindError
    from governance.core.clock import JST, utc_now
    from governance.customers.matching.report import cluster_lines, duplicates_of
    from governance.customers.normalise.files import read_register
    from governance.customers.types import SourceKind

    known = {SourceKind.CUSTOMERS.value, SourceKind.COMPANIES.value}
    if kind is not None and kind not in known:
        raise KindError(known=", ".join(sorted(known)))
    register_ = read_register(
        file, SourceKind(kind) if kind else None, at=utc_now().astimezone(JST).date()
    )
    found = duplicates_of(register_.rows, register_.layout.kind)
    if current().json:
        for item in cluster_lines(found.clusters, file=file.name):
            line(item)
    else:
        rows = [(", ".join(map(str, cluster.rows)),) for cluster in found.clusters]
        table(say("duplicates.title", count=len(rows)), (say("duplicates.rows"),), rows)
    return 1 if found.clusters else 0


@quality_app.command("report", help=say("quality.report"))
def report() -> int:
    """The quality figures of the register."""
    from governance.cli.session import acting, opened
    from governance.gateway.quality import figures
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.QUALITY_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            found = figures(tx)
    columns = (say("quality.figure"), say("quality.value"))
    rows = [(say(f"quality.{name}"), str(value)) for name, value in found.items()]
    emit(found, lambda: table("", columns, rows))
    return 0
