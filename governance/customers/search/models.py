"""Tables of the blind index: which tokens a row has, which rows a token has, and saved searches.

A token says nothing without its key; all of them go when their row goes. Rows are named by the
16 octets of their UUID, which are in order of time, so a token's rows are found newest first.
"""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from governance.customers.models import instant, row_id, subject_ref
from governance.db.types import RowIdType

CLUSTERED = {"sqlite_with_rowid": False}  # the primary key is the table: half the size


def _row() -> Column[bytes]:
    return Column(LargeBinary(16), primary_key=True)


class SearchIndexRow(SQLModel, table=True):
    """One version of one index of a field, by the short number that its tokens carry."""

    __tablename__ = "search_index"
    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    name: str = Field(sa_column=Column(String(120), nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    dropped: bool = Field(sa_column=Column(Boolean, nullable=False))  # a number never comes back
    turn: int = Field(sa_column=Column(Integer, nullable=False))  # locked against writers of tokens
    __table_args__ = (UniqueConstraint("name", "version"),)


class SearchRow(SQLModel, table=True):
    """One row of the store that can be found, and how much of its index is still to come."""

    __tablename__ = "search_row"
    row_key: bytes = Field(sa_column=_row())
    source: str = Field(sa_column=Column(String(40), nullable=False))  # the row's table
    subject_id: str | None = Field(sa_column=subject_ref(nullable=True))  # None: about no person
    due: int = Field(sa_column=Column(SmallInteger, nullable=False))
    __table_args__ = (Index("ix_search_row_due", "due", "row_key"), CLUSTERED)


class SearchEntryRow(SQLModel, table=True):
    """The tokens of one row in one index, one after the other: what goes when the row goes."""

    __tablename__ = "search_entry"
    row_key: bytes = Field(
        sa_column=Column(
            LargeBinary(16), ForeignKey("search_row.row_key", ondelete="RESTRICT"), primary_key=True
        )
    )
    index_id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    tokens: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    __table_args__ = (CLUSTERED,)


class SearchPostingRow(SQLModel, table=True):
    """A keyed token of a field's search form and one row that has it."""

    __tablename__ = "search_posting"
    index_id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    token: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    row_key: bytes = Field(sa_column=_row())
    __table_args__ = (CLUSTERED,)


class SearchLeavingRow(SQLModel, table=True):
    """Tokens of a row that is gone, which still lead to it; they go in their own order."""

    __tablename__ = "search_leaving"
    index_id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    row_key: bytes = Field(sa_column=_row())
    tokens: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    __table_args__ = (CLUSTERED,)


class ReindexRow(SQLModel, table=True):
    """The rotation of one field's index and how far it is; its lease stands in the job ledger."""

    __tablename__ = "reindex_run"
    id: str = Field(sa_column=row_id())
    field: str
    source: str  # the table whose rows are indexed anew
    state: str  # building, sweeping, dropping, done
    names: str  # indexes of the field, comma separated, each with its old and new version
    cursor: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    done: int = 0  # rows with their new tokens
    total: int = 0  # rows when the rotation began
    dropped: int = 0  # old tokens that are gone
    event_id: str | None = Field(default=None, sa_column=Column(RowIdType, nullable=True))
    started_by: str
    started_at: datetime = Field(sa_column=instant(nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=instant())


class SavedSearchRow(SQLModel, table=True):
    """A search that a page's address names: sealed, of one actor, with an end."""

    __tablename__ = "saved_search"
    id: str = Field(sa_column=row_id())
    actor: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_column=instant(nullable=False))
    ends_at: datetime = Field(sa_column=instant(nullable=False))
    __table_args__ = (Index("ix_saved_search_ends", "ends_at"),)
