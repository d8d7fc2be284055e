"""Credentials that were proved in this process, and how often their systems come.

A question that comes thousands of times a second by the same key is answered without a look at
the database: the entry holds as long as no change of who may call has come since. The bucket of a
system stands in memory, so that its limit costs two sums and no wait.
"""

import time
from collections.abc import Callable, Iterable
from datetime import date
from hashlib import sha256
from math import ceil
from typing import Final

from governance.core.clock import Clock
from governance.core.terms import ActorId
from governance.identity.clients.presenting import Presented
from governance.identity.clients.types import Rate

KEYS: Final = 1_024  # credentials with their callers' addresses that are remembered
Callers = Callable[[], int | None]  # the last change of who may call that is known; None: ask
Ticks = Callable[[], float]


class Bucket:
    """A token bucket: it fills by the rate, and every request takes one."""

    __slots__ = ("_burst", "_level", "_seen", "_speed", "_ticks", "rate")

    def __init__(self, rate: Rate, *, share: int = 1, ticks: Ticks = time.monotonic) -> None:
        """`share`: among so many processes; none lets through more than its part."""
        self.rate, self._speed = rate, rate.per_second / share
        self._burst = max(rate.burst / share, 1.0)
        self._level, self._seen, self._ticks = self._burst, ticks(), ticks

    def take(self) -> bool:
        """Whether one more may come now."""
        now = self._ticks()
        level = self._level + (now - self._seen) * self._speed
        self._seen = now
        level = min(level, self._burst)
        if level < 1.0:
            self._level = level
            return False
        self._level = level - 1.0
        return True

    def give_back(self) -> None:
        """What was taken is asked for once more, another way."""
        self._level += 1.0

    def wait(self) -> int:
        """Whole seconds until one more may come (RFC 9110, 10.2.3)."""
        return max(1, ceil((1.0 - self._level) / self._speed))


class Bearer:
    """One credential that was proved in this process; read and counted with every request."""

    __slots__ = ("_clock", "bucket", "certificate", "key", "place", "principal", "until", "used")

    def __init__(
        self, place: int, found: Presented, bucket: Bucket | None, *, clock: Clock
    ) -> None:
        self.place, self.principal, self.key = place, found.principal, found.key
        self.until, self.certificate = found.until, found.certificate
        self.bucket, self._clock = bucket, clock
        self.used = True

    def __repr__(self) -> str:
        return f"Bearer({self.principal.id})"

    def opens(self) -> bool:
        """Whether the credential has not come to its end."""
        self.used = True
        return self.until is None or self._clock() < self.until

    def passes(self) -> bool:
        """Whether one more request of the system may come now."""
        bucket = self.bucket
        return bucket is None or bucket.take()

    def asks_again(self) -> None:
        """The request that was let through is asked for once more, another way."""
        if self.bucket is not None:
            self.bucket.give_back()

    def wait(self) -> int:
        """Seconds after which to come again."""
        return 1 if self.bucket is None else self.bucket.wait()


class Bearers:
    """The credentials that this process knows; fails closed: what it does not know, it asks."""

    def __init__(
        self, callers: Callers, *, clock: Clock, every: Rate | None = None, share: int = 1
    ) -> None:
        """`every`: the limit of a system without one of its own; `share`: among processes."""
        self._callers, self._clock, self._every, self._share = callers, clock, every, share
        self._known: dict[tuple[bytes, str | None], Bearer] = {}
        self._buckets: dict[ActorId, Bucket] = {}
        self._noted: dict[str, date] = {}

    def remembered(self, secret: bytes, address: str | None) -> Bearer | None:
        """The credential, if no change of who may call has come since and it opens yet."""
        found = self._known.get((sha256(secret).digest(), address))
        if found is None or found.place != self._callers() or not found.opens():
            return None
        return found

    def remember(self, secret: bytes, address: str | None, place: int, found: Presented) -> Bearer:
        """The credential is known from now on, as of this change of callers."""
        made = Bearer(place, found, self._bucket(found), clock=self._clock)
        if len(self._known) >= KEYS:
            self._known.clear()
        self._known[sha256(secret).digest(), address] = made
        return made

    def _bucket(self, found: Presented) -> Bucket | None:
        """The system's own bucket, one for all its credentials."""
        rate = found.rate or self._every
        if rate is None or not rate.per_second:  # none, said by hand
            return None
        bucket = self._buckets.get(found.principal.id)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[found.principal.id] = Bucket(rate, share=self._share)
        return bucket

    def used(self, day: date) -> frozenset[str]:
        """Keys that were used since this was last asked and are not noted for this day."""
        found = set()
        for one in tuple(self._known.values()):
            if one.used and one.key is not None and self._noted.get(one.key) != day:
                found.add(one.key)
            one.used = False
        return frozenset(found)

    def note(self, keys: Iterable[str], day: date) -> None:
        """It is on record that these keys were used on this day."""
        if len(self._noted) > KEYS:
            self._noted.clear()
        self._noted.update(dict.fromkeys(keys, day))
