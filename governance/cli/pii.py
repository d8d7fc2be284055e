"""`sekisho pii`: personal data in texts, columns and files, as filters."""

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from governance.cli.output import say

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def _write(lines: Iterable[str]) -> None:
    for item in lines:
        sys.stdout.write(item + "\n")
    sys.stdout.flush()


def _read() -> Iterator[str]:
    """Standard input line by line; broken bytes become surrogates, not a crash."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return iter(sys.stdin)


@app.command("analyze", help=say("pii.analyze"))
def analyze() -> int:
    """Spans for each text on standard input."""
    from governance.pii.engine import Analyzer
    from governance.pii.filters import Tally, analyze_lines

    tally = Tally()
    _write(analyze_lines(_read(), Analyzer().analyze, tally))
    return tally.exit_code


@app.command("columns", help=say("pii.columns"))
def columns() -> int:
    """A label for each column on standard input."""
    from governance.pii.columns import classify_column
    from governance.pii.filters import Tally, column_lines

    tally = Tally()
    _write(column_lines(_read(), classify_column, tally))
    return tally.exit_code


@app.command("scan", help=say("pii.scan"))
def scan(file: Annotated[Path, typer.Argument(metavar="FILE", help=say("pii.file"))]) -> int:
    """Where a text file holds personal data; never the text itself."""
    from governance.pii.engine import Analyzer
    from governance.pii.filters import Tally, scan_file

    tally = Tally()
    _write(scan_file(file, Analyzer().analyze, tally))
    return 1 if tally.found else tally.exit_code
