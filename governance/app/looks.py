"""What keeps erased bytes in the database, and what would open them, for the doctor."""

from datetime import datetime, timedelta
from typing import Final

from governance.app.examined import Examined
from governance.app.wiring import Wiring
from governance.db.readers import old_looks
from retention import store
from retention.plans import RunState
from retention.revived import revived

RUNS: Final = 100  # newest ones looked at
MINUTE: Final = 60


def look_finding(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    """Whether somebody looks at the state before an erasure, so that its bytes stay."""
    seconds = wiring.settings.read_seconds
    with wiring.database.read() as tx:
        if wiring.database.dialect == "sqlite":
            runs = store.runs(tx, limit=RUNS)
            kept = sum(bool(run.state is RunState.DONE and run.wal_pages) for run in runs)
            if kept:
                return Examined(
                    check="looks", state="bad", key="doctor.looks_log", params={"count": kept}
                )
        elif (found := old_looks(tx, seconds=seconds)).count:
            params = {"count": found.count, "minutes": found.seconds // MINUTE}
            return Examined(check="looks", state="bad", key="doctor.looks_old", params=params)
    return Examined(
        check="looks", state="good", key="doctor.looks_good", params={"seconds": seconds}
    )


def ended_finding(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    """Whether a key of an erased person lives: it came back with an older copy of the store."""
    with wiring.database.read() as tx:
        alive = sum(map(len, revived(tx, wiring.vault.ring).values()))
    if alive:
        params: dict[str, str | int] = {"count": alive}
        return Examined(check="ended", state="bad", key="doctor.ended_alive", params=params)
    return Examined(check="ended", state="good", key="doctor.ended_good")
