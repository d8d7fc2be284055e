"""What the doctor says of staff: access reviews that are late, trainings that are missing."""

from datetime import date, datetime, timedelta
from typing import Final

from governance.app.examined import Examined
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.identity.access import service, store
from governance.identity.access.rules import due
from governance.identity.accounts import staff_mail
from governance.identity.credentials.terms import limits_of
from governance.identity.training.reading import courses
from governance.identity.training.reminding import absent
from governance.identity.training.service import lines

NAMED: Final = 5  # logins that one sentence names


def access_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether a review of access rights is past its day, or should have been started."""
    on = at.astimezone(JST).date()
    with wiring.database.read() as tx:
        every = store.every(tx)
        open_ = next((one for one in every if one.closed_at is None), None)
        standing = None if open_ is None else service.standing(tx, open_)
        newest = every[0].started_at if every else None
        late = due(
            newest, store.first_account(tx), within=wiring.settings.access_review_days, at=at
        )
    if open_ is not None and standing is not None:
        word, state = ("overdue", "bad") if open_.overdue(on=on) else ("open", "good")
        params: dict[str, str | int | date] = {
            "quarter": open_.quarter,
            "due": open_.due_on,
            "waiting": standing.waiting,
        }
        return Examined(check="access", state=state, key=f"doctor.access_{word}", params=params)
    if late:
        return Examined(check="access", state="attention", key="doctor.access_due")
    return Examined(check="access", state="good", key="doctor.access_good")


def training_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Who needs a training and has none, and whom no reminder reaches."""
    limits = limits_of(wiring.settings)
    if limits.training is None:
        return Examined(check="training", state="good", key="doctor.training_free")
    held, policy = courses(wiring.settings.training_dir), wiring.policies.current
    with wiring.database.read() as tx:
        every = lines(tx, policy, held, limits, at=at)
        missing = [one for one in every if absent(one, at=at)]
        silent = [one for one in missing if staff_mail(tx, wiring.ports, one.staff.id) is None]
    if not missing:
        return Examined(check="training", state="good", key="doctor.training_good")
    word, named = ("no_mail", silent) if silent else ("absent", missing)
    logins = ", ".join(one.staff.login for one in named[:NAMED])
    missed: dict[str, str | int] = {
        "count": len(named),
        "logins": logins + (", …" if len(named) > NAMED else ""),
        "lapsed": sum(one.lapsed for one in named),
    }
    return Examined(
        check="training", state="attention", key=f"doctor.training_{word}", params=missed
    )
