"""A process that appends and sequences until it is killed, or until it has appended enough.

Arguments: url, anchor, process id, and a file where it notes every append it was told of.
"""

from pathlib import Path

from audit.log import AuditLog
from audit.sequencer import LogKeys, Turn, sequence_once
from governance.core.clock import utc_now
from governance.crypto.signing import Ed25519Signer, MlDsa44Signer
from governance.db.engine import Database
from tests.audit.bench import draft, masked, part


def keys_at(anchor: Path) -> LogKeys:
    return LogKeys(
        origin="log.example.com/sekisho",
        ed25519=Ed25519Signer.from_seed(bytes(range(32))),
        mldsa44=MlDsa44Signer.from_seed(bytes(range(1, 33))),
        anchor=anchor,
    )


def main(url: str, anchor: str, process_id: str, told: str = "/dev/null", most: str = "0") -> None:
    db = Database.open(url)
    log = AuditLog(db.writer_engine, process_id=process_id, sealer=masked)
    keys = keys_at(Path(anchor))
    print("ready", flush=True)  # noqa: T201 # read by the test
    turn = 0
    with Path(told).open("a", buffering=1, encoding="ascii") as noted:
        while turn < int(most) or most == "0":
            turn += 1
            noted.write(db.write(lambda tx: log.append(tx, draft(), [part()])) + "\n")
            if turn % 5 == 0:
                sequence_once(db, keys, log, at=utc_now(), turn=Turn.STRICT)
