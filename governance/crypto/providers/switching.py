"""The provider of an installation, and the one before it while its last epochs still live.

What is wrapped here names its provider, so nothing is ever tried under two of them:

    0xE4 || length(1) || names in ASCII, comma between || what the first of them made

The first name opens; the others have a key of this epoch too, since it was moved, and must end
it as well before a date may be promised. Bytes without this head come from the first release,
which knew `file` and `env` alone.
"""

from collections.abc import Iterable, Sequence
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
        head = _head([self.name])
        return tuple(head + item for item in self.current.wrap(keys, ctx))

    def moved(self, key: bytes, old: bytes, ctx: WrapContext) -> bytes:
        """The key wrapped by the present provider; whoever had a key of the epoch stays named."""
        before = keepers(old) or (self.keeper(old, ctx.epoch).name,)
        (made,) = self.current.wrap([key], ctx)
        return _head(dict.fromkeys([self.name, *before])) + made

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
        names = keepers(wrapped)
        if names:
            return self._named(names[0], epoch)
        for provider in reversed(self._all()):  # written before the move, so by the one before
            if provider.name in FIRST:
                return provider
        raise EpochElsewhereError(epoch=epoch, provider=FIRST[0])

    def assert_all_known(self, wrapped: bytes, epoch: EpochId) -> None:
        """Raises unless the settings name everyone who must end this epoch."""
        self.keeper(wrapped, epoch)
        for name in keepers(wrapped):
            self._named(name, epoch)

    def _named(self, name: str, epoch: EpochId) -> KeyProvider:
        for provider in self._all():
            if provider.name == name:
                return provider
        raise EpochElsewhereError(epoch=epoch, provider=name)

    def _all(self) -> tuple[KeyProvider, ...]:
        return (self.current,) if self.previous is None else (self.current, self.previous)


def switching(provider: KeyProvider) -> SwitchingKeyProvider:
    """The provider itself if it can switch, otherwise one that has nothing before it."""
    return (
        provider if isinstance(provider, SwitchingKeyProvider) else SwitchingKeyProvider(provider)
    )


def keepers(wrapped: bytes) -> tuple[str, ...]:
    """Who has a key of the epoch, the one that opens first; none in bytes of the first release."""
    if wrapped[:1] != MAGIC:
        return ()
    head = wrapped[2 : 2 + wrapped[1]] if len(wrapped) > 1 else b""
    if not head or len(head) != wrapped[1] or not head.isascii():
        raise KeyUnwrapError(reason="form")
    return tuple(head.decode("ascii").split(","))


def _head(names: Iterable[str]) -> bytes:
    head = ",".join(names).encode("ascii")
    return MAGIC + bytes([len(head)]) + head


def assert_kept(provider: KeyProvider, wrapped: bytes, epoch: EpochId) -> None:
    """Raises unless the settings name whoever has a key of this epoch."""
    if isinstance(provider, SwitchingKeyProvider):
        provider.assert_all_known(wrapped, epoch)


def _body(wrapped: bytes) -> bytes:
    return wrapped[2 + wrapped[1] :] if wrapped[:1] == MAGIC else wrapped
