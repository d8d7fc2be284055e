"""Facts about leases: who may decide by what it holds, and how far that is applied."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple


class HolderKind(StrEnum):
    """Who decides by a copy of its own."""

    SERVER = "server"
    CLIENT = "client"


class Standing(StrEnum):
    """What came of asking for a lease."""

    GRANTED = "granted"
    BEHIND = "behind"  # apply what is owed first
    JOINED = "joined"  # known from now on; ask again


JOINED: Final = -1  # renewals of a holder that was not told yet what it must apply


class LeaseRow(NamedTuple):
    """One holder as the database knows it."""

    id: str
    renewals: int  # how often the lease was granted; a renewal changes it. Below 1: never yet
    applied: int  # the position up to which the holder applied every change
    owed: int  # the position that the holder must have applied at its next renewal, at least
    joined_at: datetime  # who was ended and joins again under its id is another holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long leases last, in seconds on any clock."""

    lease: float = 2.0  # as the holder counts it, from before it asked
    heartbeat: float = 0.5  # how often a holder asks again
    margin: float = 0.1  # so much longer the server waits: no two clocks run so far apart
    grace: float = 0.5  # until a holder that is waited for must apply before it is renewed

    @property
    def ended(self) -> float:
        """After so long without a renewal a lease has ended on its holder's own clock."""
        return self.lease + self.margin


def terms_of(lease: float) -> Terms:
    """The terms of a lease of so many seconds: four heartbeats, and a twentieth of margin.

    Who applies within a heartbeat is asked for nothing more, or a stream of changes would leave
    nobody a lease.
    """
    return Terms(lease=lease, heartbeat=lease / 4, margin=lease / 20, grace=lease / 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a holder is told."""

    standing: Standing
    owed: int  # the position to apply before the next renewal
    seconds: float  # of the lease, from before the holder asked; 0 when none was granted

    def __bool__(self) -> bool:
        return self.standing is Standing.GRANTED
