"""The contract of a key provider: the keys outside the key store that everything hangs on.

A provider keeps one wrapping key per epoch (a day). The key store holds, per epoch, one epoch
key wrapped by the provider; that epoch key wraps the data keys. A provider is therefore asked
once per process and epoch, never per person or value, and destroying its key of an epoch makes
every copy of that epoch's keys useless wherever it lies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NewType, Protocol

from governance.core.errors import GovernanceError, UnavailableError

EpochId = NewType("EpochId", str)  # the day in ISO 8601, for instance "2026-11-25"
AT_ONCE: Final = timedelta(0)
LEASE: Final = timedelta(minutes=15)  # how long keys in memory serve without the provider's answer


class EpochState(StrEnum):
    """What became of a provider's key of an epoch."""

    LIVE = "live"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapContext:
    """What a wrapped key is bound to; another context does not unwrap it."""

    installation: str
    epoch: EpochId
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEpoch:
    """One epoch as the provider knows it; `final_at` None after destruction: cannot promise."""

    epoch: EpochId
    state: EpochState
    final_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHealth:
    """Whether the provider answers; `reason` is an error code when it does not."""

    ok: bool
    reason: str = ""


class EpochUnknownError(GovernanceError):
    """The provider has no key of this epoch: it was lost, or is another installation's."""

    code, status, exit_code = "epoch_unknown", 503, 3


class EpochDestroyedError(GovernanceError):
    """The provider's key of this epoch was destroyed; nothing under it opens again."""

    code, status = "epoch_destroyed", 409


class ProviderUnavailableError(UnavailableError):
    """The provider does not answer; nothing was sealed, opened or destroyed."""

    code = "key_provider_unavailable"


class ProviderRefusedError(GovernanceError):
    """The provider answers and says no: permission, token, PIN, or a key that was switched off."""

    code, status, exit_code = "key_provider_refused", 503, 3


class ProviderExtraError(GovernanceError):
    """The library of this provider is not installed; the extra that brings it is named."""

    code, status, exit_code = "key_provider_extra", 503, 3


def day_of(epoch: EpochId) -> date:
    """The day of an epoch; what is no day in ISO 8601 is no epoch, and no path or name."""
    try:
        return date.fromisoformat(epoch)
    except ValueError:
        raise EpochUnknownError(epoch=epoch) from None


def is_day(epoch: EpochId) -> bool:
    """True if this is the name of an epoch."""
    try:
        day_of(epoch)
    except EpochUnknownError:
        return False
    return True


class KeyProvider(Protocol):
    """Wraps and unwraps under epoch keys that never leave it."""

    @property
    def name(self) -> str:
        """The provider's name in settings and reports."""
        ...

    @property
    def destroys(self) -> bool:
        """True if `destroy` is final; production needs a provider that can promise it."""
        ...

    @property
    def ends_after(self) -> timedelta:
        """How long after `destroy` the key can still be brought back by its keeper's own means."""
        ...

    @property
    def lease(self) -> timedelta:
        """How long keys in memory serve while the provider does not answer; then nothing opens."""
        ...

    def create_epoch(self, day: date) -> EpochId:
        """The epoch of this day, made if it does not exist; a destroyed one is not made again."""
        ...

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys, each wrapped and bound to the context."""
        ...

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys inside; raises unless every one was wrapped in this context."""
        ...

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:
        """When the epoch's key is gone for good; the same answer when asked again.

        None: this provider cannot end the key, and no date may be promised.
        """
        ...

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """All epochs it knows, oldest first."""
        ...

    def health(self) -> ProviderHealth:
        """Whether it answers now."""
        ...
