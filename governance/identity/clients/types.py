"""Facts about the systems that ask: their keys, access tokens and limits."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from governance.core.terms import ActorId

BURST: Final = 2  # seconds' worth that may come at once, where nothing else is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often a system may come: so many a second for good, so many at once."""

    per_second: int
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a system; the key itself is known to its holder alone."""

    id: str
    client: ActorId
    prefix: str  # the first characters, by which its holder knows it
    created_at: datetime
    expires_at: datetime | None
    last_used_on: date | None  # day in Japan
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One access token (RFC 6749, 1.4), opaque and short-lived."""

    client: ActorId
    scopes: frozenset[str]
    expires_at: datetime


def key_opens(key: Key, *, at: datetime) -> bool:
    """A key opens until it was ended or has expired."""
    return key.ended_at is None and (key.expires_at is None or at < key.expires_at)


def rate_of(per_second: int | None, burst: int | None = None) -> Rate | None:
    """The limit that a setting or a row says; 0 is said by hand and means none at all."""
    if per_second is None:
        return None
    return Rate(per_second=per_second, burst=burst or per_second * BURST)
