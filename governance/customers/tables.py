"""Source files as rows: CSV, TSV and Excel workbooks, with every row accounted for."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import chain, islice

from governance.core.errors import GovernanceError
from governance.customers.columns import columns_of, fold_header
from governance.customers.encodings import Detected, check_path, detect, head_of, open_text
from governance.customers.file_paths import FilePath
from governance.customers.normalise.chars import fold_width, no_spaces
from governance.customers.types import Problem, ProblemKind, SourceKind, SourceRow
from governance.customers.workbooks import (
    Sheet,
    SourceFormatUnsupportedError,
    SourceMalformedError,
    sheet_rows,
    sheets_of,
)

FIELD_LIMIT = 1_000_000  # characters in one cell; an open quote would swallow the file
HEADER_SEARCH = 30  # rows; titles and dates of making stand above
UNNAMED = "列"  # name of a column of a file without headers, with its number
_TOTAL = re.compile(
    r"^(?:小計|合計|総計|総合計|累計|計|subtotal|total|grandtotal)(?:[\d,:(：名件円人].*)?$",
    re.IGNORECASE,
)
_TOTAL_CELLS = 4  # a total line has few cells
csv.field_size_limit(FIELD_LIMIT)


class SourceHeaderMissingError(GovernanceError):
    """No row of the file names its columns."""

    code, status, exit_code = "source_header_missing", 422, 2


class TableFormat(StrEnum):
    """Formats that are read."""

    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A line that is no record, with its number and why it was left out."""

    number: int
    reason: str  # total, repeated_header


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """What a file is, before its rows are read."""

    path: FilePath
    format: TableFormat
    delimiter: str
    encoding: Detected | None  # none for workbooks
    sheets: tuple[Sheet, ...]  # empty for text


def inspect(
    path: FilePath, *, encoding: str | None = None, delimiter: str | None = None
) -> SourceFile:
    """Format, encoding and sheets of a file; typed errors for what cannot be read."""
    check_path(path)
    head = head_of(path, 8)
    if head.startswith(b"PK\x03\x04"):
        return SourceFile(
            path=path, format=TableFormat.XLSX, delimiter="", encoding=None, sheets=sheets_of(path)
        )
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise SourceFormatUnsupportedError(format="xls")
    detected = detect(path, encoding=encoding)
    delimiter = delimiter or _delimiter(path, detected)
    form = TableFormat.TSV if delimiter == "\t" else TableFormat.CSV
    return SourceFile(path=path, format=form, delimiter=delimiter, encoding=detected, sheets=())


def _delimiter(path: FilePath, detected: Detected) -> str:
    """The sign that divides the most lines of the head alike; a comma when none does."""
    with open_text(path, detected) as stream:
        lines = list(islice(stream, 20))
    head = re.sub(r'"(?:[^"]|"")*"', "", "".join(lines[:5]))
    counts = {sign: head.count(sign) for sign in (",", "\t", ";")}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else ","


