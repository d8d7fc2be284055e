"""Tables of the registers: recipients and processors, and the record of each provision."""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def _day() -> Column[date]:
    return Column(Date, nullable=True)


class RecipientRow(SQLModel, table=True):
    """委託先・提供先・共同利用者・受領元: a company that data goes to or comes from.

    The name of its contact person is sealed under the installation's key.
    """

    __tablename__ = "recipient"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    source_key: str = Field(sa_column_kwargs={"unique": True})
    name: str
    role: str  # processor, third_party, joint, source
    country: str | None = None  # ISO 3166-1 alpha-2
    service: str | None = None
    data_items: str | None = None
    scale: str | None = None
    contracted_on: date | None = Field(default=None, sa_column=_day())
    expires_on: date | None = Field(default=None, sa_column=_day())
    auto_renewal: bool = False
    subprocessing: str | None = None
    subprocessor: str | None = None
    transfer_basis: str | None = None
    foreign_system_on: date | None = Field(default=None, sa_column=_day())
    safeguards: str | None = None
    audited_on: date | None = Field(default=None, sa_column=_day())
    provision_record: bool = False
    notes: str | None = None
    contact: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class RecipientProblemRow(SQLModel, table=True):
    """What is missing or late about a recipient (APPI 25, 28, 29; GDPR 28, 44)."""

    __tablename__ = "recipient_problem"
    recipient_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("recipient.id", ondelete="RESTRICT"), primary_key=True
        )
    )
    kind: str = Field(primary_key=True)
    found_on: date = Field(sa_column=Column(Date, nullable=False))
