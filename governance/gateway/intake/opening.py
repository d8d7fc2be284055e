"""A file opened for taking in: how it is read, which column is which field, whose rows it has.

What a person said comes first, then what is saved for the source, then the headers. Values alone
decide nothing unless a person accepts it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from sqlalchemy import Connection

from governance.customers.columns import columns_of, fold_header, guess_kind, suggest
from governance.customers.contents import SAMPLE, suggest_columns, unique_headers
from governance.customers.file_paths import FilePath, size_of
from governance.customers.normalise.chars import fold_width
from governance.customers.normalise.files import (
    ESSENTIAL,
    SourceColumnsMissingError,
    SourceKindUnknownError,
)
from governance.customers.normalise.rows import Layout, layout_of
from governance.customers.ports import Ports
from governance.customers.sources import store as sources
from governance.customers.sources.types import (
    NOT_SAID,
    Acquisition,
    Reading,
    SavedSource,
    SourceHeadersChangedError,
    SourceNameError,
)
from governance.customers.tables import SourceFile, TableReader, inspect
from governance.customers.types import SourceKind
from governance.gateway.intake.corrections import CorrectionReader, Linked, link_of
from governance.gateway.intake.screening import without_numbers
from governance.gateway.intake.types import UNNAMED_SOURCE, FieldUnknownError, ImportRequest

CHUNK = 1 << 20  # bytes read at a time for the digest
ACCEPTED = 0.5  # a suggestion by values that is less sure is not taken, even when accepted
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
_SERIAL = re.compile(
    r"(?:[\s_\-.()]*(?:[0-9]+|copy|コピー|最新|修正版?|年|月|日|分|時点))+[\s()]*\Z"
)
_NAMES_SHOWN = 5  # headers named in an error
_NAME_SHOWN = 30  # characters of each


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One table of a file with its layout, source and, for corrections, the run it corrects."""

    file: SourceFile
    reader: TableReader | CorrectionReader
    layout: Layout
    source: str
    saved: SavedSource | None
    columns: Mapping[str, str]  # header -> field, "" for a column that is left out
    acquisition: Acquisition
    digest: str
    reading: Reading
    linked: Linked | None = None

    @property
    def sheet(self) -> str | None:
        """The sheet that was named."""
        return self.reading.sheet

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return size_of(self.file.path)

    @property
    def encoding(self) -> str:
        """The encoding that was found, or the format of a workbook."""
        found = self.file.encoding
        return found.encoding if found is not None else self.file.format.value

    @property
    def left_out(self) -> tuple[str, ...]:
        """Headers of columns that no field holds."""
        return tuple(header for header, field in self.columns.items() if not field)


def open_source(ports: Ports, request: ImportRequest) -> Opened:
    """The file with everything that decides how its rows are read; raises what is wrong."""
    by_kind = saved_as(ports, request.source)
    likely = by_kind.get(request.kind) if request.kind else _single(by_kind)
    reading = request.reading.over(likely.reading) if likely is not None else request.reading
    file = inspect(request.path, encoding=reading.encoding, delimiter=reading.delimiter)
    plain = TableReader(file, sheet=reading.sheet, header_row=reading.header_row)
    linked = linked_to(ports, plain, file, reading)
    reader = CorrectionReader(plain, linked) if linked is not None else plain
    headers = unique_headers(reader.headers)
    kind = kind_of(request, headers, by_kind, linked=linked.kind if linked else None)
    if kind is None:
        raise SourceKindUnknownError
    saved = by_kind.get(kind)
    known = saved.columns if saved is not None else linked.columns if linked is not None else {}
    if saved is not None and linked is None and not request.confirmed:
        _same_headers(headers, saved)
    sample = sample_of(file, reading) if request.suggested else ()
    columns = mapped(headers, kind, known=known, asked=request.columns, sample=sample)
    missing = ESSENTIAL - {field for field in columns.values() if field}
    positions = {field: n for n, field in enumerate(columns.values()) if field}
    if lacking := sorted(c.name for c in columns_of(kind) if c.required and c.name in missing):
        raise SourceColumnsMissingError(column=lacking[0], kind=kind.value)
    if linked is not None:
        source, given = linked.source, linked.acquisition
    else:
        source, given = _source_name(request), saved.acquisition if saved else NOT_SAID
    return Opened(
        file=file,
        reader=reader,
        layout=layout_of(headers, kind, positions=positions),
        source=source,
        saved=saved,
        columns=columns,
        acquisition=request.acquisition.over(given),
        digest=_digest(request),
        reading=reading,
        linked=linked,
    )


def saved_as(ports: Ports, name: str | None) -> Mapping[SourceKind, SavedSource]:
    """What is saved under the name of a source, by kind of file."""
    if name is None:
        return {}
    if not _NAME.match(name):
        raise SourceNameError
    with ports.database.read() as tx:
        return sources.source_named(tx, name)


