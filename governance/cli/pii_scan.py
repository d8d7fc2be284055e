"""`sekisho pii scan`: where a folder, a file or a database holds personal data."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.cli.session import settings

if TYPE_CHECKING:
    from governance.discovery.types import ScanReport


def register(app: typer.Typer) -> None:
    """The command of this module stands in the tree."""
    app.command("scan", help=say("pii.scan"))(scan)


def scan(
    target: Annotated[str, typer.Argument(metavar="PATH_OR_URL", help=say("pii.target"))],
    report: Annotated[Path | None, typer.Option("--report", help=say("pii.report"))] = None,
    sample: Annotated[int, typer.Option("--sample", min=0, help=say("pii.sample"))] = 3_000,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help=say("pii.jobs"))] = 0,
) -> int:
    """Kinds, counts and how sure, never a value; what was broken off is a valid part."""
    from governance.cli.progress import steps_bar
    from governance.cli.writing import refuse_existing
    from governance.core.clock import utc_now
    from governance.discovery.report import check_form, shape, write
    from governance.discovery.scan import Scan
    from governance.pii.pool import PiiPool

    if report is not None:
        check_form(report)
        refuse_existing(report)
    with (
        PiiPool(jobs or None, model=settings().pii_model) as pool,
        steps_bar(say("pii.scanning")) as progress,
    ):
        running = Scan(
            target=target,
            analyse=pool.analyze_many,
            sample=sample or None,
            began=utc_now(),
            progress=progress,
        )
        try:
            running.run()
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one must not cost the report
            typer.echo(say("pii.broken_off"), err=True)
        found = running.report(at=utc_now())
    if report is not None:
        write(found, report, lang=current().lang)
    emit(shape(found), lambda: _told(found, report))
    if found.failed:
        return 3
    return 1 if found.found or not found.complete else 0


def _told(found: "ScanReport", report: Path | None) -> None:
    from governance.discovery.report import heads, missed, rows_of, summary

    lang = current().lang
    for name, value in summary(found, lang):
        line(f"{name}: {value}")
    chosen = (0, 2, 3, 6, 7, 8)
    rows = [tuple(row[n] for n in chosen) for row in rows_of(found, lang)]
    if rows:
        names = heads(lang)
        table(say("pii.found"), tuple(names[n] for n in chosen), rows)
    else:
        line(say("pii.nothing"))
    if others := missed(found, lang):
        table(say("pii.not_read"), (heads(lang)[0], say("pii.why")), others)
    if report is not None:
        line(say("pii.reported", path=report))
