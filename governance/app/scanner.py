"""The scanner for viruses that the settings name, and how it stands, for the doctor."""

from datetime import datetime, timedelta
from typing import Final

from audit.actions import EventCode
from audit.review import EventFilter, count
from dsar.messages.types import MOST_BYTES
from governance.app.examined import Examined
from governance.app.wiring import Wiring
from governance.core.setting_kinds import Mode
from governance.core.settings import Settings

OLD: Final = timedelta(days=7)  # of signatures
LOOKED_BACK: Final = timedelta(days=30)
CHECK: Final = "scanner"
MEGABYTE: Final = 1024 * 1024  # octets
FAULTS: Final = {"blind": "doctor.scanner_blind", "short": "doctor.scanner_short"}


def largest(settings: Settings) -> int:
    """Octets of the largest file that comes in by a page."""
    return max(MOST_BYTES, settings.import_megabytes * MEGABYTE)


def refused_lately(wiring: Wiring, at: datetime) -> int:
    """How many files the scanner refused within the last 30 days."""
    wanted = EventFilter(action=EventCode.FILE_REFUSED, since=at - LOOKED_BACK)
    with wiring.database.read() as tx:
        return count(tx, wanted)


def scanner_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether files that come in are looked through, by what, and how many were refused."""
    most = largest(wiring.settings)
    health = wiring.ports.scanner.health(largest=most)
    if health is None:
        said = wiring.settings.file_scanner is not None
        state = "attention" if said or wiring.settings.mode is not Mode.PRODUCTION else "bad"
        return Examined(check=CHECK, state=state, key="doctor.scanner_none")
    params: dict[str, str | int] = {"reason": health.reason, "most": most // MEGABYTE}
    if health.reason:
        key = FAULTS.get(health.reason, "doctor.scanner_silent")
        return Examined(check=CHECK, state="bad", key=key, params=params)
    if health.signatures_at is not None and at - health.signatures_at > OLD:
        old: dict[str, str | int] = {"days": (at - health.signatures_at).days}
        return Examined(check=CHECK, state="attention", key="doctor.scanner_old", params=old)
    refused = refused_lately(wiring, at)
    good: dict[str, str | int] = {"version": health.version or "-", "count": refused}
    key = "doctor.scanner_refused" if refused else "doctor.scanner_good"
    state = "attention" if refused else "good"
    return Examined(check=CHECK, state=state, key=key, params=good)
