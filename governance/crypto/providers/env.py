"""Key provider `env`: wrapping keys derived from one secret in the environment.

For continuous integration and for orchestrators that inject secrets. It cannot end an epoch's
key while the secret lives, says so (`destroys` is False), and promises no date.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from governance.core.errors import GovernanceError
from governance.crypto.frame import KEY_BYTES
from governance.crypto.providers.types import (
    AT_ONCE,
    LEASE,
    EpochDestroyedError,
    EpochId,
    EpochState,
    ProviderEpoch,
    ProviderHealth,
    WrapContext,
    day_of,
)
from governance.crypto.secret_refs import read_secret
from governance.crypto.wrap import WrappingKey, context

LABEL: Final = b"sekisho/env-epoch/1\x00"
WEAKEST: Final = 8  # different bytes; a key of fewer was typed, not drawn


class WeakEnvKeyError(GovernanceError):
    """The secret is not 32 random bytes in base64."""

    code, status, exit_code = "env_key_weak", 503, 3


class EnvKeyProvider:
    """Epoch keys derived with HMAC-SHA-256 from the secret that a reference names."""

    name = "env"
    destroys = False
    ends_after = AT_ONCE
    lease = LEASE

    def __init__(self, reference: str = "env:SEKISHO_KEK") -> None:
        self._reference = reference
        self._epochs: dict[EpochId, EpochState] = {}

    def __repr__(self) -> str:
        return "EnvKeyProvider(...)"

    def create_epoch(self, day: date) -> EpochId:
        """The epoch of this day."""
        epoch = EpochId(day.isoformat())
        self._wrapping(epoch)
        self._epochs.setdefault(epoch, EpochState.LIVE)
        return epoch

    def wrap(self, keys: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys, each wrapped under the derived key of the epoch."""
        aad = context(ctx.installation, ctx.epoch, ctx.purpose)
        wrapping = self._wrapping(ctx.epoch)
        return tuple(wrapping.wrap(key, aad) for key in keys)

    def unwrap(self, wrapped: Sequence[bytes], ctx: WrapContext) -> tuple[bytes, ...]:
        """The keys inside."""
        aad = context(ctx.installation, ctx.epoch, ctx.purpose)
        wrapping = self._wrapping(ctx.epoch)
        return tuple(wrapping.unwrap(item, aad) for item in wrapped)

    def destroy(self, epoch: EpochId, *, at: datetime) -> datetime | None:  # noqa: ARG002 # no date
        """None: the key ends only when the operator replaces the secret everywhere."""
        day_of(epoch)
        self._epochs[epoch] = EpochState.DESTROYED
        return None

    def list_epochs(self) -> tuple[ProviderEpoch, ...]:
        """The epochs that this process has met, oldest first."""
        return tuple(
            ProviderEpoch(epoch=epoch, state=state) for epoch, state in sorted(self._epochs.items())
        )

    def health(self) -> ProviderHealth:
        """Whether the secret is there and strong."""
        try:
            self._secret()
        except GovernanceError as error:
            return ProviderHealth(ok=False, reason=error.code)
        return ProviderHealth(ok=True)

    def _secret(self) -> bytes:
        try:
            secret = base64.b64decode(read_secret(self._reference), validate=True)
        except (binascii.Error, ValueError):
            raise WeakEnvKeyError(reason="base64") from None
        if len(secret) != KEY_BYTES or len(set(secret)) < WEAKEST:
            raise WeakEnvKeyError(reason="length_or_variety")
        return secret

    def _wrapping(self, epoch: EpochId) -> WrappingKey:
        day_of(epoch)
        if self._epochs.get(epoch) is EpochState.DESTROYED:
            raise EpochDestroyedError(epoch=epoch)
        return WrappingKey(hmac.digest(self._secret(), LABEL + epoch.encode(), "sha256"))
