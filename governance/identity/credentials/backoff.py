"""How long the next try waits after failures; pure. Nothing is ever locked for good.

Failures are counted for an account and for a network, and for a browser in which the account
signed in before. A known browser waits for its own failures alone, and a passkey cannot be
guessed at all, so nobody can lock another out by failing in their name. Staff and customers of
one network are counted apart: an office that serves its customers' devices stays open.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

FREE: Final = {"account": 5, "network": 30, "device": 10}  # failures without a wait
LONGEST: Final = timedelta(minutes=15)
FORGOTTEN: Final = timedelta(hours=24)  # without a failure: the count begins anew
DOUBLINGS: Final = 12  # beyond the longest wait


class Counted(StrEnum):
    """For what failures are counted."""

    ACCOUNT = "account"
    NETWORK = "network"
    DEVICE = "device"


class Door(StrEnum):
    """Whose sign-in a try was made at."""

    STAFF = "staff"
    PORTAL = "portal"


def key_of(kind: Counted, what: str) -> str:
    """The key of a count; a digest, since people type passwords into the wrong field."""
    return f"{kind.value}:{sha256(what.encode('utf-8', 'replace')).hexdigest()}"


def network_key(network: str | None, door: Door) -> str:
    """The key of a network at one door; refusals at one are no failures at the other."""
    named = network or ""
    return key_of(Counted.NETWORK, named if door is Door.STAFF else f"{named} {door.value}")


def kind_of(key: str) -> Counted:
    """What a key counts for."""
    return Counted(key.partition(":")[0])


def wait_after(kind: Counted, failures: int) -> timedelta:
    """How long after the last failure the next try is taken: 1 s, 2 s, 4 s, up to 15 minutes."""
    beyond = failures - FREE[kind.value]
    if beyond < 0:
        return timedelta()
    return min(timedelta(seconds=2 ** min(beyond, DOUBLINGS)), LONGEST)


def counted(failures: int, last_at: datetime, *, at: datetime) -> int:
    """The failures that still count."""
    return 0 if at - last_at >= FORGOTTEN else failures


def waits(kind: Counted, failures: int, last_at: datetime, *, at: datetime) -> timedelta:
    """How long from now until a try is taken; zero when it is taken now."""
    left = last_at + wait_after(kind, counted(failures, last_at, at=at)) - at
    return max(left, timedelta())


def begins_to_wait(kind: Counted, failures: int) -> bool:
    """Whether this failure is the first that makes the next try wait."""
    return failures == FREE[kind.value]
