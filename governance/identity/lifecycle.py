"""入社、異動、退職: what changes of an account hold from the next request on.

Nobody changes the own account here: who gives rights is another person than who gets them.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from audit.actions import EventCode
from governance.approvals import ties
from governance.approvals.bonds import TieKind
from governance.core.errors import ForbiddenError, GovernanceError
from governance.core.terms import ActorId, Lang
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.http.principal import Principal, PrincipalKind
from governance.identity import store
from governance.identity.accounts import (
    AccountEndedError,
    AccountUnknownError,
    NewStaff,
    add_staff,
    demand_together,
    record,
    set_staff_mail,
    staff_mail,
)
from governance.identity.credentials import store as credentials
from governance.identity.elevation import service as elevation
from governance.identity.rules import INVITATION_LIFE
from governance.identity.service import issue_code
from governance.identity.types import AccountState, Session, Staff
from governance.outbound.mail import Mail
from policies.actions import Action
from policies.api import ensure


class OwnAccountError(ForbiddenError):
    """Nobody gives rights to, suspends or ends the own account; nothing was changed."""

    code = "own_account"


class AccountStateError(GovernanceError):
    """The account is not in the state that this step needs; nothing was changed."""

    code, status = "account_state", 409


class Seen(StrEnum):
    """How an employee who lost everything was known again."""

    IN_PERSON = "in_person"  # met, with a paper or by face
    VIDEO = "video"  # seen in a call, by somebody who knows them
    SUPERIOR = "superior"  # brought by their superior, who answers for it


class NotSeenError(GovernanceError):
    """How the employee was known again is not said; nothing was changed."""

    code, status = "not_seen", 422


class NoAddressError(GovernanceError):
    """No mail address is on record for the account; nothing was sent."""

    code, status = "no_address", 409


def invite(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    new: NewStaff,
    address: str,
    *,
    origin: str,
    lang: Lang,
    at: datetime,
) -> None:
    """The account exists, and a mail with a one-time link is on its way to the address."""
    add_staff(tx, ports, principal, new, at=at)
    set_staff_mail(tx, ports, principal, new.login, address, at=at, lang=lang)
    send_invitation(tx, ports, principal, new.login, origin=origin, lang=lang, at=at)


def send_invitation(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    login: str,
    *,
    origin: str,
    lang: Lang,
    at: datetime,
) -> None:
    """A mail with a fresh one-time link is on its way; codes before it open nothing."""
    staff = _other(tx, ports, principal, login)
    address = staff_mail(tx, ports, staff.id)
    if address is None:
        raise NoAddressError
    store.void_codes(tx, staff.id, at=at)
    kind = PrincipalKind.STAFF
    code = issue_code(tx, actor=staff.id, kind=kind, at=at, life=INVITATION_LIFE)
    ties.note(tx, staff.id, principal.id, TieKind.CREDENTIAL, at=at)  # the address may be theirs
    message = Mail(
        idem_key=f"invitation/{staff.login}/{at:%Y%m%d%H%M%S%f}",
        to=address,
        template="identity.mail.invitation",
        lang=lang,
        params={
            "link": f"{origin}/sign-in?code={code}",
            "count": str(int(INVITATION_LIFE.total_seconds() // 3600)),
        },
    )
    post(tx, ports.vault, message, subject=None, at=at)
    reasons = ("invitation",)
    event = EventCode.CREDENTIAL_CHANGED
    record(tx, ports, principal, event, staff.id, at=at, reasons=reasons)


def set_roles(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    login: str,
    roles: Iterable[str],
    *,
    at: datetime,
) -> int:
    """Exactly these roles are held from the next request on; how many sessions ended by it."""
    return put_roles(tx, ports, principal, _other(tx, ports, principal, login), roles, at=at)


def put_roles(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    staff: Staff,
    roles: Iterable[str],
    *,
    at: datetime,
) -> int:
    """The same, for whoever was let in already (the operator, a review)."""
    wanted = frozenset(roles)
    demand_together(ports.policies.current, wanted)
    store.replace_roles(tx, staff.id, wanted, by=principal.id, at=at)
    if wanted - staff.roles:
        ties.note(tx, staff.id, principal.id, TieKind.ACCOUNT, at=at)
    elevation.end_all(tx, ports, staff.id, by=principal.id, at=at)
    ended = store.revoke_sessions(tx, staff.id, at=at)
    given = tuple(f"role.{role}" for role in sorted(wanted - staff.roles))
    taken = tuple(f"role_ended.{role}" for role in sorted(staff.roles - wanted))
    reasons, counts = (*given, *taken), (("sessions", ended),)
    event = EventCode.PRINCIPAL_CHANGED
    record(tx, ports, principal, event, staff.id, at=at, reasons=reasons, counts=counts)
    return ended


def suspend(tx: Connection, ports: Ports, principal: Principal, login: str, *, at: datetime) -> int:
    """The account does not act until it is resumed; how many sessions ended by it."""
    staff = _other(tx, ports, principal, login)
    if staff.state is not AccountState.ACTIVE:
        raise AccountStateError
    store.set_staff_state(tx, staff.id, AccountState.SUSPENDED)
    elevation.end_all(tx, ports, staff.id, by=principal.id, at=at)
    store.void_codes(tx, staff.id, at=at)
    ended = store.revoke_sessions(tx, staff.id, at=at)
    reasons, counts = ("suspended",), (("sessions", ended),)
    event = EventCode.PRINCIPAL_DISABLED
    record(tx, ports, principal, event, staff.id, at=at, reasons=reasons, counts=counts)
    return ended


def resume(tx: Connection, ports: Ports, principal: Principal, login: str, *, at: datetime) -> None:
    """The suspended account acts again, with the roles that it had."""
    staff = _other(tx, ports, principal, login)
    if staff.state is not AccountState.SUSPENDED:
        raise AccountStateError
    demand_together(ports.policies.current, staff.roles)  # the policy may have changed since
    store.set_staff_state(tx, staff.id, AccountState.ACTIVE)
    ties.note(tx, staff.id, principal.id, TieKind.ACCOUNT, at=at)
    event, reasons = EventCode.PRINCIPAL_CHANGED, ("resumed",)
    record(tx, ports, principal, event, staff.id, at=at, reasons=reasons)


def end_staff(
    tx: Connection, ports: Ports, principal: Principal, login: str, *, at: datetime
) -> int:
    """The account acts no more, for good; how many sessions ended by it."""
    return leave(tx, ports, principal, _other(tx, ports, principal, login), at=at)


def leave(tx: Connection, ports: Ports, principal: Principal, staff: Staff, *, at: datetime) -> int:
    """The same, for whoever was let in already (the operator, a review)."""
    store.set_staff_state(tx, staff.id, AccountState.ENDED)
    elevation.end_all(tx, ports, staff.id, by=principal.id, at=at)
    credentials.drop_all(tx, staff.id)
    store.void_codes(tx, staff.id, at=at)
    ended = store.revoke_sessions(tx, staff.id, at=at)
    event, counts = EventCode.PRINCIPAL_DISABLED, (("sessions", ended),)
    record(tx, ports, principal, event, staff.id, at=at, counts=counts)
    return ended


def reset(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    login: str,
    *,
    seen: Seen | None,
    at: datetime,
) -> str:
    """A fresh one-time code for an account that has lost everything it could prove itself with.

    Password, application, passkeys and recovery codes are gone and every session has ended. Fails
    closed: without saying how the employee was known again nobody resets (NIST SP 800-63B 6.1.2.3).
    """
    staff = _other(tx, ports, principal, login)
    if seen is None:
        raise NotSeenError
    return _reset(tx, ports, principal, staff, ("reset", f"seen.{seen.value}"), at=at)


def reset_stolen(
    tx: Connection, ports: Ports, principal: Principal, login: str, *, at: datetime
) -> None:
    """The same for an account that somebody else may use, and nobody is given a code."""
    staff = _other(tx, ports, principal, login)
    _reset(tx, ports, principal, staff, ("reset",), at=at)
    store.void_codes(tx, staff.id, at=at)


def _reset(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    staff: Staff,
    reasons: tuple[str, ...],
    *,
    at: datetime,
) -> str:
    credentials.drop_all(tx, staff.id)
    store.void_codes(tx, staff.id, at=at)
    ended = store.revoke_sessions(tx, staff.id, at=at)
    code = issue_code(tx, actor=staff.id, kind=PrincipalKind.STAFF, at=at)
    ties.note(tx, staff.id, principal.id, TieKind.CREDENTIAL, at=at)
    event, counts = EventCode.CREDENTIAL_CHANGED, (("sessions", ended),)
    record(tx, ports, principal, event, staff.id, at=at, reasons=reasons, counts=counts)
    return code


def sessions_of(
    tx: Connection, ports: Ports, principal: Principal, login: str, *, at: datetime
) -> tuple[Session, ...]:
    """Where the account is signed in."""
    ensure(principal, Action.STAFF_READ, ports.policies.current)
    return store.open_sessions(tx, _known(tx, login).id, at=at)


def end_sessions(
    tx: Connection, ports: Ports, principal: Principal, login: str, *, at: datetime
) -> int:
    """How many sessions of the account ended; it may sign in again."""
    ensure(principal, Action.STAFF_WRITE, ports.policies.current)
    staff = _known(tx, login)
    ended = store.revoke_sessions(tx, staff.id, at=at)
    credentials.forget_devices(tx, staff.id)
    event, counts = EventCode.SESSION_ENDED, (("sessions", ended),)
    reasons = ("operator",)
    record(tx, ports, principal, event, staff.id, at=at, reasons=reasons, counts=counts)
    return ended


def _other(tx: Connection, ports: Ports, principal: Principal, login: str) -> Staff:
    ensure(principal, Action.STAFF_WRITE, ports.policies.current)
    staff = _known(tx, login)
    if staff.state is AccountState.ENDED:
        raise AccountEndedError
    if staff.id == principal.id:
        raise OwnAccountError  # fails closed: separation of duties
    return staff


def _known(tx: Connection, login: str) -> Staff:
    staff = store.staff_by_id(tx, ActorId(f"u:{login}"))
    if staff is None:
        raise AccountUnknownError
    return staff
