"""Facts about what staff prove themselves with."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.core.terms import ActorId
from governance.identity.types import Level, Session


class StepKind(StrEnum):
    """What a half-done sign-in waits for."""

    SECOND = "second"  # a second factor after the first
    PASSKEY = "passkey"  # a passkey's answer to a challenge
    ADDING = "adding"  # a new passkey's answer to a challenge


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A sign-in that is half done."""

    id: str
    kind: StepKind
    actor: ActorId | None
    level: Level | None
    challenge: bytes | None
    tries: int
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """An authenticator application; `secret` is sealed."""

    secret: bytes = field(repr=False)
    confirmed_at: datetime | None
    last_step: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """The public half of a passkey."""

    id: str
    actor: ActorId
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str = field(repr=False)
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What an account has to prove itself with."""

    password_set_at: datetime | None
    totp: bool
    passkeys: int
    recovery_left: int

    @property
    def second(self) -> bool:
        """Whether something beside the password or a code can be asked for."""
        return self.totp or self.passkeys > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Somebody is signed in; the secrets go into cookies."""

    session: Session
    secret: str = field(repr=False)
    device: str | None = field(default=None, repr=False)  # of a browser that is known from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The first factor was right; the second is asked for under this secret."""

    secret: str = field(repr=False)
    factors: Factors


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where a sign-in comes from."""

    network: str | None = None
    device: str = field(default="", repr=False)  # what the browser's cookie says
