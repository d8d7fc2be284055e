"""Tables of the keys and access tokens of other systems; secrets are stored as digests."""

from datetime import date, datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def _instant(*, nullable: bool = True) -> Column[datetime]:
    return Column(UtcDateTime, nullable=nullable)


def _digest(*, key: bool = False) -> Column[bytes]:
    return Column(LargeBinary, nullable=False, primary_key=key)


class ClientKeyRow(SQLModel, table=True):
    """A key of a system; two may be valid while one takes the place of the other."""

    __tablename__ = "client_key"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    client_id: str = Field(foreign_key="api_client.id", index=True)
    prefix: str = Field(index=True)
    digest: bytes = Field(sa_column=_digest())
    created_at: datetime = Field(sa_column=_instant(nullable=False))
    expires_at: datetime | None = Field(default=None, sa_column=_instant())
    last_used_on: date | None = Field(default=None)
    ended_at: datetime | None = Field(default=None, sa_column=_instant())


class ClientTokenRow(SQLModel, table=True):
    """An access token that opens for some minutes."""

    __tablename__ = "client_token"
    digest: bytes = Field(sa_column=_digest(key=True))
    client_id: str = Field(foreign_key="api_client.id", index=True)
    scopes: str  # space separated
    expires_at: datetime = Field(sa_column=_instant(nullable=False))


class ClientAssertionRow(SQLModel, table=True):
    """A signed assertion that was used, so that it is used no second time (RFC 7523, 3)."""

    __tablename__ = "client_assertion"
    digest: bytes = Field(sa_column=_digest(key=True))  # of the system and the assertion's id
    expires_at: datetime = Field(sa_column=_instant(nullable=False))
