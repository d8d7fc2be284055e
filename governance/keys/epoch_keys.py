"""Epoch keys in memory: how long they serve while the provider does not answer.

    age   0 ......... a third of the lease ................. the lease
          served      the provider is asked again, served    nothing is served:
                      also if it does not answer             its error comes out

Only silence is waited out (ProviderUnavailableError). A provider that answers no, or has lost
the key, is believed at once.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from governance.core.clock import Clock
from governance.core.errors import GovernanceError
from governance.crypto.providers.types import (
    EpochDestroyedError,
    EpochId,
    KeyProvider,
    ProviderUnavailableError,
    WrapContext,
)
from governance.crypto.wrap import WrappingKey
from governance.keys.types import StoredEpoch

RENEW: Final = 3  # a key is renewed after this fraction of the lease
AGAIN: Final = timedelta(seconds=20)  # between two tries of a provider that was silent
REST: Final = timedelta(seconds=5)  # after an error without a key left, it stands this long
EPOCH_PURPOSE: Final = "epoch"


class Held(Protocol):
    """Who holds the provider and the clock; both may be exchanged while it lives."""

    provider: KeyProvider
    clock: Clock
    installation: str


@dataclass(slots=True)
class _Entry:
    """One epoch's key, when it was opened, and when the provider was last asked for it."""

    key: WrappingKey
    opened: datetime
    asked: datetime

    def __repr__(self) -> str:
        return "_Entry(...)"


def epoch_context(installation: str, epoch: EpochId) -> WrapContext:
    """What the provider binds an epoch key to."""
    return WrapContext(installation=installation, epoch=epoch, purpose=EPOCH_PURPOSE)


class EpochKeys:
    """The opened epoch keys of one process."""

    def __init__(self, holder: Held) -> None:
        self._holder = holder
        self._entries: dict[EpochId, _Entry] = {}
        self._failed: dict[EpochId, tuple[datetime, GovernanceError]] = {}
        self._asking = threading.Lock()

    def __repr__(self) -> str:
        return f"EpochKeys({len(self._entries)})"

    def key(self, stored: StoredEpoch) -> WrappingKey:
        """The epoch's key; raises once the provider was silent for the whole lease."""
        if stored.wrapped is None:
            self._entries.pop(stored.epoch, None)
            raise EpochDestroyedError(epoch=stored.epoch)
        entry, at, lease = self._entries.get(stored.epoch), self._holder.clock(), self._lease()
        if entry is not None and at - entry.opened < lease / RENEW:
            return entry.key
        usable = entry is not None and at - entry.opened < lease
        if entry is not None and usable and at - entry.asked < AGAIN:
            return entry.key
        if not self._asking.acquire(blocking=not usable):
            assert entry is not None  # noqa: S101 # another thread asks; this key is still good
            return entry.key
        try:
            return self._renewed(stored, at)
        finally:
            self._asking.release()

    def cached(self, epoch: EpochId) -> WrappingKey | None:
        """The epoch's key if it is in memory and within its lease."""
        entry = self._entries.get(epoch)
        if entry is None or self._holder.clock() - entry.opened >= self._lease():
            return None
        return entry.key

    def good_until(self, epoch: EpochId) -> datetime | None:
        """When the epoch's key is to be renewed, or tried again; None if it is not in memory."""
        entry = self._entries.get(epoch)
        if entry is None:
            return None
        lease = self._lease()
        renewal = max(entry.opened + lease / RENEW, entry.asked + AGAIN)
        return min(renewal, entry.opened + lease)

    def keep_only(self, living: Iterable[EpochId]) -> None:
        """No key of another epoch is in memory."""
        wanted = set(living)
        self._entries = {key: held for key, held in self._entries.items() if key in wanted}

    def clear(self) -> None:
        """No key is in memory."""
        self._entries = {}

    def _lease(self) -> timedelta:
        return self._holder.provider.lease

    def _renewed(self, stored: StoredEpoch, at: datetime) -> WrappingKey:
        entry, lease = self._entries.get(stored.epoch), self._lease()
        if entry is not None and at - entry.opened < lease / RENEW:
            return entry.key  # another thread renewed it while this one waited
        if entry is not None:
            entry.asked = at
        elif (failed := self._failed.get(stored.epoch)) and at - failed[0] < REST:
            raise type(failed[1])(**failed[1].params)  # nobody queues, nothing is hammered
        wrapped = stored.wrapped or b""
        ctx = epoch_context(self._holder.installation, stored.epoch)
        try:
            (key,) = self._holder.provider.unwrap([wrapped], ctx)
        except GovernanceError as error:
            silent = isinstance(error, ProviderUnavailableError)
            if silent and entry is not None and at - entry.opened < lease:
                return entry.key
            self._entries.pop(stored.epoch, None)
            self._failed[stored.epoch] = at, error
            raise  # fails closed: the lease is over, or the answer is no
        made = WrappingKey(key)
        self._failed.pop(stored.epoch, None)
        self._entries[stored.epoch] = _Entry(key=made, opened=at, asked=at)
        return made
