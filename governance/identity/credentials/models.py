"""Tables of what staff prove themselves with; secrets stand here as hashes, digests or sealed."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, LargeBinary
from sqlmodel import Field, SQLModel

from governance.db.types import RowIdType, UtcDateTime


def _instant(*, nullable: bool = False) -> Column[datetime]:
    return Column(UtcDateTime, nullable=nullable)


class StaffPasswordRow(SQLModel, table=True):
    """The password of an account, as its argon2id hash."""

    __tablename__ = "staff_password"
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    hash: str
    set_at: datetime = Field(sa_column=_instant())


class StaffTotpRow(SQLModel, table=True):
    """The authenticator application of an account."""

    __tablename__ = "staff_totp"
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # sealed
    confirmed_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    last_step: int | None = None  # a step of thirty seconds opens once


class PasskeyRow(SQLModel, table=True):
    """A passkey of an account: the public half alone (WebAuthn)."""

    __tablename__ = "staff_passkey"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    staff_id: str = Field(foreign_key="staff.id", index=True)
    credential_id: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sign_count: int = Field(sa_column=Column(BigInteger, nullable=False))  # up to 2**32 - 1
    name: str
    added_at: datetime = Field(sa_column=_instant())
    used_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class RecoveryCodeRow(SQLModel, table=True):
    """A code on paper that stands in once for a second factor."""

    __tablename__ = "staff_recovery_code"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    staff_id: str = Field(foreign_key="staff.id", index=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    used_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class SignInStepRow(SQLModel, table=True):
    """A sign-in that is half done, or a challenge that a passkey is to answer."""

    __tablename__ = "sign_in_step"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    kind: str
    actor: str | None = None
    level: str | None = None  # that the session gets when this step is passed
    challenge: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    tries: int = 0
    expires_at: datetime = Field(sa_column=_instant())
    used_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class SignInFailureRow(SQLModel, table=True):
    """How often signing in failed of late, by account, by network or by known device."""

    __tablename__ = "sign_in_failure"
    key: str = Field(primary_key=True)  # a digest; what was typed is not kept
    failures: int
    last_at: datetime = Field(sa_column=_instant())


class KnownDeviceRow(SQLModel, table=True):
    """A browser in which an account signed in before; failures elsewhere do not delay it."""

    __tablename__ = "staff_device"
    id: str = Field(sa_column=Column(RowIdType, primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    staff_id: str = Field(foreign_key="staff.id", index=True)
    expires_at: datetime = Field(sa_column=_instant())
