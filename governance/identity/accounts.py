"""Accounts as an operator keeps them: staff, systems, and a customer's one-time sign-in.

Every use case acts as a principal, checks its action, and appends its audit event. The caller
owns the transaction. Codes and keys leave here once, as return values; only digests are stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.approvals import ties
from governance.approvals.bonds import TieKind
from governance.core.clock import JST
from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError
from governance.core.terms import ActorId, Lang, PurposeId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import Principal, PrincipalKind
from governance.identity import store
from governance.identity.errors import RoleUnknownError, StaffMailError
from governance.identity.service import (
    PERSON_PREFIX,
    invite_staff,
    issue_code,
    register_client,
)
from governance.identity.types import AccountState, Client, Staff
from governance.outbound.mail import ADDRESS
from policies.actions import Action
from policies.api import ensure
from policies.duties import conflicts
from policies.snapshot import PolicySnapshot
from policies.types import RoleKind

MAIL: Final = "staff_mail"  # kind of blob


class AccountUnknownError(NotFoundError):
    """No employee or system has this login."""

    code = "account_unknown"


class AccountEndedError(GovernanceError):
    """The account was ended; it is neither ended again nor given a code."""

    code, status = "account_ended", 409


class CustomerUnknownError(NotFoundError):
    """No such person in the customer store, or the person is gone from it."""

    code = "customer_unknown"


class CustomerMergedError(GovernanceError):
    """The person stands under another pseudonym now: prove that it is theirs, then invite that one.

    Params: standing. Nothing changed.
    """

    code, status = "customer_merged", 409


class RoleKindError(GovernanceError):
    """The role is for another kind of account (employees, systems, customers)."""

    code, status, exit_code = "role_kind", 422, 2


class DutiesApartError(ForbiddenError):
    """The policy keeps these roles apart; one person may not hold them together."""

    code = "duties_apart"


class PurposeUnknownError(GovernanceError):
    """The policy in force has no such purpose."""

    code, status, exit_code = "purpose_unknown", 422, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """An employee to let in."""

    login: str
    display_name: str = field(repr=False)
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A system to let in, with the purposes that it may claim."""

    name: str
    role: str
    purposes: frozenset[PurposeId] = frozenset()


def add_staff(
    tx: Connection, ports: Ports, principal: Principal, new: NewStaff, *, at: datetime
) -> str:
    """The account exists with its roles; returns its one-time code."""
    policy = ports.policies.current
    ensure(principal, Action.STAFF_WRITE, policy)
    demand_together(policy, new.roles)
    staff = invite_staff(
        tx,
        login=new.login,
        display_name=new.display_name,
        roles=new.roles,
        known_roles=frozenset(policy.roles),
        by=principal.id,
        at=at,
    )
    code = issue_code(tx, actor=staff.id, kind=PrincipalKind.STAFF, at=at)
    held = tuple(f"role.{role}" for role in sorted(staff.roles))
    record(tx, ports, principal, EventCode.PRINCIPAL_CREATED, staff.id, at=at, reasons=held)
    return code


def demand_together(policy: PolicySnapshot, roles: frozenset[str]) -> None:
    """Fails closed: roles for others than staff, or that one person may not hold together."""
    _demand_roles(policy, roles, RoleKind.STAFF)
    if apart := conflicts(policy, roles):
        raise DutiesApartError(rule=apart[0].id, roles=", ".join(apart[0].roles or ()))


def _demand_roles(policy: PolicySnapshot, roles: Iterable[str], kind: RoleKind) -> None:
    """Fails closed: a role that the policy does not know, or knows for others, is refused."""
    for role in sorted(roles):
        if role not in policy.roles:
            raise RoleUnknownError(role=role)
        if policy.roles[role].kind is not kind:
            raise RoleKindError(role=role)


def record(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    code: EventCode,
    actor: ActorId,
    *,
    at: datetime,
    subject: SubjectId | None = None,
    reasons: tuple[str, ...] = (),
    counts: tuple[tuple[str, int], ...] = (),
) -> None:
    """The log has what changed of an account."""
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="principal",
            object_id=actor,
            subject=subject,
            outcome=Outcome.DONE,
            reasons=reasons,
            counts=counts,
            policy_version=ports.policies.current.version,
        ),
    )


def list_staff(tx: Connection, ports: Ports, principal: Principal) -> tuple[Staff, ...]:
    """Every employee's account, by login."""
    ensure(principal, Action.STAFF_READ, ports.policies.current)
    return store.all_staff(tx)


def staff_code(
    tx: Connection, ports: Ports, principal: Principal, login: str, *, at: datetime
) -> str:
    """A fresh one-time code for an employee; codes given before open nothing any more."""
    ensure(principal, Action.STAFF_WRITE, ports.policies.current)
    staff = _living_staff(tx, login)
    store.void_codes(tx, staff.id, at=at)
    code = issue_code(tx, actor=staff.id, kind=PrincipalKind.STAFF, at=at)
    ties.note(tx, staff.id, principal.id, TieKind.CREDENTIAL, at=at)
    record(tx, ports, principal, EventCode.CREDENTIAL_CHANGED, staff.id, at=at)
    return code


