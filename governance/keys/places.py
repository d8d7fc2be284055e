"""Where frames stand: what a rotation walks, and what a column of frames is bound to.

A column of bytes that is in no place here keeps every old key alive: a rotation that meets one
ends nothing (`custody/sweep.py`), because it cannot know which keys the column still needs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Table, func

from governance.core.terms import FieldId

ID_AT, ID_BYTES = 4, 8  # where a frame names its key, counted as SQL does


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPlace:
    """Columns of one table whose frames belong to the row that a column of it names."""

    table: Table
    columns: Mapping[str, FieldId]  # column -> the field that its frames are bound to
    field: str | None = None  # the column that names that field, where rows differ in it
    row: str = "id"  # the column that the frames are bound to, too
    before_row: str = ""  # what stands before its value in the binding
    only: ColumnElement[bool] | None = None  # rows of this place, when a column serves two
    fixed: bool = False  # a digest covers the frames, so they are never sealed anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Every place of an installation, and the columns of bytes that hold no frames."""

    frames: tuple[SealedPlace, ...]
    other: Mapping[str, frozenset[str]]  # table -> columns: digests, hashes, tokens

    def undeclared(self, columns: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
        """Stored columns of bytes that are declared neither as frames nor as something else."""
        known = {(place.table.name, name) for place in self.frames for name in place.columns}
        known |= {(table, name) for table, names in self.other.items() for name in names}
        return tuple(
            f"{table}.{name}"
            for table, names in sorted(columns.items())
            for name in sorted(names)
            if (table, name) not in known
        )


def named_key(column: ColumnElement[Any]) -> ColumnElement[bytes]:
    """The eight bytes of the key that a stored frame names; NULL where there is no frame."""
    return func.substr(column, ID_AT, ID_BYTES, type_=LargeBinary)
