"""Tables of data sets: what was made of whom in numbers, the sealed rows, who received them.

No row names a person: a person's sign in a data set is random, and no table of them is kept.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType
from retention.models import instant, reference, row_id


class DatasetRow(SQLModel, table=True):
    """One data set; a CHECK is the second wall of the two principals."""

    __tablename__ = "dataset"
    __table_args__ = (
        CheckConstraint(
            "released_by IS NULL OR released_by <> made_by", name="ck_dataset_two_persons"
        ),
    )
    id: str = Field(sa_column=row_id())
    kind: str
    name: str
    purpose: str
    table_name: str
    fields: str = Field(sa_column=Column(Text, nullable=False))  # comma separated, in order
    request: str = Field(sa_column=Column(Text, nullable=False))  # YAML: the method of its making
    request_digest: str
    content_digest: str
    found: str = Field(sa_column=Column(Text, nullable=False))  # JSON: what the checks found
    export_id: str = Field(sa_column=Column(RowIdType, nullable=False))
    state: str
    k: int
    persons_read: int
    persons: int
    rows: int
    smallest: int
    removed: int
    made_by: str
    made_at: datetime = Field(sa_column=instant())
    expires_on: date = Field(sa_column=Column(Date, nullable=False, index=True))
    released_by: str | None = None
    released_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    ended_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class DatasetPartRow(SQLModel, table=True):
    """A part of the rows, compressed and sealed; gone when the data set ends."""

    __tablename__ = "dataset_part"
    __table_args__ = (UniqueConstraint("dataset_id", "n"),)
    id: str = Field(sa_column=row_id())
    dataset_id: str = Field(sa_column=reference("dataset"))
    n: int
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DatasetProvisionRow(SQLModel, table=True):
    """An anonymised data set was given, and the recipient was told that it is one."""

    __tablename__ = "dataset_provision"
    id: str = Field(sa_column=row_id())
    dataset_id: str = Field(sa_column=reference("dataset"))
    recipient: str
    told_at: datetime = Field(sa_column=instant())
    by: str
