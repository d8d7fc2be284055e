"""Tables of provisioning: which accounts and groups a directory keeps here (RFC 7643)."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def _instant() -> Column[datetime]:
    return Column(UtcDateTime, nullable=False)


def _octets(*, nullable: bool = False) -> Column[bytes]:
    return Column(LargeBinary, nullable=nullable)


class ScimUserRow(SQLModel, table=True):
    """An employee as the directory names them; its words are sealed, their digests find them."""

    __tablename__ = "scim_user"
    __table_args__ = (UniqueConstraint("provider", "name_digest"),)
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    provider: str
    staff_id: str = Field(foreign_key="staff.id", index=True)
    name_digest: bytes = Field(sa_column=_octets())
    external_digest: bytes | None = Field(default=None, sa_column=_octets(nullable=True))
    profile: bytes = Field(sa_column=_octets())  # sealed
    active: bool
    version: int
    created_at: datetime = Field(sa_column=_instant())
    changed_at: datetime = Field(sa_column=_instant())


class ScimGroupRow(SQLModel, table=True):
    """A group of the directory; the file of providers says which roles it gives."""

    __tablename__ = "scim_group"
    __table_args__ = (UniqueConstraint("provider", "name"),)
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    provider: str
    name: str
    external_id: str | None = None
    version: int
    created_at: datetime = Field(sa_column=_instant())
    changed_at: datetime = Field(sa_column=_instant())


class ScimMemberRow(SQLModel, table=True):
    """Somebody belongs to a group."""

    __tablename__ = "scim_member"
    group_id: str = Field(primary_key=True, foreign_key="scim_group.id")
    user_id: str = Field(primary_key=True, foreign_key="scim_user.id", index=True)
