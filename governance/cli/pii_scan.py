"""`sekisho pii scan`: where a folder, a file or a database holds personal data."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.core.errors import GovernanceError
from governance.i18n.catalogue import error_text

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
    from governance.cli.session import settings
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
    unrecorded = _recorded(found)
    emit(
        {**shape(found), "recorded": unrecorded is None},
        lambda: _told(found, report, unrecorded),
    )
    if found.failed or _log_refused(unrecorded):
        return 3
    return 1 if found.found or not found.complete else 0


def _recorded(found: "ScanReport") -> GovernanceError | None:
    """The scan is kept and on record; else why not, for its result is shown anyway."""
    from functools import partial

    from governance.app.folders import require_file
    from governance.cli.session import acting, opened, settings
    from governance.discovery.service import record
    from governance.discovery.store import ScanSource

    try:
        require_file(settings().database)
        with opened() as wiring:
            kept = partial(
                record,
                ports=wiring.ports,
                principal=acting(wiring),
                report=found,
                source=ScanSource.COMMAND,
                at=wiring.clock(),
            )
            wiring.database.write(kept)
    except GovernanceError as refused:
        return refused
    return None


def _log_refused(unrecorded: GovernanceError | None) -> bool:
    """Somebody is signed in to an installation, and its log took no event."""
    from governance.app.folders import NotInitialisedError
    from governance.identity.errors import NotSignedInError

    return unrecorded is not None and not isinstance(
        unrecorded, NotInitialisedError | NotSignedInError
    )


def _told(found: "ScanReport", report: Path | None, unrecorded: GovernanceError | None) -> None:
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
        line(say("pii.nothing" if found.places or found.not_read else "pii.nothing_read"))
    if others := missed(found, lang):
        table(say("pii.not_read"), (heads(lang)[0], say("pii.why")), others)
    if report is not None:
        line(say("pii.reported", path=report))
    if unrecorded is None:
        line(say("pii.recorded"))
    else:
        line(say("pii.unrecorded", why=error_text(unrecorded, lang)))
