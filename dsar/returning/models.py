"""Table of ways back: one try to come back to a request by its number and a code."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from dsar.models import instant, row_id, sealed
from governance.db.types import RowIdType, UtcDateTime


class ReturnRow(SQLModel, table=True):
    """One way back, made alike for numbers that exist and for others; the browser has its secret.

    `content` holds number and code, sealed under the installation's key while the code lasts.
    """

    __tablename__ = "dsar_return"
    id: str = Field(sa_column=row_id())
    digest: str = Field(unique=True)
    kind: str  # email_code, sms_code
    request_id: str | None = Field(  # of a number that exists, once its code was sent
        default=None,
        sa_column=Column(
            RowIdType, ForeignKey("dsar_request.id", ondelete="RESTRICT"), nullable=True, index=True
        ),
    )
    tries: int = 0
    created_at: datetime = Field(sa_column=instant())
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    opened_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    content: bytes | None = Field(default=None, sa_column=sealed())


class ScopeAnswerRow(SQLModel, table=True):
    """What the person answered when asked which data they mean (APPI 37(2)), append-only."""

    __tablename__ = "dsar_scope_answer"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(
        sa_column=Column(
            RowIdType,
            ForeignKey("dsar_request.id", ondelete="RESTRICT"),
            nullable=False,
            index=True,
        )
    )
    scope: str  # codes of the data, comma separated
    words: bytes | None = Field(default=None, sa_column=sealed())
    at: datetime = Field(sa_column=instant())
    actor: str
