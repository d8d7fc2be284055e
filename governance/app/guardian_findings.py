"""What the doctor says of parents and guardians: who waits for a second person."""

from collections import Counter
from datetime import datetime, timedelta

from governance.app.examined import Examined
from governance.app.wiring import Wiring
from governance.gateway.guardians_waiting import unconfirmed
from governance.gateway.guardianship import Second


def guardians_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether records wait about which nobody was asked, or nobody answered in time."""
    with wiring.database.read() as tx:
        found = Counter(hand.second for _, hand in unconfirmed(tx, at=at))
    params = {"count": found[Second.TO_ASK], "waiting": found[Second.WAITING]}
    if found[Second.TO_ASK]:
        return Examined(
            check="guardians", state="attention", key="doctor.guardians_to_ask", params=params
        )
    word = "waiting" if found[Second.WAITING] else "good"
    return Examined(check="guardians", state="good", key=f"doctor.guardians_{word}", params=params)
