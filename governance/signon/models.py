"""Tables of signing on; a provider's words about a person are stored as digests."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def _instant() -> Column[datetime]:
    return Column(UtcDateTime, nullable=False)


def _digest(*, key: bool = False, nullable: bool = False, index: bool = False) -> Column[bytes]:
    return Column(LargeBinary, nullable=nullable, primary_key=key, index=index)


class SignOnAttemptRow(SQLModel, table=True):
    """Somebody was sent to a provider and has not come back."""

    __tablename__ = "sign_on_attempt"
    digest: bytes = Field(sa_column=_digest(key=True))  # of the browser's secret
    provider: str
    expires_at: datetime = Field(sa_column=_instant())


class StaffLinkRow(SQLModel, table=True):
    """An employee's account belongs to this person of a provider."""

    __tablename__ = "staff_sign_on"
    digest: bytes = Field(sa_column=_digest(key=True))  # of provider and `sub`
    provider: str
    staff_id: str = Field(foreign_key="staff.id", index=True)
    linked_at: datetime = Field(sa_column=_instant())


class CustomerLinkRow(SQLModel, table=True):
    """A customer belongs to this person of a provider."""

    __tablename__ = "customer_sign_on"
    digest: bytes = Field(sa_column=_digest(key=True))
    provider: str
    subject_id: str = Field(foreign_key="subject.id", index=True)
    linked_at: datetime = Field(sa_column=_instant())


class SignOnSessionRow(SQLModel, table=True):
    """A session that a provider vouched for; it ends when the provider says so."""

    __tablename__ = "sign_on_session"
    session_id: str = Field(primary_key=True, foreign_key="session.id")
    provider: str
    subject: bytes = Field(sa_column=_digest(index=True))
    sid: bytes | None = Field(default=None, sa_column=_digest(nullable=True, index=True))


class LogoutTokenRow(SQLModel, table=True):
    """A logout token that was used, so that it is used no second time."""

    __tablename__ = "sign_on_logout"
    digest: bytes = Field(sa_column=_digest(key=True))
    expires_at: datetime = Field(sa_column=_instant())


class MailCodeRow(SQLModel, table=True):
    """A customer's sign-in by e-mail that was begun, alike for every address that was typed.

    The code is hashed under the browser's secret, of which the row has a digest alone: who holds
    this table and every key of the installation still cannot try codes out.
    """

    __tablename__ = "portal_mail_code"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    code: bytes = Field(sa_column=_digest())
    mark: bytes = Field(sa_column=_digest(index=True))  # index token of the address, for counting
    content: bytes | None = Field(sa_column=_digest(nullable=True))  # the address, sealed
    network: str | None = Field(default=None)  # /24 or /48
    tries: int = 0
    sent: bool = False  # to an address that is on record
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    expires_at: datetime = Field(sa_column=_instant())
    opened_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
