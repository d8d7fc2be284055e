"""Files of corrections: rows that were put aside, given out with their place, and brought back.

The first three columns of such a file name the run, the row in the original file and what was
wrong. They alone tie a row to its place; a file whose rows name several runs is refused whole.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from governance.core.terms import Lang, RowId
from governance.customers import imports
from governance.customers.ports import Ports
from governance.customers.sources import store as sources
from governance.customers.sources.types import NOT_SAID, Acquisition, AcquisitionGround
from governance.customers.tables import Skipped, TableFormat, TableReader
from governance.customers.types import Problem, ProblemKind, SourceKind, SourceRow
from governance.documents.neutralise import restored
from governance.gateway.intake.aside import cells_of
from governance.gateway.intake.types import CorrectionForeignError, RunUnknownError
from governance.http.numbers import number_in
from governance.i18n.catalogue import text
from governance.keys.vault import FieldVault

MARKS = ("run", "row", "problem")
COUNTED = frozenset({ProblemKind.COLUMN_COUNT_SHORT.value, ProblemKind.COLUMN_COUNT_LONG.value})
LAYOUT = "import_layout"
CHAIN_LIMIT = 100  # corrections of corrections; a longer chain is none of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLayout:
    """How a run's file was read: its headers, which field each is, how it was acquired."""

    headers: tuple[str, ...]
    columns: Mapping[str, str]
    acquisition: Acquisition
    sheets: Mapping[str, tuple[str, ...]]  # headers of the sheets that were put aside

    def sealed(self, vault: FieldVault, run: RowId) -> bytes:
        """The layout as it is stored; headers of a file may be what people typed."""
        document = {
            "headers": self.headers,
            "columns": dict(self.columns),
            "acquisition": {k: v for k, v in asdict(self.acquisition).items() if v is not None},
            "sheets": dict(self.sheets),
        }
        content = json.dumps(document, ensure_ascii=False, default=str).encode()
        return bytes(vault.seal_blob(LAYOUT, run, content))


def layout_held(vault: FieldVault, run: str, sealed: bytes) -> HeldLayout:
    """The layout of a run, opened."""
    found: Mapping[str, Any] = json.loads(vault.open_blob(LAYOUT, run, sealed))
    made = dict(found["acquisition"])
    if "acquired_on" in made:
        made["acquired_on"] = date.fromisoformat(made["acquired_on"])
    if "ground" in made:
        made["ground"] = AcquisitionGround(made["ground"])
    return HeldLayout(
        headers=tuple(found["headers"]),
        columns=found["columns"],
        acquisition=Acquisition(**made) if made else NOT_SAID,
        sheets={name: tuple(headers) for name, headers in found["sheets"].items()},
    )


def marks(lang: Lang) -> tuple[str, ...]:
    """Headers of the three columns, in a language."""
    return tuple(text(f"gateway.correction.{name}", lang) for name in MARKS)


def link_of(headers: Sequence[str]) -> tuple[int, ...] | None:
    """Where a file has the three columns; none for a file that is no correction."""
    for lang in Lang:
        names = marks(lang)
        if all(name in headers for name in names[:2]):
            return tuple(headers.index(name) for name in names if name in headers)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The run whose rows a file corrects, and the file in which they stood at first."""

    run: RowId
    kind: SourceKind
    file: str
    source: str
    columns: Mapping[str, str]
    acquisition: Acquisition
    marks: tuple[int, ...]
    counted: Mapping[int, tuple[str, ...]] = field(repr=False)  # rows of a wrong number of cells

    @classmethod
    def of(
        cls, tx: Connection, ports: Ports, reader: TableReader, marked: tuple[int, ...]
    ) -> "Linked":
        """The run that every row of the file names; raises for a row that names another or none."""
        named: str | None = None
        seen: set[int] = set()
        for count, row in enumerate(reader, 1):
            run, number = _place(row.cells, marked, count)
            if (named is not None and run != named) or number in seen:
                raise CorrectionForeignError(row=count)
            named = run
            seen.add(number)
        found = imports.run_by_id(tx, named) if named else None
        detail = sources.detail_of(tx, found.id) if found is not None else None
        if found is None or detail is None:
            raise RunUnknownError
        held = layout_held(ports.vault, found.id, detail.layout)
        return cls(
            run=found.id,
            kind=SourceKind(found.kind),
            file=_root(tx, found).file_name,
            source=detail.source,
            columns=held.columns,
            acquisition=held.acquisition,
            marks=marked,
            counted={
                row.row: cells_of(ports, row)[1]
                for row in imports.waiting(tx, found.id)
                if row.reason in COUNTED
            },
        )


def _root(tx: Connection, run: imports.Run) -> imports.Run:
    """The run of the file in which the rows stood at first."""
    for _ in range(CHAIN_LIMIT):
        detail = sources.detail_of(tx, run.id)
        above = imports.run_by_id(tx, detail.corrects) if detail and detail.corrects else None
        if above is None:
            return run
        run = above
    raise RunUnknownError


def _place(cells: Sequence[str], marked: Sequence[int], count: int) -> tuple[str, int]:
    """Run and row that a row of corrections names."""
    run, said = (cells[n].strip() if n < len(cells) else "" for n in marked[:2])
    number = number_in(said)
    if not run or number is None:
        raise CorrectionForeignError(row=count)
    return run, number


class CorrectionReader:
    """The rows of a file of corrections under the numbers of the original file."""

    def __init__(self, reader: TableReader, linked: Linked) -> None:
        self._reader = reader
        self._linked = linked
        self._marks = frozenset(linked.marks)
        self._csv = reader.format is not TableFormat.XLSX
        self.headers = self._own(reader.headers)
        self.skipped: list[Skipped] = []
        self.read = 0

    def __iter__(self) -> Iterator[SourceRow]:
        """Every record once, in file order; rows that were named alone are none."""
        for count, row in enumerate(self._reader, 1):
            _, number = _place(row.cells, self._linked.marks, count)
            cells = self._own(row.cells)
            if self._csv:
                cells = tuple(restored(cell) for cell in cells)
            if not any(cell.strip() for cell in cells):
                self.skipped.append(Skipped(number=number, reason="blank"))
                continue
            self.read += 1
            yield self._row(number, cells, row)

    def _row(self, number: int, cells: tuple[str, ...], row: SourceRow) -> SourceRow:
        """The row; one of a wrong number of cells that nobody touched has it still."""
        before = self._linked.counted.get(number)
        if before is not None and _same(before, cells):
            short = len(before) < len(self.headers)
            kind = ProblemKind.COLUMN_COUNT_SHORT if short else ProblemKind.COLUMN_COUNT_LONG
            told = Problem(kind=kind, row=number)
            return SourceRow(number=number, cells=before, problems=(told,))
        problems = tuple(replace(problem, row=number) for problem in row.problems)
        return SourceRow(number=number, cells=cells, problems=problems)

    def _own(self, cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(cell for n, cell in enumerate(cells) if n not in self._marks)


def _same(before: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether the cells are those of before, filled up with empty ones."""
    width = max(len(before), len(cells))
    return [*before, *[""] * (width - len(before))] == [*cells, *[""] * (width - len(cells))]
