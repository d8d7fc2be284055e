"""Tables of access reviews (アクセス権の棚卸し): one campaign a quarter, one row an account."""

from datetime import date, datetime

from sqlalchemy import Column, LargeBinary, String, Text, UniqueConstraint, event
from sqlmodel import Field, SQLModel

from governance.db.closing import Closing
from governance.db.types import RowIdType, UtcDateTime, table_of


def _instant(*, nullable: bool = True) -> Column[datetime]:
    return Column(UtcDateTime, nullable=nullable)


class AccessReviewRow(SQLModel, table=True):
    """One review; `closed_at` says that no row of it changes any more."""

    __tablename__ = "access_review"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    quarter: str = Field(sa_column=Column(String(8), nullable=False, unique=True))
    since: datetime = Field(sa_column=_instant(nullable=False))
    started_at: datetime = Field(sa_column=_instant(nullable=False))
    started_by: str = Field(sa_type=String(100))
    due_on: date
    dormant_days: int
    closed_at: datetime | None = Field(default=None, sa_column=_instant())
    closed_by: str | None = Field(default=None, sa_type=String(100))
    digest: str | None = Field(default=None, sa_type=String(64))


class AccessReviewLineRow(SQLModel, table=True):
    """One account of a review with what was decided about it."""

    __tablename__ = "access_review_line"
    __table_args__ = (UniqueConstraint("review_id", "account"),)
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    review_id: str = Field(sa_type=RowIdType, foreign_key="access_review.id")
    account: str = Field(sa_type=String(100))  # "u:<login>", "svc:<name>"
    verdict: str | None = Field(default=None, sa_type=String(8))
    held: str | None = Field(default=None, sa_type=Text)  # canonical JSON, without a name
    taken: str | None = Field(default=None, sa_type=Text)  # space separated
    reason: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    decided_by: str | None = Field(default=None, sa_type=String(100))
    decided_at: datetime | None = Field(default=None, sa_column=_instant())


CLOSED = Closing(table="access_review", parts={"access_review_line": "review_id"})
event.listen(table_of(AccessReviewLineRow), "after_create", CLOSED.build)
