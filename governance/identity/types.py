"""Facts about who may sign in and the sessions they hold."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from governance.core.terms import ActorId, PurposeId
from governance.http.principal import PrincipalKind


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One other system with its key and the purposes it may claim."""

    id: ActorId
    name: str
    roles: frozenset[str]
    purposes: frozenset[PurposeId]
    state: AccountState


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
