"""Declarations of connected systems as facts, checked against themselves by reading.py."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from governance.connectors.types import ConnectorKind, KeyKind
from governance.core.terms import Lang
from policies.types import Label


class OnErase(StrEnum):
    """What an erasure does to the rows or files of one place."""

    DELETE = "delete"
    EMPTY = "empty"  # the rows stay, the columns named for it become NULL
    KEEP = "keep"  # a law keeps them


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """On which ground and how long something is kept; without years an officer reviews it."""

    ground: Label
    years: int | None = None
    since: str | None = None  # the column that the years are counted from


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSpec:
    """One column that is the person's data."""

    name: str
    label: Label
    free_text: bool = False
    third_person: bool = False
    empties: bool = False  # becomes NULL where the row stays
    my_number: bool = False  # data of the My Number Act: becomes NULL when its task has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """Rows belong to the person through rows of another table: own column to its column."""

    table: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """One table: how its rows belong to a person, what they hold, what an erasure does."""

    name: str
    label: Label
    keys: Mapping[KeyKind, str] = field(default_factory=dict)
    through: Through | None = None
    one: bool = False  # at most one row a person: more are somebody else's, too
    columns: tuple[ColumnSpec, ...]
    on_erase: OnErase
    keeping: Keeping | None = None

    @property
    def emptied(self) -> tuple[str, ...]:
        """Columns that become NULL where a row stays."""
        return tuple(column.name for column in self.columns if column.empties)

    @property
    def my_number(self) -> tuple[str, ...]:
        """Columns that hold data of the My Number Act."""
        return tuple(column.name for column in self.columns if column.my_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one question may take; beyond it the question fails, nothing is cut off."""

    seconds: int = 20
    records: int = 10_000
    megabytes: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSpec:
    """A database; `address` is a reference to its URL, or a URL without credentials."""

    name: str
    label: Label
    address: str = field(repr=False)
    schema: str | None = None
    tables: tuple[TableSpec, ...]
    limits: Limits = Limits()
    kind: ConnectorKind = ConnectorKind.DATABASE

    def table(self, name: str) -> TableSpec:
        """The declared table."""
        return next(table for table in self.tables if table.name == name)

    def under(self, name: str) -> Iterator[TableSpec]:
        """Tables whose rows belong to the person through this one."""
        for table in self.tables:
            if table.through is not None and table.through.table == name:
                yield table

    def parents_first(self) -> tuple[TableSpec, ...]:
        """Every table after the one that it hangs on."""
        found: list[TableSpec] = []
        waiting = [table for table in self.tables if table.through is None]
        while waiting:
            found += waiting
            waiting = [below for table in waiting for below in self.under(table.name)]
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSpec:
    """A folder whose files carry the customer number in their path."""

    name: str
    label: Label
    path: Path
    pattern: tuple[str, ...]  # one part for each step of the path
    on_erase: OnErase
    keeping: Keeping | None = None
    limits: Limits = Limits()
    my_number: bool = False  # its files hold data of the My Number Act alone
    kind: ConnectorKind = ConnectorKind.FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualSpec:
    """A system that only a colleague can look into."""

    name: str
    label: Label
    mail: str = field(repr=False)
    lang: Lang
    days: int  # until the answer is due
    remind: int  # days between reminders
    my_number: bool = False  # the system holds data of the My Number Act
    kind: ConnectorKind = ConnectorKind.MANUAL


ConnectorSpec = DatabaseSpec | FolderSpec | ManualSpec
