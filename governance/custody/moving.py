"""Moving to another key provider, and to another passphrase, as use cases on record."""

from datetime import datetime

from audit.actions import EventCode
from audit.sequencer import LogKeys, integrate_now
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId
from governance.crypto.providers.file import FileKeyProvider
from governance.crypto.providers.switching import SwitchingKeyProvider
from governance.customers.ports import Ports
from governance.keys.moving import Moved, move

PROVIDER = "key_provider"


def move_today(
    ports: Ports, log_keys: LogKeys, actor: ActorId, switch: SwitchingKeyProvider, *, at: datetime
) -> Moved:
    """Today's epoch is with the present provider, on record; nothing is written if it was."""
    done = move(ports.vault.ring, switch)
    if done.moved:
        _record(ports, log_keys, actor, done.provider, epochs=1, at=at)
    return done


def change_passphrase(
    ports: Ports,
    log_keys: LogKeys,
    actor: ActorId,
    files: FileKeyProvider,
    new: str,
    *,
    at: datetime,
) -> int:
    """How many epoch keys now lie under the passphrase that `new` refers to, on record."""
    changed = files.change_passphrase(new)
    if changed:
        _record(ports, log_keys, actor, files.name, epochs=changed, at=at)
    return changed


def _record(
    ports: Ports, log_keys: LogKeys, actor: ActorId, provider: str, *, epochs: int, at: datetime
) -> None:
    draft = EventDraft(
        action=EventCode.KEY_ROTATED,
        occurred_at=at,
        actor=actor,
        object_type=PROVIDER,
        object_id=provider,
        outcome=Outcome.DONE,
        counts=(("epochs", epochs),),
    )
    event = ports.database.write(lambda tx: ports.audit.append(tx, draft))
    integrate_now(ports.database, log_keys, ports.audit, event, at=at)
