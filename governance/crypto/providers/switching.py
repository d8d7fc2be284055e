"""The provider of an installation, and the one before it while its last epochs still live.

What is wrapped here names its provider, so nothing is ever tried under two of them:

    0xE4 || length(1) || name in ASCII || what the provider made

Bytes without this head come from the first release, which knew `file` and `env` alone.
A day's epoch can be with both after a move; it has ended when both have ended it.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from governance.core.errors import GovernanceError
from governance.crypto.providers.types import (
    LEASE,
    EpochId,
    EpochState,
    EpochUnknownError,
    KeyProvider,
    ProviderEpoch,
    ProviderHealth,
    WrapContext,
)
from governance.crypto.wrap import KeyUnwrapError

MAGIC: Final = b"\xe4"
FIRST: Final = ("file", "env")  # providers that wrote no head


class EpochElsewhereError(GovernanceError):
    """The epoch's key is with a provider that the settings do not name."""

    code, status, exit_code = "epoch_elsewhere", 503, 3


class SameProviderError(GovernanceError):
    """The provider before is the present one; a move goes from one kind to another."""

    code, status, exit_code = "key_provider_same", 400, 2


class SwitchingKeyProvider:
    """Makes epochs with the present provider, opens those of the one before as well."""

    def __init__(
        self,
        current: KeyProvider,
        *,
        previous: KeyProvider | None = None,
        lease: timedelta = LEASE,
    ) -> None:
        if previous is not None and previous.name == current.name:
            raise SameProviderError(provider=current.name)
        self.current = current
        self.previous = previous
        self.lease = lease

    def __repr__(self) -> str:
        return f"SwitchingKeyProvider({self.name})"

    @property
    def name(self) -> str:
        """The present provider's name."""
        return self.current.name

    @property
    def destroys(self) -> bool:
        """True if the present provider can end a key."""
        return self.current.destroys

    @property
    def ends_after(self) -> timedelta:
        """The longer wait of the two."""
        return max(provider.ends_after for provider in self._all())

    def create_epoch(self, day: date) -> EpochId:
        """The day's epoch, with the present provider."""
        return self.current.create_epoch(day)

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys, wrapped by the present provider, whose name stands in front."""
        name = self.name.encode("ascii")
        head = MAGIC + bytes([len(name)]) + name
        return tuple(head + item for item in self.current.wrap(keys, ctx))

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys inside, each opened by the one provider that it names."""
        opened: list[bytes] = []
        for item in wrapped:
            provider = self.keeper(item, ctx.epoch)
            opened += provider.unwrap([_body(item)], ctx)
        return tuple(opened)

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:
        """When neither provider has a key of the epoch any more; None if one cannot promise."""
        ends: list[datetime | None] = []
        for provider in self._all():
            try:
                ends.append(provider.destroy(epoch, at=at))
            except EpochUnknownError:
                continue  # it never served this day
        if not ends:
            raise EpochUnknownError(epoch=epoch)
        dates = [end for end in ends if end is not None]
        return max(dates) if len(dates) == len(ends) else None

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """The epochs of both, oldest first; one that lives with either lives."""
        found: dict[EpochId, ProviderEpoch] = {}
        for provider in self._all():
            for item in provider.list_epochs():
                other = found.get(item.epoch)
                if other is None or item.state is EpochState.LIVE:
                    found[item.epoch] = item
        return tuple(found[epoch] for epoch in sorted(found))

    def health(self) -> ProviderHealth:
        """Whether the present provider answers; if so, whether the one before does."""
        for provider in self._all():
            health = provider.health()
            if not health.ok:
                return health
        return ProviderHealth(ok=True)

    def keeper(self, wrapped: bytes, epoch: EpochId) -> KeyProvider:
        """Who must open these bytes; raises if the settings do not name that provider."""
        name = named(wrapped)
        known = {provider.name: provider for provider in self._all()}
        if name is not None:
            if (provider := known.get(name)) is None:
                raise EpochElsewhereError(epoch=epoch, provider=name)
            return provider
        for provider in reversed(self._all()):  # written before the move, so by the one before
            if provider.name in FIRST:
                return provider
        raise EpochElsewhereError(epoch=epoch, provider=FIRST[0])

    def _all(self) -> tuple[KeyProvider, ...]:
        return (self.current,) if self.previous is None else (self.current, self.previous)


def switching(provider: KeyProvider) -> SwitchingKeyProvider:
    """The provider itself if it can switch, otherwise one that has nothing before it."""
    return (
        provider if isinstance(provider, SwitchingKeyProvider) else SwitchingKeyProvider(provider)
    )


def named(wrapped: bytes) -> str | None:
    """The provider that wrapped bytes name; None for those of the first release."""
    if wrapped[:1] != MAGIC:
        return None
    name = wrapped[2 : 2 + wrapped[1]] if len(wrapped) > 1 else b""
    if not name or len(name) != wrapped[1] or not name.isascii():
        raise KeyUnwrapError(reason="form")
    return name.decode("ascii")


def assert_kept(provider: KeyProvider, wrapped: bytes, epoch: EpochId) -> None:
    """Raises unless this provider, or the one before it, is who wrapped these bytes."""
    if isinstance(provider, SwitchingKeyProvider):
        provider.keeper(wrapped, epoch)


def _body(wrapped: bytes) -> bytes:
    return wrapped[2 + wrapped[1] :] if wrapped[:1] == MAGIC else wrapped
