"""Moving from one key provider to another while everything goes on.

The epoch of today moves at once; the older ones stay with the provider before, wrap nothing
that lives, and end there on their day. No copy of the key store is made unreadable by a move:
the provider before keeps its key of today too, until both end it R days later.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, update

from governance.core.errors import GovernanceError
from governance.crypto.providers.switching import SwitchingKeyProvider, keepers
from governance.crypto.providers.types import EpochId, EpochState, day_of
from governance.crypto.wrap import KeyUnwrapError
from governance.keys import store
from governance.keys.epoch_keys import epoch_context
from governance.keys.models import EPOCH
from governance.keys.ring import KeyRing


class EpochMovedOnError(GovernanceError):
    """The epoch changed hands or ended while it was being moved; nothing was changed."""

    code, status = "epoch_moved_on", 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move did; `moved` is False when the epoch was with the present provider."""

    epoch: EpochId
    provider: str
    moved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What the provider before still keeps."""

    provider: str
    epochs: tuple[EpochId, ...]
    needed_until: date | None  # the day whose roll ends the last of them


def move(ring: KeyRing, switch: SwitchingKeyProvider) -> Moved:
    """Today's epoch key lies under the present provider, proved by opening it; twice is once."""
    with ring.db.read() as tx:
        stored = store.current_epoch(tx)
    wrapped = stored.wrapped or b""
    done = Moved(epoch=stored.epoch, provider=switch.name, moved=False)
    if keepers(wrapped)[:1] == (switch.name,):
        return done
    ctx = epoch_context(ring.installation, stored.epoch)
    (key,) = switch.unwrap([wrapped], ctx)
    switch.create_epoch(day_of(stored.epoch))
    new = switch.moved(key, wrapped, ctx)
    if switch.unwrap([new], ctx) != (key,):
        raise KeyUnwrapError(reason="provider", epoch=stored.epoch)

    def write(tx: Connection) -> bool:
        old = EPOCH.c.epoch_id == stored.epoch, EPOCH.c.wrapped == wrapped
        changed = tx.execute(update(EPOCH).where(*old).values(wrapped=new)).rowcount
        store.raise_generation(tx)
        return changed == 1

    if not ring.db.write(write):
        raise EpochMovedOnError(epoch=stored.epoch)  # ended or moved meanwhile
    ring.db.checkpoint()
    return Moved(epoch=stored.epoch, provider=switch.name, moved=True)


def remaining(switch: SwitchingKeyProvider, *, keep_days: int) -> Remaining | None:
    """The living epochs of the provider before; None when the settings name none."""
    before = switch.previous
    if before is None:
        return None
    living = [item.epoch for item in before.list_epochs() if item.state is EpochState.LIVE]
    until = day_of(living[-1]) + timedelta(days=keep_days) if living else None
    return Remaining(provider=before.name, epochs=tuple(living), needed_until=until)
