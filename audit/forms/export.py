"""A selection of the log as a folder: the events in one form, a manifest, and the proof.

events.<form>   the events; each row carries its place and its leaf
manifest.json   what was asked for, how many there are, what that proves, digests of the files
proof.bundle    the same events as a bundle (audit/bundle.py), for verifier.pyz
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from audit.bundle import Exported
from audit.errors import ParquetMissingError
from audit.forms.cef import cef
from audit.forms.ocsf import Source, ocsf
from audit.forms.rows import COLUMNS, NUMBERS, row
from audit.review import EventFilter, RecordedEvent
from governance.documents.tables import CsvEncoding, write_csv

MANIFEST, PROOF = "manifest.json", "proof.bundle"
SCHEMA: Final = "sekisho-audit-export/1"
GROUP = 10_000  # rows of one row group
OWNER_ONLY = 0o600
OFFSET = "+00:00"


class Form(StrEnum):
    """The forms of an export."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"
    OCSF = "ocsf"
    CEF = "cef"


def write_events(path: Path, form: Form, found: Iterable[RecordedEvent], source: Source) -> None:
    """The events stand in a new file; a spreadsheet executes nothing of it.

    Raises ParquetMissingError where the extra `parquet` is not installed.
    """
    writers: dict[Form, Callable[[], None]] = {
        Form.NDJSON: lambda: _lines(path, (_json(row(event)) for event in found)),
        Form.OCSF: lambda: _lines(path, (_json(ocsf(event, source)) for event in found)),
        Form.CEF: lambda: _lines(path, (cef(event, source) for event in found)),
        Form.CSV: lambda: _csv(path, found),
        Form.PARQUET: lambda: _parquet(path, found),
    }
    writers[form]()


def write_manifest(
    folder: Path, events: Path, asked: EventFilter, done: Exported, *, by: str, at: datetime
) -> None:
    """The manifest says what the export holds and what it proves, with both files' digests."""
    terms = {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name in asked.__dataclass_fields__
        if (value := getattr(asked, name)) is not None
    }
    whole = not (terms.keys() - {"since", "until"})
    manifest = {
        "schema": SCHEMA,
        "filter": terms,
        "count": done.events,
        "first_seq": done.first_seq,
        "last_seq": done.last_seq,
        "tree_size": done.size,
        "completeness": "whole_range" if whole else "selection",
        "completeness_means": {
            "whole_range": "no event between first_seq and last_seq is missing; proof.bundle shows",
            "selection": "that every matching event is here is the exporter's word",
        }["whole_range" if whole else "selection"],
        "columns": list(COLUMNS),
        "exported_by": by,
        "exported_at": at.isoformat(),
        "files": {
            events.name: _digest(events),
            PROOF: done.sha256,
        },
    }
    with _private(folder / MANIFEST) as stream:
        stream.write(json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            found.update(block)
    return found.hexdigest()


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as stream:
        yield stream


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _lines(path: Path, lines: Iterable[str]) -> None:
    with _private(path) as stream:
        for line in lines:
            stream.write(line.encode() + b"\n")


def _csv(path: Path, found: Iterable[RecordedEvent]) -> None:
    with _private(path):
        pass  # it is private before the first row stands in it
    rows = ([row(event)[name] for name in COLUMNS] for event in found)
    write_csv(path, COLUMNS, rows, encoding=CsvEncoding.UTF8_BOM)
    path.chmod(OWNER_ONLY)


def _parquet(path: Path, found: Iterable[RecordedEvent]) -> None:
    try:
        import pyarrow as pa  # noqa: PLC0415 # an extra; only this form needs it
        import pyarrow.parquet as pq  # noqa: PLC0415 # the same
    except ImportError as error:
        raise ParquetMissingError from error
    schema = pa.schema([(name, pa.int64() if name in NUMBERS else pa.string()) for name in COLUMNS])
    with _private(path) as stream, pq.ParquetWriter(stream, schema) as writer:
        group: list[dict[str, Any]] = []
        for event in found:
            group.append(row(event))
            if len(group) == GROUP:
                writer.write_table(pa.Table.from_pylist(group, schema))
                group = []
        writer.write_table(pa.Table.from_pylist(group, schema))
