"""`sekisho quality`, `duplicates`: how clean the data is."""

from pathlib import Path
from typing import Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table

quality_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("duplicates", help=say("duplicates.help"))(duplicates)
    app.add_typer(quality_app, name="quality", help=say("quality.help"))
    quality_app.command("duplicates", help=say("duplicates.help"))(duplicates)


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
