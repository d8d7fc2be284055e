"""Tables in files: delimited text, workbooks, JSON, Parquet; each a stream of records."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from governance.customers.encodings import detect, open_text
from governance.customers.tables import SourceFile, TableFormat, TableReader, inspect
from governance.customers.workbooks import sheets_of
from governance.discovery.headers import is_header, is_numbered, record_of
from governance.discovery.types import NotReadReason, PlaceError, Record

WHOLE: Final = 64 * 1024 * 1024  # bytes of a JSON document that is read at once
GROUP: Final = 5_000  # rows of a Parquet file that are in memory together
_LINE: Final = "(line)"  # column of what is no JSON in a file of JSON lines
_LOOK: Final = 20  # lines by which a text is told from a table


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a file; `records` begins anew at each call."""

    name: str
    kind: str
    records: Callable[[], Iterator[Record]]


def delimited(path: Path, name: str) -> tuple[Table, ...]:
    """The table of a CSV or TSV file."""
    source = inspect(path)
    return (Table(name=name, kind=source.format.value, records=lambda: _rows(source, None)),)


def workbook(path: Path, name: str) -> tuple[Table, ...]:
    """Every sheet of a workbook, hidden ones too."""
    source = inspect(path)
    return tuple(
        Table(
            name=f"{name}#{sheet.name}",
            kind=TableFormat.XLSX.value,
            records=lambda sheet=sheet.name: _rows(source, sheet),  # type: ignore[misc] # bound now
        )
        for sheet in sheets_of(path)
    )


def _rows(source: SourceFile, sheet: str | None) -> Iterator[Record]:
    reader = TableReader(source, sheet=sheet)
    if not is_header(reader.headers):
        unnamed = TableReader(source, sheet=sheet, header_row=0)
        first = next(iter(unnamed), None)
        counted = first is not None and is_numbered(first.cells)
        reader = TableReader(source, sheet=sheet, header_row=int(counted))
    headers = reader.headers
    for row in reader:
        longer = [f"{headers[-1]}+{n}" for n in range(1, len(row.cells) - len(headers) + 1)]
        yield tuple(zip((*headers, *longer), row.cells, strict=False))


def looks_delimited(path: Path) -> bool:
    """Whether the lines of a text are divided alike by tabs or commas."""
    with open_text(path, detect(path)) as stream:
        lines = [line for line in islice(stream, _LOOK) if line.strip()]
    for sign in ("\t", ","):
        counts = {line.count(sign) for line in lines}
        if len(lines) > 1 and len(counts) == 1 and counts != {0}:
            return True
    return False


def json_document(path: Path, name: str) -> tuple[Table, ...]:
    """The lists of a JSON document, each a table; the document itself where it has none."""
    if path.stat().st_size > WHOLE:
        raise PlaceError(NotReadReason.TOO_LARGE)
    try:
        whole = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise PlaceError(NotReadReason.BROKEN) from error
    if isinstance(whole, dict):
        lists = {key: value for key, value in whole.items() if _is_table(value)}
        if lists:
            rest = {key: value for key, value in whole.items() if key not in lists}
            alone = (_table(name, [rest]),) if rest else ()
            return (*(_table(f"{name}#{n}", lists[k]) for n, k in enumerate(lists, 1)), *alone)
    return (_table(name, whole if isinstance(whole, list) else [whole]),)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _table(name: str, rows: list[Any]) -> Table:
    return Table(name=name, kind="json", records=lambda: (record_of(row) for row in rows))


def json_lines(path: Path, name: str) -> tuple[Table, ...]:
    """The records of a file with one JSON value a line; other lines are values themselves."""
    return (Table(name=name, kind="json", records=lambda: _json_lines(path)),)


def _json_lines(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        while line := stream.readline(WHOLE):
            try:
                yield record_of(json.loads(line))
            except (ValueError, RecursionError):
                if line.strip():
                    yield ((_LINE, line.strip()),)


def parquet(path: Path, name: str) -> tuple[Table, ...]:
    """The table of a Parquet file; needs the extra `parquet`."""
    try:
        import pyarrow.parquet as pq  # noqa: PLC0415 # an extra; only this form needs it
        from pyarrow import ArrowException  # noqa: PLC0415 # the same
    except ImportError as error:
        raise PlaceError(NotReadReason.PART_MISSING) from error

    def rows() -> Iterator[Record]:
        try:
            with pq.ParquetFile(path) as file:
                for group in file.iter_batches(batch_size=GROUP):
                    yield from (record_of(row) for row in group.to_pylist())
        except (ArrowException, OSError, ValueError) as error:
            raise PlaceError(NotReadReason.BROKEN) from error

    return (Table(name=name, kind="parquet", records=rows),)
