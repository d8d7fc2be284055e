"""What the doctor says of breaches: which are open, and whether a report is overdue."""

from datetime import date, datetime, timedelta

from governance.app.examined import Examined
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.registers.breaches import store
from governance.registers.breaches.service import standing
from policies.law.types import When


def breach_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Open records by what is due next; bad when a day of the law has passed."""
    with wiring.database.read() as tx:
        found = [standing(tx, one) for one in store.listed(tx, open_only=True)]
    late = [one for one in found if any(duty.overdue(at=at) for duty in one.duties)]
    if late:
        return _said("bad", "late", count=len(late))
    if not found:
        return _said("good", "none")
    owed = [duty.by for one in found for duty in one.duties if duty.reported_at is None]
    days = [_day(by) for by in owed if by is not None]
    return _said("attention", "open", count=len(found), by=min(days, default="-"))


def _day(by: When) -> date:
    return by.astimezone(JST).date() if isinstance(by, datetime) else by


def _said(state: str, how: str, **params: str | int | date) -> Examined:
    return Examined(check="breaches", state=state, key=f"doctor.breaches_{how}", params=params)
