"""Facts about what a directory keeps here."""

from dataclasses import dataclass, field
from datetime import datetime

from governance.core.terms import ActorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the directory calls an employee; sealed where it is stored, printed nowhere."""

    user_name: str = field(repr=False)
    external_id: str | None = field(default=None, repr=False)
    display_name: str | None = field(default=None, repr=False)
    given_name: str | None = field(default=None, repr=False)
    family_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One employee of the directory, and the account that is theirs."""

    id: str
    staff: ActorId
    profile: Profile
    active: bool
    version: int
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """One group of the directory with the ids of who is in it."""

    id: str
    name: str
    external_id: str | None
    members: frozenset[str]
    version: int
    created_at: datetime
    changed_at: datetime
