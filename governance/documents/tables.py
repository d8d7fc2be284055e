"""Tables as CSV and XLSX, written as a stream, whole or not at all, with no live formula."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TextIO, assert_never

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from governance.documents.errors import CellTooLongError, RowWidthError, TableTooLargeError
from governance.documents.files import whole_file
from governance.documents.neutralise import is_dangerous, neutralised
from governance.documents.width import width

Cell = str | int | float | Decimal | bool | date | datetime | None

A4 = 9  # the number of this paper in a workbook
XLSX_ROWS = 1_048_576  # rows of a sheet, heading included
XLSX_COLUMNS = 16_384
XLSX_TEXT = 32_767  # characters of a cell
FIRST_YEAR = 1901  # a sheet has no date before; 1900 counts a leap day that never was
EXACT_DIGITS = 15  # decimal digits that a spreadsheet keeps
PLACES = 1_000  # places of lost characters that a report lists
SHEET_NAME = 31  # characters
NARROWEST, WIDEST = 8, 60  # characters of a column; longer text wraps in its cell
FITS = 250  # characters that an A4 sheet on its side still shows legibly on one page's width
SHEET_SIGNS = re.compile(r"[\[\]:*?/\\]")
GETA = "〓"  # the printer's sign for a character that is missing
SAME_IN_CP932 = str.maketrans(  # other code points of the same sign
    {"\u301c": "～", "\u2212": "－", "\u2014": "―", "\u2016": "∥", "\u00a2": "￠", "\u00a3": "￡"}
)


class CsvEncoding(StrEnum):
    """Encodings that Japanese spreadsheets read."""

    UTF8_BOM = "utf-8-sig"
    CP932 = "cp932"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A cell: row 0 is the heading, 1 the first data row."""

    row: int
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """What was written, marked and lost; places, never values."""

    rows: int
    neutralised: int
    lossy_characters: int = 0
    lossy_places: tuple[Place, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Counts while a table is written."""

    header: Sequence[str]
    rows: int = 0
    neutralised: int = 0
    lossy: int = 0
    places: list[Place]

    def report(self) -> TableReport:
        return TableReport(
            rows=self.rows,
            neutralised=self.neutralised,
            lossy_characters=self.lossy,
            lossy_places=tuple(self.places),
        )


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    encoding: CsvEncoding = CsvEncoding.UTF8_BOM,
) -> TableReport:
    """The table stands in the file: every field quoted, CRLF lines, texts neutralised."""
    tally = _Tally(header=header, places=[])
    with (
        whole_file(path) as part,
        part.open("w", encoding=encoding.value, newline="") as stream,
    ):
        _fill_csv(stream, tally, rows, encoding=encoding)
    return tally.report()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of a book."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write_xlsx(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, sheet: str = "Sheet1"
) -> TableReport:
    """The table stands in the file: texts are strings and never formulas or links."""
    (report,) = write_sheets(path, (Sheet(name=sheet, header=header, rows=rows),))
    return report


def write_sheets(path: Path, sheets: Sequence[Sheet]) -> tuple[TableReport, ...]:
    """The tables stand in the file, a sheet each, under names that a book can hold."""
    for one in sheets:
        if len(one.header) > XLSX_COLUMNS:
            raise TableTooLargeError(rows=len(one.header), limit=XLSX_COLUMNS)
    tallies = [_Tally(header=one.header, places=[]) for one in sheets]
    with whole_file(path) as part:
        options = {
            "constant_memory": True,
            "tmpdir": str(part.parent),  # rows wait in our private folder, not in /tmp
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        book = xlsxwriter.Workbook(str(part), options)
        try:
            for one, tally, name in zip(sheets, tallies, _names(sheets), strict=True):
                _fill_sheet(book, tally, one.rows, sheet=name)
        finally:
            book.close()
    return tuple(tally.report() for tally in tallies)


def _names(sheets: Sequence[Sheet]) -> tuple[str, ...]:
    """Names without the signs that a book forbids, short enough, each once."""
    found: list[str] = []
    for place, one in enumerate(sheets, start=1):
        name = SHEET_SIGNS.sub(" ", one.name).strip("' ")[:SHEET_NAME] or f"Sheet{place}"
        taken = name.lower() in (other.lower() for other in found)
        found.append(f"{name[: SHEET_NAME - 4]} {place}" if taken else name)
    return tuple(found)


def _fill_csv(
    stream: TextIO, tally: _Tally, rows: Iterable[Sequence[Cell]], *, encoding: CsvEncoding
) -> None:
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for number, row in _numbered(tally, rows):
        cells = []
        for column, cell in zip(tally.header, row, strict=True):
            written = _csv_text(cell, tally)
            if encoding is CsvEncoding.CP932:
                written = written.translate(SAME_IN_CP932)
            place = Place(row=number, column=column)
            cells.append(_expressed(written, encoding.value, tally, place))
        writer.writerow(cells)


def _numbered(
    tally: _Tally, rows: Iterable[Sequence[Cell]]
) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Heading and rows with their numbers; raises RowWidthError."""
    yield 0, tally.header
    for number, row in enumerate(rows, start=1):
        if len(row) != len(tally.header):
            raise RowWidthError(row=number, expected=len(tally.header), found=len(row))
        yield number, row
        tally.rows = number


def _csv_text(cell: Cell, tally: _Tally) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "TRUE" if cell else "FALSE"
        case str():
            tally.neutralised += is_dangerous(cell)
            return neutralised(cell)
        case datetime() if cell.tzinfo is None:
            return cell.isoformat(" ", "seconds")
        case datetime() | date():
            return cell.isoformat()
        case int() | float() | Decimal():
            return str(cell)  # a number executes nothing; -5 stays -5
        case _:
            assert_never(cell)


def _expressed(text: str, codec: str, tally: _Tally, place: Place) -> str:
    """The text with a geta for each character that the codec lacks; the place is reported."""
    if _has(text, codec):
        return text
    kept = [char if _has(char, codec) else GETA for char in text]
    tally.lossy += sum(old != new for old, new in zip(text, kept, strict=True))
    if len(tally.places) < PLACES:
        tally.places.append(place)
    return "".join(kept)


def _has(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _fill_sheet(
    book: xlsxwriter.Workbook, tally: _Tally, rows: Iterable[Sequence[Cell]], *, sheet: str
) -> None:
    page = book.add_worksheet(sheet)
    formats = _formats(book)
    widths = [NARROWEST] * len(tally.header)
    for number, row in _numbered(tally, rows):
        if number >= XLSX_ROWS:
            raise TableTooLargeError(rows=number + 1, limit=XLSX_ROWS)
        for index, cell in enumerate(row):
            place = Place(row=number, column=tally.header[index])
            kept = _sheet_text(cell, tally, place) if isinstance(cell, str) else cell
            _put(page, number, index, kept, formats=formats, tally=tally)
            widths[index] = min(WIDEST, max(widths[index], _width(kept)))
    _laid_out(page, tally, widths)


def _width(cell: Cell) -> int:
    """Half-width characters that the cell's longest line takes, with its margin."""
    words = "" if cell is None else str(cell)[: WIDEST * WIDEST]  # what wraps is measured no longer
    return width(words) + 2


def _laid_out(page: Worksheet, tally: _Tally, widths: Sequence[int]) -> None:
    """The heading stays, filters and repeats; the sheet prints on A4 with its page numbers."""
    for index, wide in enumerate(widths):
        page.set_column(index, index, wide)
    page.freeze_panes(1, 0)
    if tally.rows and widths:
        page.autofilter(0, 0, tally.rows, len(widths) - 1)
    page.repeat_rows(0)
    page.set_paper(A4)
    page.set_landscape()
    page.set_footer("&L&A&R&P / &N")
    if sum(widths) <= FITS:
        page.fit_to_pages(1, 0)


def _sheet_text(text: str, tally: _Tally, place: Place) -> str:
    if len(text) > XLSX_TEXT:
        raise CellTooLongError(row=place.row, column=place.column, limit=XLSX_TEXT)
    return _expressed(text, "utf-8", tally, place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Formats:
    words: Format
    marked: Format
    day: Format
    moment: Format
    heading: Format
    number: Format

    def of(self, text: str, *, row: int) -> Format:
        """How a text stands in its cell."""
        if is_dangerous(text):
            return self.marked
        return self.heading if row == 0 else self.words


def _formats(book: xlsxwriter.Workbook) -> _Formats:
    top, wraps = {"valign": "top"}, {"valign": "top", "text_wrap": True}
    return _Formats(
        words=book.add_format(wraps),
        marked=book.add_format({**wraps, "quote_prefix": True}),
        day=book.add_format({**top, "num_format": "yyyy-mm-dd"}),
        moment=book.add_format({**top, "num_format": "yyyy-mm-dd hh:mm:ss"}),
        heading=book.add_format({**wraps, "bold": True, "bg_color": "#F1F1F4", "bottom": 1}),
        number=book.add_format(top),
    )


def _put(
    page: Worksheet, row: int, column: int, cell: Cell, *, formats: _Formats, tally: _Tally
) -> None:
    match cell:
        case None:
            return
        case bool():
            page.write_boolean(row, column, cell, formats.number)
        case str():
            tally.neutralised += is_dangerous(cell)
            page.write_string(row, column, cell, formats.of(cell, row=row))
        case datetime() if cell.tzinfo is not None:
            page.write_string(row, column, cell.isoformat())  # with its offset; Excel has none
        case date() if cell.year < FIRST_YEAR:
            page.write_string(row, column, cell.isoformat())
        case datetime():
            page.write_datetime(row, column, cell, formats.moment)
        case date():
            page.write_datetime(row, column, cell, formats.day)
        case int() | float() | Decimal():
            if _is_exact(cell):
                page.write_number(row, column, cell, formats.number)
            else:
                page.write_string(row, column, str(cell))
        case _:
            assert_never(cell)


def _is_exact(number: float | Decimal) -> bool:
    """Whether a spreadsheet keeps every digit."""
    exact = number if isinstance(number, Decimal) else Decimal(str(number))
    return exact.is_finite() and len(exact.as_tuple().digits) <= EXACT_DIGITS
