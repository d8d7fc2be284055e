"""A whole source file as normalised rows: opened, mapped, read, with findings across rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from governance.core.errors import GovernanceError
from governance.customers.columns import guess_kind, missing_required
from governance.customers.normalise.register import register_findings
from governance.customers.normalise.rows import Layout, layout_of, normalise_row
from governance.customers.tables import Skipped, SourceFile, TableReader, inspect
from governance.customers.types import NormalisedRow, SourceKind


class SourceKindUnknownError(GovernanceError):
    """The headers fit no kind of file; the kind must be named."""

    code, status, exit_code = "source_kind_unknown", 422, 2


class SourceColumnsMissingError(GovernanceError):
    """A column that every row of this kind needs has no header; params: column."""

    code, status, exit_code = "source_columns_missing", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFile:
    """One file or sheet, read to its end."""

    source: SourceFile
    layout: Layout
    rows: tuple[NormalisedRow, ...]
    skipped: tuple[Skipped, ...]  # totals and repeated headers, which are no records


def layout_for(
    reader: TableReader,
    kind: SourceKind | None = None,
    *,
    positions: Mapping[str, int] | None = None,
) -> Layout:
    """The layout of an opened file, its kind guessed when not named."""
    chosen = kind or guess_kind(reader.headers)
    if chosen is None:
        raise SourceKindUnknownError
    if positions is None:
        for column in missing_required(reader.headers, chosen)[:1]:
            if column in ESSENTIAL:
                raise SourceColumnsMissingError(column=column, kind=chosen.value)
    return layout_of(reader.headers, chosen, positions=positions)


# Without these a row cannot be told from another; all other required columns are found row by row.
ESSENTIAL = frozenset(
    {
        *("name", "purchase_id", "inquiry_id", "deal_id", "consent_id", "form_id"),
        *("subscription_id", "household_id", "topic", "label"),
    }
)


def read_register(
    path: Path,
    kind: SourceKind | None = None,
    *,
    at: date,
    encoding: str | None = None,
    sheet: str | None = None,
    positions: Mapping[str, int] | None = None,
) -> RegisterFile:
    """Every row of the file normalised, with repeated ids and date orders found."""
    source = inspect(path, encoding=encoding)
    reader = TableReader(source, sheet=sheet)
    layout = layout_for(reader, kind, positions=positions)
    rows = tuple(register_findings((normalise_row(row, layout, at=at) for row in reader), layout))
    return RegisterFile(source=source, layout=layout, rows=rows, skipped=tuple(reader.skipped))
