"""Every waiting event gets its place: for commands and exports, which no serving process helps."""

from audit.log import AuditLog
from audit.sequencer import PASS, LogKeys, Sequenced, Turn, sequence_once
from governance.core.clock import Clock
from governance.db.engine import Database


def settle(db: Database, keys: LogKeys, log: AuditLog, *, clock: Clock) -> Sequenced:
    """What waits now is in the signed tree, whoever holds the lease; later events may wait on."""
    while True:
        done = sequence_once(db, keys, log, at=clock(), turn=Turn.STRICT)
        if done.placed < PASS:  # all that waited: a busy log never keeps us here
            return done
