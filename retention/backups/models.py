"""Tables of backups, restore drills and the gate of a restored installation; about no person."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, String, Text
from sqlmodel import Field, SQLModel

from retention.models import instant, row_id


class BackupRow(SQLModel, table=True):
    """One backup that was made, and when it was proven and ended."""

    __tablename__ = "backup_file"
    id: str = Field(sa_column=row_id())
    file: str = Field(sa_type=String(120))
    created_at: datetime = Field(sa_column=instant())
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str = Field(sa_type=String(64))  # of the data inside
    made_by: str
    verified_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    verified: str | None = Field(default=None, sa_type=String(64))
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class DrillRow(SQLModel, table=True):
    """One restore drill and its report."""

    __tablename__ = "restore_drill"
    id: str = Field(sa_column=row_id())
    file: str = Field(sa_type=String(120))
    began_at: datetime = Field(sa_column=instant())
    ended_at: datetime = Field(sa_column=instant())
    outcome: str = Field(sa_type=String(64))  # `good`, or the code of what was wrong
    report: str = Field(sa_column=Column(Text, nullable=False))  # JSON: counts alone


class GateRow(SQLModel, table=True):
    """A restored database is closed until all that the journal says holds in it again."""

    __tablename__ = "restore_gate"
    id: str = Field(sa_column=row_id())
    backup_id: str | None = Field(default=None, sa_type=String(36))
    closed_at: datetime = Field(sa_column=instant())
    opened_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    report: str | None = Field(default=None, sa_column=Column(Text, nullable=True))  # JSON


class JournalMarkRow(SQLModel, table=True):
    """How far the control journal had come at a moment: what was in it then is as old as that."""

    __tablename__ = "journal_mark"
    id: str = Field(sa_column=row_id())
    seq: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    digest: str = Field(sa_type=String(64))
    noted_at: datetime = Field(sa_column=instant())
    left_through: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