def _single(by_kind: Mapping[SourceKind, SavedSource]) -> SavedSource | None:
    return next(iter(by_kind.values())) if len(by_kind) == 1 else None


def kind_of(
    request: ImportRequest,
    headers: Sequence[str],
    by_kind: Mapping[SourceKind, SavedSource],
    *,
    linked: SourceKind | None = None,
) -> SourceKind | None:
    """The kind of file: as said, as the headers tell, or the one that the source is saved with."""
    if request.kind is not None or linked is not None:
        return request.kind or linked
    single = _single(by_kind)
    if single is not None and {*headers} == {*single.headers}:
        return single.kind
    return guess_kind(headers) or (single.kind if single is not None else None)


def _source_name(request: ImportRequest) -> str:
    """The name that was given, or the file's own without dates, numbers and marks of copies."""
    if request.source is not None:
        return request.source
    stem = fold_width(request.path.stem).casefold()
    return UNNAMED_SOURCE + (_SERIAL.sub("", stem) or stem)


def linked_to(
    ports: Ports, reader: TableReader, file: SourceFile, reading: Reading
) -> Linked | None:
    """The run that a file of corrections is of; every row of it names one that is known."""
    link = link_of(reader.headers)
    if link is None:
        return None
    again = TableReader(file, sheet=reading.sheet, header_row=reading.header_row)

    def look(tx: Connection) -> Linked:
        return Linked.of(tx, ports, again, link)

    with ports.database.read() as tx:
        return look(tx)


def sample_of(file: SourceFile, reading: Reading) -> tuple[tuple[str, ...], ...]:
    """The cells of the first records."""
    reader = TableReader(file, sheet=reading.sheet, header_row=reading.header_row)
    return tuple(row.cells for row in islice(reader, SAMPLE))


def mapped(
    headers: Sequence[str],
    kind: SourceKind,
    *,
    known: Mapping[str, str],
    asked: Mapping[str, str],
    sample: Sequence[Sequence[str]] = (),
) -> dict[str, str]:
    """The field of each header, empty for none; each field has one header."""
    found = dict.fromkeys(headers, "")
    if known:
        found |= {header: known.get(header, "") for header in headers}
    elif sample:
        made = suggest_columns(headers, sample, kind)
        found |= {s.header: s.field for s in made if s.field and s.confidence >= ACCEPTED}
    else:
        found |= {s.header: s.column for s in suggest(headers, kind) if s.column}
    said = _asked(headers, kind, asked)
    taken = {field for field in said.values() if field}
    for header, field in found.items():
        if header not in said and field in taken:
            found[header] = ""
    return found | said


def _asked(headers: Sequence[str], kind: SourceKind, asked: Mapping[str, str]) -> dict[str, str]:
    """What a person said, checked against the file's headers and the kind's fields."""
    fields = {column.name for column in columns_of(kind)}
    folded = {fold_header(header): header for header in reversed(headers)}
    said: dict[str, str] = {}
    for name, wanted in asked.items():
        header = name if name in headers else folded.get(fold_header(name))
        field = wanted.rpartition(".")[2]
        if header is None or (field and field not in fields) or field in {*said.values()} - {""}:
            raise FieldUnknownError(header=shown([name]), field=wanted[:40], kind=kind.value)
        said[header] = field
    return said


def _same_headers(headers: Sequence[str], saved: SavedSource) -> None:
    """Fails closed: a source whose columns changed is read again only when a person says so."""
    added = [name for name in headers if name not in saved.headers]
    missing = [name for name in saved.headers if name not in headers]
    if added or missing:
        raise SourceHeadersChangedError(
            source=saved.name, added=shown(added) or "-", missing=shown(missing) or "-"
        )


def shown(headers: Iterable[str]) -> str:
    """Headers for a message: few, short, without numbers that must not be shown."""
    names = [without_numbers(name)[0][:_NAME_SHOWN] for name in headers]
    more = " ..." if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def of_bytes(path: FilePath) -> "hashlib._Hash":
    """The digest of the file's bytes alone; what a run without any word of a person is known by."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            found.update(block)
    return found


def _digest(request: ImportRequest) -> str:
    """What this very file, asked for in this very way, is known by.

    What is saved for a source is left out: the first call saves it, and the next must find the run.
    """
    found = of_bytes(request.path)
    said = {
        "reading": {k: v for k, v in asdict(request.reading).items() if v is not None},
        "columns": dict(request.columns),
        "source": request.source,
        "suggested": request.suggested,
        "acquisition": {k: v for k, v in asdict(request.acquisition).items() if v is not None},
    }
    if any(said.values()):
        found.update(json.dumps(said, sort_keys=True, default=str).encode())
    return found.hexdigest()
