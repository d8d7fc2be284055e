"""Tables of where imported rows come from: named sources, what each file was read as, each row.

What a source last said of a row is kept as check values, sealed under the person's key, so that
a later file of it changes what it said before and nothing that somebody corrected since.
"""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, LargeBinary, Text
from sqlmodel import Field, SQLModel

from governance.customers.models import instant, subject_ref
from governance.db.types import RowIdType


def of_run(*, primary: bool = False, nullable: bool = False, index: bool = False) -> Column[str]:
    """A reference to the run of a file."""
    return Column(
        RowIdType,
        ForeignKey("import_run.id", ondelete="RESTRICT"),
        primary_key=primary,
        nullable=nullable,
        index=index,
    )


class ImportSource(SQLModel, table=True):
    """A named source: how its files are read, and on what ground its data was acquired."""

    __tablename__ = "import_source"
    name: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    headers: str = Field(sa_column=Column(Text, nullable=False))  # JSON list, as last confirmed
    columns: str = Field(sa_column=Column(Text, nullable=False))  # JSON: header -> field or ""
    acquired_from: str | None = None
    acquired_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    acquisition_method: str | None = None
    acquisition_ground: str | None = None
    provider: str | None = None
    origin: str | None = None
    updated_by: str
    updated_at: datetime = Field(sa_column=instant(nullable=False))


class ImportDetail(SQLModel, table=True):
    """How the file of a run was read, whose rows it corrects, and what was settled since."""

    __tablename__ = "import_detail"
    run_id: str = Field(sa_column=of_run(primary=True))
    source: str = Field(index=True)
    corrects: str | None = Field(sa_column=of_run(nullable=True, index=True))
    layout: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # sealed
    updated: int = 0  # of the merged rows, those that changed a stored one
    resolved: int = 0  # rows put aside that a corrected file has settled since


class ImportRow(SQLModel, table=True):
    """One stored row as a source last said it."""

    __tablename__ = "import_row"
    row_id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    source: str = Field(primary_key=True)
    subject_id: str = Field(sa_column=subject_ref())
    run_id: str = Field(sa_column=of_run(index=True))
    row: int = Field(sa_column=Column(Integer, nullable=False))
    said: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # sealed
    said_at: datetime = Field(sa_column=instant(nullable=False))


class ImportRefusal(SQLModel, table=True):
    """A row that was refused for good: its number and why, never its content."""

    __tablename__ = "import_refusal"
    run_id: str = Field(sa_column=of_run(primary=True))
    row: int = Field(sa_column=Column(Integer, primary_key=True))
    reason: str
    __table_args__ = (Index("ix_import_refusal_reason", "reason"),)
