"""Every waiting event gets its place: for commands and exports, which no serving process helps."""

from audit.log import AuditLog
from audit.sequencer import LogKeys, Sequenced, Turn, sequence_once
from governance.core.clock import Clock
from governance.db.engine import Database


def settle(db: Database, keys: LogKeys, log: AuditLog, *, clock: Clock) -> Sequenced:
    """Waiting events are in the signed tree, whoever holds the lease of placing them."""
    while True:
        done = sequence_once(db, keys, log, at=clock(), turn=Turn.STRICT)
        if not done.placed:
            return done
