"""How commands speak: words for people, one JSON value for programs, errors in one sentence."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from governance.cli.invocation import current
from governance.core.errors import GovernanceError
from governance.i18n.catalogue import error_text, text
from governance.i18n.formats import long_day, moment

FILE_COLUMNS = 120  # a file has no width of its own, and 80 fold most rows
TERMINAL_COLUMNS = 80  # what a tight table is made for


def say(key: str, **params: object) -> str:
    """A text of the command line in the language of this run."""
    return text(f"cli.{key}", current().lang, **params)


def emit(value: Any, human: Callable[[], None]) -> None:
    """The result: as JSON when asked, otherwise in words."""
    if current().json:
        print(json.dumps(value, ensure_ascii=False))  # noqa: T201 # standard output is the result
    else:
        human()


def line(words: str = "") -> None:
    """One line of words on standard output."""
    print(words)  # noqa: T201 # standard output is the result


def when(value: object) -> str:
    """A day or a moment in words of this run's language, Japan's time; ISO 8601 of a shape, too."""
    if value is None or value == "":
        return "-"
    lang = current().lang
    if not isinstance(value, date):
        value = str(value)  # of a shape for programs
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return moment(value, lang) if isinstance(value, datetime) else long_day(value, lang)


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, tight: bool = False
) -> None:
    """A table on standard output; plain when it is not a terminal, without frame when tight."""
    from rich.box import HEAVY_HEAD, SIMPLE_HEAD  # --help stays quick
    from rich.console import Console  # the same
    from rich.table import Table  # the same

    shown = Table(title=title or None, title_justify="left", box=HEAVY_HEAD)
    if tight:
        shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*row)
    width = page_width(TERMINAL_COLUMNS if tight else FILE_COLUMNS)
    Console(highlight=False, width=width).print(shown)


def page_width(columns: int = FILE_COLUMNS) -> int | None:
    """Columns of a file or pipe; None asks the terminal."""
    return None if sys.stdout.isatty() else columns


def report(error: GovernanceError) -> int:
    """The error is told in the user's language on standard error; returns its exit code."""
    from governance.http.problems import DetailedError  # the web's parts load where needed

    lang = current().lang
    sentence = error_text(error, lang)
    faults = error.errors(lang) if isinstance(error, DetailedError) else []
    if current().json:
        problem = {
            "code": error.code,
            "status": error.status,
            "detail": sentence,
            "params": error.params,
            **({"errors": faults} if faults else {}),
        }
        print(json.dumps(problem, ensure_ascii=False), file=sys.stderr)  # noqa: T201 # the error channel
    else:
        print(f"{text('cli.error', lang)}: {sentence}", file=sys.stderr)  # noqa: T201 # the same
        for fault in faults:
            print(f"  {fault['field']}: {fault['detail']}", file=sys.stderr)  # noqa: T201 # the same
    return error.exit_code
