"""Rows as files of an export, written as a stream; no cell of a table is a live formula."""

import json
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from governance.documents.tables import write_csv, write_xlsx
from governance.gateway.bulk.types import ExportFormat, ExportFormatError

Row = Sequence[str | None]
BLOCK: Final = 1 << 20  # octets read at once for a digest
GROUP: Final = 5_000  # rows of one group of a Parquet file


def write(path: Path, form: ExportFormat, header: Sequence[str], rows: Iterable[Row]) -> None:
    """The rows stand in the file, which exists already and is nobody else's to read."""
    _WRITERS[form](path, header, rows)


def digest_of(path: Path) -> str:
    """SHA-256 of the file, hexadecimal."""
    found = sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def _csv(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    write_csv(path, header, rows)


def _xlsx(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    write_xlsx(path, header, rows, sheet="export")


def _ndjson(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    """One JSON object a line; what is withheld is null."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            cells = dict(zip(header, row, strict=True))
            stream.write(json.dumps(cells, ensure_ascii=False) + "\n")


def _parquet(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    """Columns of text, in groups of rows; what is withheld is null."""
    try:
        import pyarrow as pa  # noqa: PLC0415 # an extra; only this form needs it
        import pyarrow.parquet as pq  # noqa: PLC0415 # the same
    except ImportError as error:
        raise ExportFormatError(format=ExportFormat.PARQUET.value) from error
    schema = pa.schema([(name, pa.string()) for name in header])
    waiting = iter(rows)
    with pq.ParquetWriter(str(path), schema) as writer:
        while group := list(islice(waiting, GROUP)):
            columns = [list(column) for column in zip(*group, strict=True)]
            writer.write_table(pa.table(columns, schema=schema))


_WRITERS: Final[dict[ExportFormat, Callable[[Path, Sequence[str], Iterable[Row]], None]]] = {
    ExportFormat.CSV: _csv,
    ExportFormat.XLSX: _xlsx,
    ExportFormat.NDJSON: _ndjson,
    ExportFormat.PARQUET: _parquet,
}
