"""Rows and columns of a view as a file: CSV or XLSX, in which no cell is a formula."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from governance.core.clock import JST
from governance.core.terms import Lang
from governance.documents.tables import Cell as Written
from governance.documents.tables import write_csv, write_xlsx
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Kind, ListColumn, ListOf, Row


class FileForm(StrEnum):
    """The forms of an exported list."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA: Final = {
    FileForm.CSV: "text/csv; charset=utf-8",
    FileForm.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_of(
    declared: ListOf,
    columns: Sequence[ListColumn],
    rows: Iterable[Row],
    *,
    form: FileForm,
    lang: Lang,
    bounds: Sequence[str] = (),
) -> bytes:
    """The file: a heading, then a line for each row, with what the page shows of it.

    What the rows leave out stands below them, after an empty line.
    """
    told = [one for one in columns if one.kind is not Kind.ACT]
    header = [text(one.label, lang) for one in told]
    held = ([written(row.cell(one.key), one.kind) for one in told] for row in rows)
    lines = chain(held, _below(bounds, width=len(told)))
    with TemporaryDirectory(prefix="sekisho-list-") as folder:
        path = Path(folder) / f"list.{form.value}"
        match form:
            case FileForm.CSV:
                write_csv(path, header, lines)
            case FileForm.XLSX:
                write_xlsx(path, header, lines, sheet=text(declared.title, lang))
        return path.read_bytes()


def _below(bounds: Sequence[str], *, width: int) -> Iterator[list[Written]]:
    for said in ("", *bounds) if bounds else ():
        yield [said, *[""] * (width - 1)]


def written(cell: Cell, kind: Kind) -> Written:
    """A cell as the file has it: numbers and days as such, a moment in Japan's time."""
    if cell.lines:
        return "\n".join(cell.lines)
    value = cell.value
    if isinstance(value, datetime):
        value = value.astimezone(JST).replace(microsecond=0, tzinfo=None)
    if not cell.note:
        return value
    said = "" if value is None else str(value)
    return f"{said} ({cell.note})" if said and kind is not Kind.NUMBER else f"{said} {cell.note}"
