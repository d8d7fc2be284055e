"""Table of customers' passkeys: the public half, and the name that the person gave it."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


class CustomerPasskeyRow(SQLModel, table=True):
    """A passkey of a customer (WebAuthn); nothing secret."""

    __tablename__ = "customer_passkey"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    subject_id: str = Field(
        sa_column=Column(
            RowIdType, ForeignKey("subject.id", ondelete="RESTRICT"), nullable=False, index=True
        )
    )
    credential_id: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sign_count: int = Field(sa_column=Column(BigInteger, nullable=False))  # up to 2**32 - 1
    name: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # sealed
    added_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
