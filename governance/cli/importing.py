"""`sekisho import`: a file in, its preview before, its errors out and back in."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.errors import ChoiceError, KindError
from governance.cli.importing_told import (
    told_errors,
    told_kinds,
    told_outcome,
    told_preview,
    told_runs,
)
from governance.cli.output import emit, say
from governance.cli.progress import steps_bar
from governance.cli.usage import ArgumentMissingError, ArgumentValueError, CommandUnknownError

if TYPE_CHECKING:
    from governance.customers.file_paths import FilePath
    from governance.customers.sources.types import Acquisition
    from governance.customers.types import SourceKind
    from governance.gateway.intake.types import ImportRequest

WORDS = ("errors", "runs", "sources", "kinds")  # in place of FILE
COMMAND = "sekisho import"
IGNORED = ""
CHUNK = 1 << 20  # bytes read at a time to guess the number of rows


FileName = Annotated[str, typer.Argument(metavar="FILE", help=say("import.file"))]
RunName = Annotated[str | None, typer.Argument(metavar="RUN", help=say("import.run"))]
Kind = Annotated[str | None, typer.Option("--kind", help=say("import.kind"))]
Encoding = Annotated[str, typer.Option("--encoding", help=say("import.encoding"))]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help=say("import.delimiter"))]
SheetName = Annotated[str | None, typer.Option("--sheet", help=say("import.sheet"))]
HeaderRow = Annotated[
    int | None, typer.Option("--header-row", min=0, help=say("import.header_row"))
]
Mapped = Annotated[list[str] | None, typer.Option("--map", metavar="H=F", help=say("import.map"))]
Ignored = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="H", help=say("import.ignore"))
]
Suggested = Annotated[bool, typer.Option("--suggested", help=say("import.suggested"))]
Source = Annotated[str | None, typer.Option("--source", help=say("import.source"))]
Confirmed = Annotated[bool, typer.Option("--confirm-columns", help=say("import.confirm_columns"))]
From = Annotated[str | None, typer.Option("--acquired-from", help=say("import.acquired_from"))]
On = Annotated[str | None, typer.Option("--acquired-on", help=say("import.acquired_on"))]
Method = Annotated[str | None, typer.Option("--method", help=say("import.method"))]
Ground = Annotated[str | None, typer.Option("--ground", help=say("import.ground"))]
Provider = Annotated[str | None, typer.Option("--provider", help=say("import.provider"))]
Origin = Annotated[str | None, typer.Option("--origin", help=say("import.origin"))]
PreviewOnly = Annotated[bool, typer.Option("--preview", help=say("import.preview"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say("import.dry_run"))]
Out = Annotated[Path | None, typer.Option("--out", help=say("import.out"))]


def register(app: typer.Typer) -> None:
    """The command stands in the tree."""
    app.command("import", help=say("import.help"))(import_)


def import_(
    file: FileName,
    run: RunName = None,
    *,
    kind: Kind = None,
    encoding: Encoding = "auto",
    delimiter: Delimiter = None,
    sheet: SheetName = None,
    header_row: HeaderRow = None,
    columns: Mapped = None,
    ignored: Ignored = None,
    suggested: Suggested = False,
    source: Source = None,
    confirmed: Confirmed = False,
    acquired_from: From = None,
    acquired_on: On = None,
    method: Method = None,
    ground: Ground = None,
    provider: Provider = None,
    origin: Origin = None,
    preview: PreviewOnly = False,
    dry_run: DryRun = False,
    out: Out = None,
) -> int:
    """What became of every row of the file."""
    if file in WORDS and not Path(file).is_file():
        return _word(file, run, out)
    if run is not None:
        raise CommandUnknownError(command=COMMAND)
    from governance.gateway.intake.types import ImportRequest

    request = ImportRequest(
        path=Path(file),
        kind=_kind(kind),
        encoding=None if encoding == "auto" else encoding,
        delimiter=_delimiter(delimiter),
        sheet=sheet,
        header_row=header_row,
        columns=_columns(columns or [], ignored or []),
        suggested=suggested,
        source=source,
        confirmed=confirmed,
        acquisition=_acquisition(acquired_from, acquired_on, method, ground, provider, origin),
        dry_run=dry_run,
    )
    return _preview(request) if preview else _take_in(request)


def _preview(request: "ImportRequest") -> int:
    from governance.cli.session import acting, opened
    from governance.gateway.intake.preview import preview

    with opened() as wiring:
        found = preview(wiring.ports, acting(wiring), request, at=wiring.clock())
    emit(found.as_json(), lambda: told_preview(request.path.name, found))
    return 0


def _take_in(request: "ImportRequest") -> int:
    from governance.cli.session import acting, opened
    from governance.customers.search.filling import follow
    from governance.gateway.intake.service import take_in

    with opened() as wiring:
        try:
            with _bar(request.path) as progress:
                outcome = take_in(
                    wiring.ports, acting(wiring), request, at=wiring.clock(), progress=progress
                )
        except KeyboardInterrupt:
            print(say("import.stopped", file=request.path.name), file=sys.stderr)  # noqa: T201 # the error channel
            return 1
        emit(outcome.as_json(), lambda: told_outcome(request.path.name, outcome))
        if not request.dry_run:
            with suppress(KeyboardInterrupt):  # the server's job goes on with what is left
                follow(wiring.database, wiring.vault)
    return 0 if outcome.counts.quarantined + outcome.counts.refused == 0 else 1


@contextmanager
def _bar(path: "FilePath") -> Iterator[Callable[[int], None]]:
    """A line on the terminal that tells how many rows were dealt with; nothing elsewhere."""
    total = _lines(path) if isinstance(path, Path) and path.is_file() else None
    with steps_bar(path.name) as shown:
        yield lambda rows: shown(rows, total)


def _lines(path: Path) -> int | None:
    """About how many rows a file of text has; None for a workbook."""
    with path.open("rb") as stream:
        first = stream.read(CHUNK)
        if first.startswith(b"PK"):
            return None
        count = first.count(b"\n")
        while block := stream.read(CHUNK):
            count += block.count(b"\n")
    return max(1, count - 1)


def _word(word: str, run: str | None, out: Path | None) -> int:
    """`errors RUN --out FILE`, `runs`, `sources`, `kinds`."""
    from governance.cli.session import acting, opened

    if word == "errors":
        if run is None:
            raise ArgumentMissingError(option="RUN", command=f"{COMMAND} errors")
        if out is None:
            raise ArgumentMissingError(option="--out", command=f"{COMMAND} errors")
        return _errors(run, out)
    if run is not None:
        raise CommandUnknownError(command=COMMAND)
    with opened() as wiring:
        if word == "kinds":
            told_kinds()
            return 0
        told_runs(wiring, acting(wiring), sources=word == "sources")
    return 0


def _errors(run: str, out: Path) -> int:
    from governance.cli.invocation import current
    from governance.cli.session import acting, opened
    from governance.cli.writing import refuse_existing
    from governance.gateway.intake.errors_file import write_errors

    refuse_existing(out)
    with opened() as wiring:
        written = write_errors(
            wiring.ports, acting(wiring), run, out, lang=current().lang, at=wiring.clock()
        )
    emit(written.as_json(), lambda: told_errors(out, written))
    return 0


def _kind(name: str | None) -> "SourceKind | None":
    from governance.customers.types import SourceKind

    known = {item.value for item in SourceKind}
    if name is not None and name not in known:
        raise KindError(known=", ".join(sorted(known)))
    return SourceKind(name) if name else None


def _delimiter(sign: str | None) -> str | None:
    """The sign between cells; `tab` and its escape name the tab."""
    found = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(sign or "", sign)
    if found is not None and (len(found) != 1 or found in '"\r\n' or found.isalnum()):
        raise ArgumentValueError(option="--delimiter", command=COMMAND)
    return found


def _columns(columns: list[str], ignored: list[str]) -> dict[str, str]:
    """Header to field, as --map and --ignore say; a header may itself hold the equals sign."""
    found = dict.fromkeys(ignored, IGNORED)
    for word in columns:
        header, equals, field = word.rpartition("=")
        if not equals or not header or header in found:
            raise ArgumentValueError(option="--map", command=COMMAND)
        found[header] = field.strip()
    return found


def _acquisition(
    acquired_from: str | None,
    acquired_on: str | None,
    method: str | None,
    ground: str | None,
    provider: str | None,
    origin: str | None,
) -> "Acquisition":
    from governance.customers.sources.types import Acquisition, AcquisitionGround
    from governance.gateway.intake.acquiring import GIVERS, METHODS

    grounds = frozenset(item.value for item in AcquisitionGround)
    for option, value, known in (
        ("--acquired-from", acquired_from, GIVERS),
        ("--method", method, METHODS),
        ("--ground", ground, grounds),
    ):
        if value is not None and value not in known:
            raise ChoiceError(option=option, known=", ".join(sorted(known)))
    try:
        day = date.fromisoformat(acquired_on) if acquired_on else None
    except ValueError as error:
        raise ArgumentValueError(option="--acquired-on", command=COMMAND) from error
    if origin is not None and not (len(origin) == 2 and origin.isascii() and origin.isalpha()):  # noqa: PLR2004 -- ISO 3166-1 alpha-2
        raise ArgumentValueError(option="--origin", command=COMMAND)
    return Acquisition(
        acquired_from=acquired_from,
        acquired_on=day,
        method=method,
        ground=AcquisitionGround(ground) if ground else None,
        provider=provider,
        origin=origin.upper() if origin else None,
    )
