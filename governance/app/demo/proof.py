"""The log verifies; one flipped byte in a copy of the database is found and named."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from audit.sequencer import Turn, sequence_once
from audit.types import Verdict
from audit.verify import verify_log
from governance.app.demo.errors import DemoStepError
from governance.app.demo.stage import Outcome, Stage, Watch, words
from governance.db.engine import Database, sqlite_url

COPY = "tampered-copy.db"


def verify(stage: Stage, watch: Watch) -> Outcome:
    """Every record stands in the signed tree, and the tree is what the rows say."""
    wiring = stage.wiring
    while _placed(stage):  # also while the server has its turn: nothing of the job may wait
        watch(1, 2)
    report = verify_log(
        wiring.database, keys=wiring.signing.every_key(), anchor=wiring.settings.checkpoint
    )
    watch(2, 2)
    if report.verdict is not Verdict.VERIFIED_SELF_SIGNED:
        raise DemoStepError(step="verify", found=report.verdict.value)
    stage.facts["audit_size"] = report.size
    return Outcome(sentence=words(stage, "verify.done", size=report.size))


def _placed(stage: Stage) -> int:
    wiring = stage.wiring
    return sequence_once(
        wiring.database, wiring.log_keys, wiring.audit, at=wiring.clock(), turn=Turn.STRICT
    ).placed


def tamper(stage: Stage, watch: Watch) -> Outcome:
    """A copy with one changed byte is called tampered, and the row is named; the original stays."""
    wiring = stage.wiring
    copy = wiring.settings.data_dir / COPY
    _copied(wiring.database, copy)
    wanted = stage.facts["audit_size"] // 2
    _flip_byte(copy, wanted)
    watch(1, 2)
    tampered = Database.open(sqlite_url(copy))
    try:
        report = verify_log(
            tampered, keys=wiring.signing.every_key(), anchor=wiring.settings.checkpoint
        )
    finally:
        tampered.close()
    watch(2, 2)
    if report.verdict is not Verdict.TAMPERED or report.at_seq != wanted:
        raise DemoStepError(step="tamper", found=f"{report.verdict.value} {report.at_seq}")
    return Outcome(
        sentence=words(stage, "tamper.done", seq=wanted),
        details=(
            f"expected {report.expected.hex() if report.expected else '-'}",
            f"found    {report.found.hex() if report.found else '-'}",
        ),
    )


def _copied(database: Database, copy: Path) -> None:
    """The whole database in one file, as a backup would hold it."""
    for leftover in copy.parent.glob(f"{copy.name}*"):
        leftover.unlink()
    with database.writer_engine.connect() as connection:
        driver = connection.connection.driver_connection
        if driver is None:
            raise DemoStepError(step="tamper", found="no connection")
        driver.execute("VACUUM INTO ?", (str(copy),))
    shutil.copymode(copy.parent / "sekisho.db", copy)


def _flip_byte(copy: Path, seq: int) -> None:
    """One bit of one covered column changes, as someone with the file could do it."""
    with closing(sqlite3.connect(copy)) as connection, connection:
        (event,) = connection.execute(
            "SELECT event_id FROM audit_leaf WHERE seq = ?", (seq,)
        ).fetchone()
        connection.execute("DROP TRIGGER audit_event_update")  # the file's owner can
        (actor,) = connection.execute(
            "SELECT actor FROM audit_event WHERE id = ?", (event,)
        ).fetchone()
        changed = actor[:-1] + chr(ord(actor[-1]) ^ 1)
        connection.execute("UPDATE audit_event SET actor = ? WHERE id = ?", (changed, event))
