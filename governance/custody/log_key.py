"""A change of the log's own key: announced in the log under the old key, then in force.

Every step can be repeated: whoever stops between two of them leaves the old key signing, and the
next change goes on with the successor that was made.
"""

from datetime import datetime
from typing import Final

from audit.actions import EventCode
from audit.key_changes import key_ref
from audit.note import VerifierKey, vkeys_of
from audit.sequencer import LogKeys, integrate_now
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.keys.ring import KeyRing
from governance.keys.signers import ensure_successor, promote
from governance.keys.types import SigningAlgorithm

LOG_KEY: Final = "audit-log"


def log_origin(ring: KeyRing) -> str:
    """The log's name (C2SP origin): the installation's, not its address, so that it can move."""
    return f"sekisho/{ring.installation}"


def change_log_key(
    ports: Ports, log_keys: LogKeys, actor: ActorId, *, os_user: str | None, at: datetime
) -> tuple[VerifierKey, ...]:
    """The keys that sign from now on; the log names them in an entry that the old keys signed.

    The old seeds are destroyed. Auditors who pinned the old keys are led to the new ones by the
    entry; witnesses trust the new ones once they are told.
    """
    ring = ports.vault.ring
    plain = ensure_successor(ring, LOG_KEY, SigningAlgorithm.ED25519)
    stronger = ensure_successor(ring, LOG_KEY, SigningAlgorithm.ML_DSA_44)
    fresh = vkeys_of(log_origin(ring), ed25519=plain.public_key, mldsa44=stronger.public_key)
    draft = EventDraft(
        action=EventCode.LOG_KEY_CHANGED,
        occurred_at=at,
        actor=actor,
        actor_os=os_user,
        object_type="key",
        object_id=fresh[0].key_id.hex(),
        outcome=Outcome.DONE,
        refs=tuple(map(key_ref, fresh)),
    )
    event = ports.database.write(lambda tx: ports.audit.append(tx, draft))
    integrate_now(ports.database, log_keys, ports.audit, event, at=at)
    promote(ring, LOG_KEY)
    return fresh
