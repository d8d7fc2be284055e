"""Who has a request in hand, and the mail by which they hear of it: the number, nothing else.

Told of an assignment, of the first message that nobody has read, and while a request is due or
overdue once a week. Where nobody has it in hand, or no address is on record, the desk is told.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, Row, select

from audit.actions import EventCode
from dsar.case import Case
from dsar.errors import RequestAssigneeError
from dsar.records import actor_of, changed, demand, demand_open, write_down
from dsar.store import REQUEST, case_by_id
from dsar.types import Mark
from governance.core.clock import JST
from governance.core.terms import ActorId, Lang, RequestId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.http.principal import Principal
from governance.identity.accounts import staff_mail
from governance.identity.store import all_staff
from governance.identity.types import AccountState, Staff
from governance.outbound.mail import ADDRESS, Mail
from policies.actions import Action

ASSIGNED: Final = "dsar.mail.assigned"
CAME: Final = "dsar.mail.message_came"
DUE_SOON: Final = "dsar.mail.due_soon"
OVERDUE: Final = "dsar.mail.overdue"
SOON: Final = timedelta(days=3)  # before the day on which the request is to be answered
PAGE: Final = 100  # mails of one transaction
Waits = Row[tuple[str, str, str | None, date]]  # id, number, who has it in hand, day
WORK: Final = frozenset({Action.DSAR_WRITE, Action.DSAR_DECIDE, Action.DSAR_EXECUTE})


def able(tx: Connection, ports: Ports) -> tuple[Staff, ...]:
    """Employees who may have a request in hand, by login."""
    policy = ports.policies.current
    return tuple(
        one
        for one in all_staff(tx)
        if one.state is AccountState.ACTIVE
        and any(policy.may(one.roles, action) for action in WORK)
    )


def assign(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    assignee: ActorId,
    *,
    at: datetime,
) -> Case:
    """The request lies with this employee, who hears of it; raises RequestAssigneeError."""
    case = case_by_id(tx, request)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_WRITE)
    demand_open(case)
    if assignee not in {one.id for one in able(tx, ports)}:
        raise RequestAssigneeError
    after = replace(changed(case, at=at), assignee=assignee)
    refs: tuple[str, ...] = ()
    if assignee not in {principal.id, case.assignee}:  # who takes it themselves knows it
        refs = tell(tx, ports, after, ASSIGNED, f"{ASSIGNED}/{request}/{after.version}", at=at)
    return write_down(
        tx,
        ports,
        principal,
        after,
        Mark.ASSIGNED,
        EventCode.REQUEST_CHANGED,
        at=at,
        before=case.version,
        refs=refs,
    )


def tell(
    tx: Connection, ports: Ports, case: Case, template: str, key: str, *, at: datetime
) -> tuple[str, ...]:
    """The mail to whoever has the request in hand; nothing where no address of theirs is known."""
    address = staff_mail(tx, ports, case.assignee) if case.assignee is not None else None
    return () if address is None else _mailed(tx, ports, case.reference, template, key, address, at)


def tell_desk(
    tx: Connection, ports: Ports, reference: str, template: str, key: str, *, at: datetime
) -> tuple[str, ...]:
    """The mail to the address of the desk."""
    address = ports.controller.contact_mail
    return _mailed(tx, ports, reference, template, key, address, at)


def _mailed(
    tx: Connection,
    ports: Ports,
    reference: str,
    template: str,
    key: str,
    address: str,
    at: datetime,
) -> tuple[str, ...]:
    """One mail under one key, however often it is asked for."""
    if not ADDRESS.fullmatch(address):
        return ()
    mail = Mail(
        idem_key=key,
        to=address,
        template=template,
        lang=Lang.JA,
        params={"reference": reference},
    )
    return (f"message:{post(tx, ports.vault, mail, subject=None, at=at)}",)


def remind(ports: Ports, *, at: datetime) -> None:
    """Who has a request in hand hears that it is due or overdue, once a week; else the desk."""
    last = ""
    while page := _due(ports, on=at.astimezone(JST).date(), after=last):
        ports.database.write(partial(_remind, ports=ports, page=page, at=at), batch=True)
        last = page[-1].id


def _due(ports: Ports, *, on: date, after: str) -> tuple[Waits, ...]:
    wanted = (
        select(REQUEST.c.id, REQUEST.c.reference, REQUEST.c.assignee, REQUEST.c.answer_by)
        .where(REQUEST.c.open, REQUEST.c.answer_by <= on + SOON, REQUEST.c.id > after)
        .order_by(REQUEST.c.id)
        .limit(PAGE)
    )
    with ports.database.read() as tx:
        return tuple(tx.execute(wanted))


def _remind(
    tx: Connection,
    *,
    ports: Ports,
    page: tuple[Waits, ...],
    at: datetime,
) -> None:
    for row, template, key in _reminders(page, on=at.astimezone(JST).date()):
        address = staff_mail(tx, ports, ActorId(row.assignee)) if row.assignee else None
        if address is None:
            tell_desk(tx, ports, row.reference, template, key, at=at)
        else:
            _mailed(tx, ports, row.reference, template, key, address, at)


def _reminders(page: tuple[Waits, ...], *, on: date) -> Iterator[tuple[Waits, str, str]]:
    """Each request with its mail and the key of this week; another holder is told anew."""
    year, week, _ = on.isocalendar()
    for row in page:
        template = OVERDUE if row.answer_by < on else DUE_SOON
        yield row, template, f"{template}/{row.id}/{row.assignee}/{year}-{week}"
