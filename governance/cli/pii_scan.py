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
    """The scan is on record with counts alone; else why not, for its result is shown anyway.

    Neither the place nor a name of a file or column goes to the log: they may name persons.
    """
    from audit.actions import EventCode
    from audit.types import EventDraft, Outcome
    from governance.app.wiring import require_file
    from governance.cli.session import acting, opened, settings
    from governance.core.terms import ActorId

    try:
        require_file(settings().database)
        with opened() as wiring:
            principal = acting(wiring)
            event = EventDraft(
                action=EventCode.PII_SCANNED,
                occurred_at=wiring.clock(),
                actor=ActorId(principal.id),
                actor_os=principal.os_user,
                object_type="pii_scan",
                object_id="command",
                outcome=Outcome.DONE,
                counts=(
                    ("places", len(found.places)),
                    ("places_personal", sum(place.personal for place in found.places)),
                    ("places_not_read", len(found.not_read)),
                    ("broken_off", int(not found.complete)),
                ),
            )
            wiring.database.write(lambda tx: wiring.ports.audit.append(tx, event))
    except GovernanceError as refused:
        return refused
    return None


def _log_refused(unrecorded: GovernanceError | None) -> bool:
    """Somebody is signed in to an installation, and its log took no event."""
    from governance.app.wiring import NotInitialisedError
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
        line(say("pii.nothing"))
    if others := missed(found, lang):
        table(say("pii.not_read"), (heads(lang)[0], say("pii.why")), others)
    if report is not None:
        line(say("pii.reported", path=report))
    if unrecorded is None:
        line(say("pii.recorded"))
    else:
        line(say("pii.unrecorded", why=error_text(unrecorded, lang)))
