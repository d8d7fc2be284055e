"""`sekisho report ID`: a report as of one checkpoint, on record."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say

DAYS = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """The command of this module stands in the tree."""
    app.command("report", help=say("report.help"))(report)


def report(
    name: Annotated[str, typer.Argument(metavar="ID", help=say("report.id"))],
    first: Annotated[
        datetime | None, typer.Option("--from", formats=DAYS, help=say("report.from"))
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=DAYS, help=say("report.to"))
    ] = None,
    form: Annotated[str, typer.Option("--format", help=say("report.format"))] = "md",
    output: Annotated[Path | None, typer.Option("--output", help=say("report.output"))] = None,
) -> int:
    """The report stands on standard output or in a new file; the log names its digest."""
    from contextlib import nullcontext

    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file
    from governance.core.clock import JST
    from governance.reports.rendering import ReportFormat, shape
    from governance.reports.service import ground_of, make, report_id
    from governance.reports.types import Period

    id_, wanted = report_id(name), one_of(ReportFormat, form, "--format")
    with opened() as wiring:
        today = wiring.clock().astimezone(JST).date()
        end = last.date() if last else today
        period = Period(first=first.date() if first else end.replace(day=1), last=end)
        with nullcontext() if output is None else new_file(output) as stream:
            document, content = make(
                ground_of(wiring),
                acting(wiring),
                id_,
                period,
                form=ReportFormat.JSON if current().json and output is None else wanted,
                lang=current().lang,
            )
            if stream is not None:
                stream.write(content)

    def words() -> None:
        if output is None and wanted is ReportFormat.XLSX:
            sys.stdout.buffer.write(content)
        elif output is None:
            line(content.decode().rstrip("\n").removeprefix("\ufeff"))
        else:
            line(say("report.made", path=output, size=f"{document.made.head.size:,}"))

    emit(shape(document), words)
    return 0