class TableReader:
    """Rows of one file or sheet after its header; lines left out are counted in `skipped`.

    Numbers are those people see: CSV records after the header from 1, sheet rows for Excel.
    """

    def __init__(
        self, source: SourceFile, *, sheet: str | None = None, header_row: int | None = None
    ) -> None:
        """`header_row` is the line that names the columns; 0: none does, None: it is found."""
        self._source = source
        self._sheet = sheet
        self.skipped: list[Skipped] = []
        self.read = 0
        with_numbers = self._lines()
        head = list(islice(with_numbers, HEADER_SEARCH))
        self.header_line, self.headers = _header(head, header_row)
        self._rest = chain((line for line in head if line[0] > self.header_line), with_numbers)

    @property
    def format(self) -> TableFormat:
        """The format of the file."""
        return self._source.format

    def __iter__(self) -> Iterator[SourceRow]:
        """Every record once, in file order."""
        offset = 0 if self._source.format is TableFormat.XLSX else self.header_line
        for line, cells in self._rest:
            number = line - offset
            if (reason := self._no_record(cells)) is not None:
                self.skipped.append(Skipped(number=number, reason=reason))
                continue
            self.read += 1
            yield self._row(number, cells)

    def _lines(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Non-empty lines with their numbers from 1."""
        if self._source.format is TableFormat.XLSX:
            yield from sheet_rows(self._source.path, sheet=self._sheet)
            return
        yield from _records(self._source)

    def _no_record(self, cells: Sequence[str]) -> str | None:
        """Why a line is no record; none for a record."""
        if is_total(cells):
            return "total"
        if cells[:1] and cells[0].strip() != self.headers[0]:
            return None  # most rows end here
        return "repeated_header" if tuple(c.strip() for c in cells) == self.headers else None

    def _row(self, number: int, cells: tuple[str, ...]) -> SourceRow:
        expected, found = len(self.headers), len(cells)
        if self._source.format is TableFormat.XLSX:
            used = cells[:expected] if not any(cells[expected:]) else cells
            cells, found = (*used, *("",) * (expected - len(used))), max(expected, len(used))
        if found == expected:
            return SourceRow(number=number, cells=cells)
        kind = ProblemKind.COLUMN_COUNT_LONG if found > expected else ProblemKind.COLUMN_COUNT_SHORT
        params = (("expected", expected), ("found", found))
        return SourceRow(
            number=number, cells=cells, problems=(Problem(kind=kind, row=number, params=params),)
        )


def _records(source: SourceFile) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Records of a delimited file; blank lines are none and are not counted."""
    if source.encoding is None:
        raise SourceFormatUnsupportedError(format=source.format.value)
    number = 0
    with open_text(source.path, source.encoding) as stream:
        reader = csv.reader(stream, delimiter=source.delimiter, strict=False)
        try:
            for record in reader:
                if record and (len(record) > 1 or record[0].strip()):
                    number += 1
                    yield number, tuple(record)
        except csv.Error as error:
            raise SourceMalformedError(row=number + 1) from error


def assert_whole(source: SourceFile) -> None:
    """Every record of a delimited file can be read; raises at the first that cannot."""
    if source.encoding is None:
        return
    number = 0
    with open_text(source.path, source.encoding) as stream:
        try:
            for _ in csv.reader(stream, delimiter=source.delimiter, strict=False):
                number += 1
        except csv.Error as error:
            raise SourceMalformedError(row=number + 1) from error


def is_total(cells: Sequence[str]) -> bool:
    """True for 小計 and 合計 lines: few cells, one of them such a word."""
    found = (cell for cell in cells if cell and not cell.isspace())
    written = tuple(islice(found, _TOTAL_CELLS + 1))  # no cell after these changes the answer
    return 0 < len(written) <= _TOTAL_CELLS and any(
        _TOTAL.match(no_spaces(fold_width(cell))) for cell in written
    )


def _find_header(lines: Iterable[tuple[int, tuple[str, ...]]]) -> tuple[int, tuple[str, ...]]:
    """The line that names the columns: the first with the most known headers."""
    known = known_headers()
    best, best_score = None, 0.0
    for number, cells in lines:
        written = [cell for cell in cells if cell.strip()]
        hits = sum(fold_header(cell) in known for cell in written)
        words = sum(not any(c.isdigit() for c in cell) for cell in written)
        score = hits * 2 + (words / max(1, len(cells))) * min(1.0, len(written) / 2)
        if score > best_score:
            best, best_score = (number, cells), score
    if best is None:
        raise SourceHeaderMissingError
    number, cells = best
    return number, tuple(cell.strip() for cell in _without_tail(cells))


def _header(
    lines: Sequence[tuple[int, tuple[str, ...]]], asked: int | None
) -> tuple[int, tuple[str, ...]]:
    """The line that names the columns: found, or the one asked for; numbered names for 0."""
    if asked is None:
        return _find_header(lines)
    if asked == 0:
        width = max((len(cells) for _, cells in lines), default=0)
        if not width:
            raise SourceHeaderMissingError
        return 0, tuple(f"{UNNAMED}{n}" for n in range(1, width + 1))
    for number, cells in lines:
        if number == asked and any(cell.strip() for cell in cells):
            return number, tuple(cell.strip() for cell in _without_tail(cells))
    raise SourceHeaderMissingError(row=asked)


def _without_tail(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The cells without the empty ones at the end."""
    width = max((i for i, cell in enumerate(cells, 1) if cell.strip()), default=0)
    return cells[:width]


@cache
def known_headers() -> frozenset[str]:
    """Folded headers of every kind of file."""
    return frozenset(
        fold_header(header)
        for kind in SourceKind
        for column in columns_of(kind)
        for header in column.headers
    )
