"""Tables of accounts and sessions; secrets are stored as digests."""

from datetime import date, datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def _instant(*, nullable: bool = True) -> Column[datetime]:
    return Column(UtcDateTime, nullable=nullable)


class StaffRow(SQLModel, table=True):
    """An employee's account."""

    __tablename__ = "staff"
    id: str = Field(primary_key=True)  # "u:<login>"
    login: str = Field(sa_column_kwargs={"unique": True})
    display_name: str
    state: str
    created_at: datetime = Field(sa_column=_instant(nullable=False))
    mail: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # sealed
    trained_until: datetime | None = Field(default=None, sa_column=_instant())
    lang: str | None = Field(default=None, max_length=2)  # of mails to them


class StaffRoleRow(SQLModel, table=True):
    """A role that an employee holds."""

    __tablename__ = "staff_role"
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    role: str = Field(primary_key=True)
    given_by: str
    given_at: datetime = Field(sa_column=_instant(nullable=False))


class ClientRow(SQLModel, table=True):
    """Another system that asks before it uses data."""

    __tablename__ = "api_client"
    id: str = Field(primary_key=True)  # "svc:<name>"
    name: str = Field(sa_column_kwargs={"unique": True})
    role: str
    purposes: str  # space separated
    state: str
    created_at: datetime = Field(sa_column=_instant(nullable=False))
    scopes: str | None = Field(default=None)  # actions, space separated; none: all of the role
    rate: int | None = Field(default=None)  # requests a second; none: the setting's
    burst: int | None = Field(default=None)
    certificate: str | None = Field(default=None)  # SHA-256 of the one it must show
    public_keys: str | None = Field(default=None)  # JWK set that its assertions are signed by


class SessionRow(SQLModel, table=True):
    """A session on the server; the cookie holds only its secret."""

    __tablename__ = "session"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    actor: str = Field(index=True)
    kind: str
    csrf: str
    created_at: datetime = Field(sa_column=_instant(nullable=False))
    expires_at: datetime = Field(sa_column=_instant(nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=_instant())
    level: str | None = Field(default=None)
    place: str | None = Field(default=None)
    network: str | None = Field(default=None)
    proved_at: datetime | None = Field(default=None, sa_column=_instant())
    seen_at: datetime | None = Field(default=None, sa_column=_instant())
    acting_relation: str | None = Field(  # by which a parent or guardian acts for a child
        default=None, sa_column=Column(RowIdType, nullable=True)
    )
    acting_on: date | None = Field(default=None)  # the day for which the right was looked at
    passkey: str | None = Field(  # of a customer, that opened it
        default=None, sa_column=Column(RowIdType, nullable=True)
    )


class OneTimeCodeRow(SQLModel, table=True):
    """A sign-in code that works once."""

    __tablename__ = "one_time_code"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    actor: str
    kind: str
    expires_at: datetime = Field(sa_column=_instant(nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=_instant())
