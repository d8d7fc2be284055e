"""Tables of intake: a form that is being filled in, how a request came, its fee, its lines."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from dsar.models import instant, request_ref, row_id, sealed
from governance.db.types import RowIdType, UtcDateTime


def of_request() -> Column[str]:
    """The request that the row is the other half of."""
    return Column(RowIdType, ForeignKey("dsar_request.id", ondelete="RESTRICT"), primary_key=True)


class DraftRow(SQLModel, table=True):
    """One form being filled in, answers sealed; once filed, the way back to the request.

    The browser holds the secret, we its digest.
    """

    __tablename__ = "dsar_draft"
    id: str = Field(sa_column=row_id())
    digest: str = Field(unique=True)
    actor: str
    answers: bytes | None = Field(default=None, sa_column=sealed())
    created_at: datetime = Field(sa_column=instant())
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    request_id: str | None = Field(
        default=None,
        sa_column=Column(
            RowIdType,
            ForeignKey("dsar_request.id", ondelete="RESTRICT"),
            nullable=True,
            index=True,
        ),
    )


class FilingRow(SQLModel, table=True):
    """How a request came and whom it is said to be about, which proves nothing."""

    __tablename__ = "dsar_filing"
    request_id: str = Field(sa_column=of_request())
    source: str  # portal, console, csv, system
    filed_by: str
    once: str | None = Field(default=None, unique=True)  # what was filed twice is one request
    scope: str  # codes of the data asked about, comma separated
    ground: str | None = None
    claimed_id: str | None = Field(  # whose contact was given; not proved
        default=None,
        sa_column=Column(
            RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), nullable=True, index=True
        ),
    )
    claim: bytes | None = Field(default=None, sa_column=sealed())


class FeeRow(SQLModel, table=True):
    """The fee of a request, append-only: each line one step of it (APPI 38)."""

    __tablename__ = "dsar_fee"
    id: str = Field(sa_column=row_id())
    request_id: str = Field(sa_column=request_ref())
    state: str  # quoted, accepted, paid, waived
    yen: int
    at: datetime = Field(sa_column=instant())
    actor: str
