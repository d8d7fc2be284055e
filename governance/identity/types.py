"""Facts about who may sign in and the sessions they hold."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from governance.core.setting_kinds import SecondFor
from governance.core.terms import ActorId, PurposeId, RowId
from governance.http.principal import PrincipalKind
from governance.identity.clients.types import Rate


class AccountState(StrEnum):
    """Whether an account may act."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"  # for good: the person left, the system is gone, the key was lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One employee who works through the gate."""

    id: ActorId
    login: str
    display_name: str = field(repr=False)
    roles: frozenset[str]
    state: AccountState
    created_at: datetime | None = None
    trained_until: datetime | None = None  # until when the training holds (APPI 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One other system with its key and the purposes it may claim."""

    id: ActorId
    name: str
    roles: frozenset[str]
    purposes: frozenset[PurposeId]
    scopes: frozenset[str] | None = None  # actions that are left of its role's; None: all
    rate: Rate | None = None  # None: the setting's
    certificate: str | None = None  # thumbprint of the certificate that it must show
    public_keys: str | None = field(default=None, repr=False)  # JWK set of its assertions
    state: AccountState


class Level(StrEnum):
    """What was proved when a session was opened; it decides what the session may do."""

    CODE = "code"  # a one-time code alone
    PASSWORD = "password"  # noqa: S105 # a kind of proof, not a secret
    RECOVERED = "recovered"  # a one-time code, then a second factor
    MFA = "mfa"  # a passkey, or a password and a second factor
    MAIL = "mail"  # a customer: a code to the e-mail address on record, and nothing else
    SIGNED_ON = "signed_on"  # the company's own sign-on vouched
    ENROLLING = "enrolling"  # a code, and a second factor is still to be set up: no role counts


class Place(StrEnum):
    """Where a session is used."""

    BROWSER = "browser"
    COMMAND_LINE = "command_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a session lasts without a sign of life, and how long a proof counts as fresh.

    And how long personal data stay open without a training; None: no training is demanded.
    """

    idle: timedelta | None = None
    step_up: timedelta | None = None
    training: timedelta | None = None
    second: SecondFor | None = None  # whose sessions need a second factor; None: nobody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A server-side session; its secret is known to the holder alone."""

    id: str
    actor: ActorId
    kind: PrincipalKind
    csrf: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    level: Level = Level.CODE
    place: Place = Place.BROWSER
    network: str | None = None
    proved_at: datetime | None = None  # the last proof, also one made anew; None: when it began
    seen_at: datetime | None = None  # the last sign of life; None: none since it began
    acting_relation: RowId | None = None  # by which a parent or guardian acts for a child
    acting_on: date | None = None  # the day (Japan) for which the right was looked at
    passkey: RowId | None = None  # of a customer, that opened it

    def __repr__(self) -> str:
        return f"Session({self.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeCode:
    """A sign-in code that works once and not for long."""

    id: str
    actor: ActorId
    kind: PrincipalKind
    expires_at: datetime
    used_at: datetime | None
