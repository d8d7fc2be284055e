"""Mails about trainings: to whoever misses one, and to whoever follows the absentees up.

One a week for each person, whoever calls how often, in the person's language.
"""

from datetime import datetime

from sqlalchemy import Connection

from governance.customers.ports import Ports
from governance.customers.post import post
from governance.identity.accounts import staff_mail
from governance.identity.store import all_staff, staff_lang
from governance.identity.training.rules import WARNED
from governance.identity.training.service import Courses, Line, lines
from governance.identity.types import AccountState, Limits, Staff
from governance.outbound.mail import Mail
from policies.actions import Action
from policies.duties import granted


def absent(line: Line, *, at: datetime) -> bool:
    """Whether a training that is needed does not hold now, in its grace or after it."""
    return line.needed and (line.until is None or at >= line.until)


def remind(
    tx: Connection, ports: Ports, courses: Courses, limits: Limits, *, origin: str, at: datetime
) -> int:
    """How many mails wait to leave: to whoever needs a training that ends soon or is missing."""
    sent = 0
    for line in lines(tx, ports.policies.current, courses, limits, at=at):
        due = line.until is None or at >= line.until - WARNED
        if line.needed and due and line.staff.state is AccountState.ACTIVE:
            sent += _mail(tx, ports, line.staff, "training", {}, origin=origin, at=at)
    return sent


def follow_up(
    tx: Connection, ports: Ports, courses: Courses, limits: Limits, *, origin: str, at: datetime
) -> int:
    """How many mails wait to leave: to whoever keeps the register, while somebody is absent.

    They say how many; who it is stands on the page alone.
    """
    policy = ports.policies.current
    every = [one for one in lines(tx, policy, courses, limits, at=at) if absent(one, at=at)]
    if not every:
        return 0
    said = {
        "count": str(len(every)),
        "lapsed": str(sum(one.lapsed for one in every)),
        "silent": str(sum(staff_mail(tx, ports, one.staff.id) is None for one in every)),
    }
    keepers = [
        one
        for one in all_staff(tx)
        if one.state is AccountState.ACTIVE
        and any(Action.TRAINING_WRITE in granted(policy.roles, role) for role in one.roles)
    ]
    return sum(
        _mail(tx, ports, one, "training_absent", said, origin=origin, at=at) for one in keepers
    )


def _mail(
    tx: Connection,
    ports: Ports,
    staff: Staff,
    template: str,
    said: dict[str, str],
    *,
    origin: str,
    at: datetime,
) -> bool:
    """Whether a mail waits to leave; nobody without an address on record gets one."""
    address = staff_mail(tx, ports, staff.id)
    if address is None:
        return False
    year, week, _ = at.isocalendar()
    message = Mail(
        idem_key=f"{template}/{staff.login}/{year}-{week}",
        to=address,
        template=f"identity.mail.{template}",
        lang=staff_lang(tx, staff.id),
        params={"link": f"{origin}/console/training", **said},
    )
    post(tx, ports.vault, message, subject=None, at=at)
    return True
