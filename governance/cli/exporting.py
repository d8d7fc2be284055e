"""`sekisho export` and `sekisho use`: files through the gate, and who may be used unseen."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say

if TYPE_CHECKING:
    from governance.core.terms import SubjectId
    from governance.gateway.bulk.types import BulkRequest, Manifest, UseAnswer
    from policies.reasons import ReasonCode

Purpose = Annotated[str, typer.Option("--purpose", help=say("check.purpose"))]
To = Annotated[str | None, typer.Option("--recipient", help=say("export.recipient"))]
By = Annotated[str | None, typer.Option("--channel", help=say("check.channel"))]
Of = Annotated[
    Path | None,
    typer.Option("--ids", exists=True, dir_okay=False, help=say("export.ids")),
]


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("export", help=say("export.help"))(export)
    app.command("use", help=say("use.help"))(use)


def export(
    purpose: Purpose,
    output: Annotated[Path, typer.Option("--output", help=say("export.output"))],
    fields: Annotated[str | None, typer.Option("--fields", help=say("export.fields"))] = None,
    form: Annotated[str, typer.Option("--format", help=say("export.format"))] = "csv",
    recipient: To = None,
    channel: By = None,
    table: Annotated[str, typer.Option("--table", help=say("export.table"))] = "person",
    naming: Annotated[str, typer.Option("--naming", help=say("export.naming"))] = "pseudonym",
    ids: Of = None,
) -> int:
    """The file with what may leave stands there, new; its manifest is printed."""
    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from governance.cli.writing import refuse_existing
    from governance.core.terms import FieldId
    from governance.gateway.bulk.exporting import export as make
    from governance.gateway.bulk.exporting import refused
    from governance.gateway.bulk.types import (
        ExportFormat,
        ExportGuardError,
        ExportRefusedError,
        ExportRequest,
        Naming,
    )

    wanted = None
    if fields is not None:
        wanted = tuple(FieldId(f"{table}.{name.strip()}") for name in fields.split(","))
    request = ExportRequest(
        bulk=_bulk(purpose, recipient, channel, ids),
        table=table,
        fields=wanted,
        format=one_of(ExportFormat, form, "--format"),
        naming=one_of(Naming, naming, "--naming"),
    )
    refuse_existing(output)
    with opened() as wiring:
        principal, at = acting(wiring), wiring.clock()
        try:
            manifest = make(wiring.ports, principal, request, output, at=at)
        except (ExportRefusedError, ExportGuardError) as error:
            refused(wiring.ports, principal, request.bulk, error, at=at)
            raise
    emit(manifest.as_json(), lambda: _told(manifest, output))
    return 0


def use(purpose: Purpose, recipient: To = None, channel: By = None, ids: Of = None) -> int:
    """The pseudonyms of who may be used for the purpose now, one a line."""
    from governance.cli.session import acting, opened
    from governance.gateway.bulk.using import use as permitted

    request = _bulk(purpose, recipient, channel, ids)
    with opened() as wiring:
        found = permitted(wiring.ports, acting(wiring), request, at=wiring.clock())
    emit(found.as_json(), lambda: _listed(found))
    return 0


def _bulk(
    purpose: str, recipient: str | None, channel: str | None, ids: Path | None
) -> "BulkRequest":
    from governance.gateway.bulk.types import BulkRequest

    return BulkRequest(
        purpose=purpose,
        recipient=recipient,
        channel=channel,
        subjects=None if ids is None else tuple(_ids(ids)),
    )


def _ids(path: Path) -> "Iterator[SubjectId]":
    """Pseudonyms of a file, one a line."""
    from governance.core.terms import SubjectId

    with path.open(encoding="utf-8") as stream:
        for row in stream:
            if name := row.strip():
                yield SubjectId(name)


def _told(manifest: "Manifest", output: Path) -> None:
    line(
        say("export.made", path=output, rows=f"{manifest.rows:,}", persons=f"{manifest.persons:,}")
    )
    _excluded(manifest.excluded)
    for duty in manifest.obligations:
        line(say("export.duty", duty=duty))
    if manifest.provision is not None:
        line(say("export.provision", id=manifest.provision))
    line(f"SHA-256 {manifest.sha256}")


def _listed(found: "UseAnswer") -> None:
    from governance.core.clock import JST

    for subject in found.permit:
        line(subject)
    until = found.valid_until.astimezone(JST).isoformat(timespec="milliseconds")
    typer.echo(say("use.made", count=f"{len(found.permit):,}", until=until), err=True)


def _excluded(counted: "Mapping[ReasonCode, int]") -> None:
    from governance.cli.invocation import current
    from policies.reasons import Audience, reason_text

    for code, number in sorted(counted.items()):
        words = reason_text(code, Audience.OFFICER, current().lang)
        line(say("export.excluded", count=f"{number:,}", reason=words))
