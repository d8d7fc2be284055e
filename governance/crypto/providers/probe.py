"""The self-test of a key provider: what it wraps now, it opens now."""

from typing import Final

from governance.core.errors import GovernanceError
from governance.crypto.providers.types import (
    EpochState,
    KeyProvider,
    ProviderHealth,
    WrapContext,
)
from governance.crypto.wrap import KeyUnwrapError, new_key

PROBE: Final = "~probe"  # no installation and no purpose has this name


def probe(provider: KeyProvider) -> ProviderHealth:
    """Whether the newest living epoch wraps and opens a fresh key, with the reason if not."""
    try:
        living = [item for item in provider.list_epochs() if item.state is EpochState.LIVE]
        for item in living[-1:]:
            ctx = WrapContext(installation=PROBE, epoch=item.epoch, purpose=PROBE)
            key = new_key()
            if provider.unwrap(provider.wrap([key], ctx), ctx) != (key,):
                return ProviderHealth(ok=False, reason=KeyUnwrapError.code)
    except GovernanceError as error:
        return ProviderHealth(ok=False, reason=error.code)
    return ProviderHealth(ok=True)