def set_staff_mail(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    login: str,
    address: str | None,
    *,
    at: datetime,
    lang: Lang | None = None,
) -> None:
    """The employee is told of work at this address from now on, or by none; the log has neither."""
    ensure(principal, Action.STAFF_WRITE, ports.policies.current)
    staff = _living_staff(tx, login)
    if address is not None and not ADDRESS.fullmatch(address):
        raise StaffMailError
    sealed = address and ports.vault.seal_blob(MAIL, staff.id, address.encode())
    store.set_staff_mail(tx, staff.id, sealed or None, lang=lang)
    _note_mailbox(tx, ports, staff.id, address, at=at)
    reasons = ("mail",)
    record(tx, ports, principal, EventCode.PRINCIPAL_CHANGED, staff.id, at=at, reasons=reasons)


def _note_mailbox(
    tx: Connection, ports: Ports, actor: ActorId, address: str | None, *, at: datetime
) -> None:
    """Accounts whose codes go to one address count as one person, as long as they do."""
    ties.forget(tx, actor, TieKind.MAILBOX)
    if address is None:
        return
    for other, sealed in store.staff_mails(tx):
        known = ports.vault.open_blob(MAIL, other, sealed).decode()
        if other != actor and known.casefold() == address.casefold():
            ties.note(tx, actor, other, TieKind.MAILBOX, at=at)


def note_one_person(
    tx: Connection, ports: Ports, principal: Principal, login: str, other: str, *, at: datetime
) -> tuple[ActorId, ActorId]:
    """Both accounts are of one person from now on, for good; they are no two persons anywhere."""
    ensure(principal, Action.STAFF_WRITE, ports.policies.current)
    one, two = _living_staff(tx, login), _living_staff(tx, other)
    if one.id == two.id:
        raise AccountUnknownError  # an account is no other one than itself
    ties.note(tx, one.id, two.id, TieKind.PERSON, at=at)
    for staff in (one, two):
        code, reasons = EventCode.PRINCIPAL_CHANGED, ("one_person",)
        record(tx, ports, principal, code, staff.id, at=at, reasons=reasons)
    return one.id, two.id


def staff_mail(tx: Connection, ports: Ports, actor: ActorId) -> str | None:
    """Where an employee who may act is told of work; None where no address is on record."""
    sealed = store.staff_mail(tx, actor)
    return None if sealed is None else ports.vault.open_blob(MAIL, actor, sealed).decode()


def _living_staff(tx: Connection, login: str) -> Staff:
    staff = store.staff_by_id(tx, ActorId(f"u:{login}"))
    if staff is None:
        raise AccountUnknownError
    if staff.state is AccountState.ENDED:
        raise AccountEndedError
    return staff


def add_client(
    tx: Connection, ports: Ports, principal: Principal, new: NewClient, *, at: datetime
) -> tuple[Client, str]:
    """The system's account and its key, which is shown this once."""
    policy = ports.policies.current
    ensure(principal, Action.CLIENT_WRITE, policy)
    _demand_roles(policy, {new.role}, RoleKind.SYSTEM)
    for purpose in sorted(new.purposes - policy.purposes.keys()):
        raise PurposeUnknownError(purpose=purpose)
    client, key = register_client(
        tx,
        name=new.name,
        role=new.role,
        purposes=new.purposes,
        known_roles=frozenset(policy.roles),
        at=at,
    )
    ties.note(tx, client.id, principal.id, TieKind.KEY, at=at)
    granted = (f"role.{new.role}", *(f"purpose.{name}" for name in sorted(new.purposes)))
    record(tx, ports, principal, EventCode.PRINCIPAL_CREATED, client.id, at=at, reasons=granted)
    return client, key


def list_clients(tx: Connection, ports: Ports, principal: Principal) -> tuple[Client, ...]:
    """Every system's account, by name; no key."""
    ensure(principal, Action.CLIENT_READ, ports.policies.current)
    return store.all_clients(tx)


def revoke_client(
    tx: Connection, ports: Ports, principal: Principal, name: str, *, at: datetime
) -> ActorId:
    """The system's key opens nothing any more."""
    ensure(principal, Action.CLIENT_WRITE, ports.policies.current)
    client = store.client_by_id(tx, ActorId(f"svc:{name}"))
    if client is None:
        raise AccountUnknownError
    if client.state is AccountState.ENDED:
        raise AccountEndedError
    close_client(tx, ports, principal, client, at=at)
    return client.id


def close_client(
    tx: Connection, ports: Ports, principal: Principal, client: Client, *, at: datetime
) -> None:
    """The same, for whoever was let in already (the operator, a review)."""
    store.set_client_state(tx, client.id, AccountState.ENDED)
    record(tx, ports, principal, EventCode.PRINCIPAL_DISABLED, client.id, at=at)


def customer_code(
    tx: Connection, ports: Ports, principal: Principal, subject: SubjectId, *, at: datetime
) -> str:
    """A one-time sign-in to the own pages; the officer proved before who the person is."""
    ensure(principal, Action.PORTAL_INVITE, ports.policies.current)
    person = subject_by_id(tx, subject, on=at.astimezone(JST).date())
    if person is None or person.gone:
        raise CustomerUnknownError
    if (standing := survivor_of(tx, subject)) != subject:
        raise CustomerMergedError(standing=standing)
    actor = ActorId(f"{PERSON_PREFIX}{subject}")
    store.void_codes(tx, actor, at=at)
    code = issue_code(tx, actor=actor, kind=PrincipalKind.PERSON, at=at)
    event = EventCode.CREDENTIAL_CHANGED
    record(tx, ports, principal, event, actor, at=at, subject=person.id)
    return code
