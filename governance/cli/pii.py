"""`sekisho pii`: personal data in texts and columns, as filters; `pii scan` stands beside."""

import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Annotated, TextIO

import typer

from governance.cli import pii_models, pii_scan
from governance.cli.output import say

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
pii_scan.register(app)
pii_models.register(app)


def _write(lines: Iterable[str]) -> None:
    for item in lines:
        sys.stdout.write(item + "\n")
    sys.stdout.flush()


def _stream() -> TextIO:
    """Standard input; broken bytes become surrogates, not a crash."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return sys.stdin


@app.command("analyze", help=say("pii.analyze"))
def analyze(
    *,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help=say("pii.jobs"))] = 0,
    reasons: Annotated[bool, typer.Option("--reasons", help=say("pii.reasons"))] = False,
) -> int:
    """Spans for each text on standard input, in its order."""
    from governance.cli.session import settings
    from governance.pii.filters import Tally, analyze_lines
    from governance.pii.pool import PiiPool

    tally = Tally()
    with PiiPool(jobs or None, model=settings().pii_model) as pool:
        _write(analyze_lines(_stream(), pool.answers, tally, reasons=reasons))
    return tally.exit_code


@app.command("columns", help=say("pii.columns"))
def columns(*, ties: Annotated[bool, typer.Option("--ties", help=say("pii.ties"))] = False) -> int:
    """A label for each column on standard input."""
    from governance.pii.column_tables import side_by_side
    from governance.pii.columns import classify_column
    from governance.pii.filters import Tally, column_lines

    tally = Tally()
    _write(column_lines(_stream(), classify_column, side_by_side, tally, ties=ties))
    return tally.exit_code
