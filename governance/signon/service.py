"""Coming in by a company's sign-on: whose account it is, what it may do, when its session ends.

An account belongs to a person of a provider by the provider's own `sub`, never by an address of
e-mail, which is given to somebody else one day. Whatever does not fit is refused alike.
"""

import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal, PrincipalKind
from governance.identity import store as accounts
from governance.identity.accounts import AccountEndedError, AccountUnknownError
from governance.identity.rules import login_is_plain, may_act
from governance.identity.service import PERSON_PREFIX, invite_staff, open_session
from governance.identity.types import AccountState, Level, Session, Staff
from governance.signon import store
from governance.signon.customers import customer_for
from governance.signon.errors import SignOnRefusedError
from governance.signon.types import Audience, Provider, Vouched
from governance.signon.verifying import Logout
from policies.actions import Action
from policies.api import ensure
from policies.duties import conflicts
from policies.snapshot import PolicySnapshot
from policies.types import RoleKind

MARK: Final = "svc:sign-on"  # who creates accounts and gives roles on a provider's word
ATTEMPT: Final = timedelta(minutes=10)  # to sign in at the provider
NOT_OF_LOGIN: Final = re.compile(r"[^a-z0-9._-]")
LONGEST: Final = 32  # characters of a login name


class LinkTakenError(GovernanceError):
    """This person of the provider belongs to another account. Nothing was changed."""

    code, status = "link_taken", 409


def enter(
    tx: Connection,
    ports: Ports,
    provider: Provider,
    said: Vouched,
    *,
    lasting: timedelta,
    network: str | None,
    at: datetime,
) -> tuple[Session, str] | None:
    """A session of the account that the provider vouched for; raises SignOnRefusedError.

    None, too, is a refusal: the account has no role any more, and that is to be committed.
    """
    if provider.audience is Audience.CUSTOMERS:
        person = customer_for(tx, ports, provider, said, at=at)
        if person is None:
            raise SignOnRefusedError(reason="customer")
        actor, kind = ActorId(f"{PERSON_PREFIX}{person}"), PrincipalKind.PERSON
    else:
        staff = _staff_for(tx, ports, provider, said, at=at)
        if staff is None:
            return None
        actor, kind = staff, PrincipalKind.STAFF
    session, secret = open_session(
        tx,
        actor=actor,
        kind=kind,
        lasting=lasting,
        at=at,
        level=Level.SIGNED_ON,
        network=network,
    )
    store.note_session(tx, session.id, provider.id, said.subject, said.session)
    return session, secret


def _staff_for(
    tx: Connection, ports: Ports, provider: Provider, said: Vouched, *, at: datetime
) -> ActorId | None:
    policy = ports.policies.current
    actor = store.staff_of(tx, provider.id, said.account)
    staff = None if actor is None else accounts.staff_by_id(tx, actor)
    if staff is not None and not may_act(staff.state):
        raise SignOnRefusedError(reason="account")  # fails closed: a leaver stays out
    roles = _mapped(provider, said, policy)
    if staff is None:
        staff = _created(tx, ports, provider, said, roles or frozenset(), at=at)
    elif roles is not None:
        give_roles(tx, ports, staff, roles, at=at)
    return staff.id if (staff.roles if roles is None else roles) else None


def _mapped(provider: Provider, said: Vouched, policy: PolicySnapshot) -> frozenset[str] | None:
    """The roles of the person's groups; None where the file maps none and roles are given here."""
    return fitting(policy, provider.roles_for(said.groups)) if provider.roles else None


def fitting(policy: PolicySnapshot, roles: frozenset[str]) -> frozenset[str]:
    """The roles, all of which an employee can hold together; raises SignOnRefusedError.

    Fails closed: a mapping that gives what the policy keeps apart gives nothing.
    """
    known = frozenset(
        one for one in roles if one in policy.roles and policy.roles[one].kind is RoleKind.STAFF
    )
    if known != roles or conflicts(policy, roles):
        raise SignOnRefusedError(reason="roles")
    return roles


def _created(
    tx: Connection,
    ports: Ports,
    provider: Provider,
    said: Vouched,
    roles: frozenset[str],
    *,
    at: datetime,
) -> Staff:
    """A new account, where the file lets the provider make one; it takes over no other."""
    login = plain_login(said.login)
    if not provider.create or not roles or login is None:
        raise SignOnRefusedError(reason="unknown")
    return new_staff(
        tx, ports, login, said.name or login, roles, provider=provider.id, sub=said.account, at=at
    )


def new_staff(
    tx: Connection,
    ports: Ports,
    login: str,
    name: str,
    roles: frozenset[str],
    *,
    provider: str,
    sub: str | None,
    at: datetime,
) -> Staff:
    """The account exists, belongs to this person of the provider, and the log says so."""
    if accounts.staff_by_id(tx, ActorId(f"u:{login}")) is not None:
        raise SignOnRefusedError(reason="login_taken")
    staff = invite_staff(
        tx,
        login=login,
        display_name=name,
        roles=roles,
        known_roles=frozenset(ports.policies.current.roles),
        by=ActorId(MARK),
        at=at,
    )
    if sub is not None and not store.link_staff(tx, provider, sub, staff.id, at=at):
        raise SignOnRefusedError(reason="linked")
    reasons = tuple(f"role.{one}" for one in sorted(roles))
    record(tx, ports, EventCode.PRINCIPAL_CREATED, staff.id, reasons, at=at)
    return staff


def plain_login(said: str) -> str | None:
    """A login name made of what the provider says, or None when nothing usable is left."""
    made = NOT_OF_LOGIN.sub("-", said.partition("@")[0].lower())[:LONGEST].strip("-._")
    return made if login_is_plain(made) else None


def give_roles(
    tx: Connection, ports: Ports, staff: Staff, roles: frozenset[str], *, at: datetime
) -> None:
    """The account holds exactly these roles; sessions with others have ended (mover)."""
    if roles == staff.roles:
        return
    accounts.replace_roles(tx, staff.id, roles, by=ActorId(MARK), at=at)
    accounts.revoke_sessions(tx, staff.id, at=at)
    reasons = tuple(f"role.{one}" for one in sorted(roles)) or ("role.none",)
    record(tx, ports, EventCode.PRINCIPAL_CHANGED, staff.id, reasons, at=at)


def log_out(tx: Connection, ports: Ports, said: Logout, *, at: datetime) -> int:
    """How many sessions the provider's word ended; a token that came before ends none."""
    ended, until = said.ended, at + timedelta(seconds=said.seconds)
    if not store.use_logout(tx, ended.provider, said.jti, until=until, at=at):
        raise SignOnRefusedError(reason="replayed")
    sessions = store.sessions_of(tx, ended.provider, subject=ended.subject, sid=ended.session)
    count = 0
    for name in sessions:
        session = accounts.session_by_id(tx, name)
        if session is not None and accounts.revoke_sessions(tx, session.actor, at=at, only=name):
            count += 1
            record(tx, ports, EventCode.SESSION_ENDED, session.actor, ("back_channel",), at=at)
    return count


def link(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    login: str,
    provider: Provider,
    sub: str,
    *,
    at: datetime,
) -> ActorId:
    """The account belongs to this person of the provider; an officer has seen who it is."""
    ensure(principal, Action.STAFF_WRITE, ports.policies.current)
    staff = accounts.staff_by_id(tx, ActorId(f"u:{login}"))
    if staff is None:
        raise AccountUnknownError
    if staff.state is AccountState.ENDED:
        raise AccountEndedError
    if not store.link_staff(tx, provider.id, sub, staff.id, at=at):
        raise LinkTakenError
    reasons = ("sign_on.linked",)
    record(tx, ports, EventCode.CREDENTIAL_CHANGED, staff.id, reasons, at=at, by=principal)
    return staff.id


def unlink(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    login: str,
    provider: Provider,
    *,
    at: datetime,
) -> int:
    """How many links the account had to the provider; it comes by them no more."""
    ensure(principal, Action.STAFF_WRITE, ports.policies.current)
    staff = accounts.staff_by_id(tx, ActorId(f"u:{login}"))
    if staff is None:
        raise AccountUnknownError
    gone = store.unlink_staff(tx, staff.id, provider.id)
    accounts.revoke_sessions(tx, staff.id, at=at)
    reasons = ("sign_on.unlinked",)
    record(tx, ports, EventCode.CREDENTIAL_CHANGED, staff.id, reasons, at=at, by=principal)
    return gone


def record(
    tx: Connection,
    ports: Ports,
    code: EventCode,
    actor: ActorId,
    reasons: tuple[str, ...] = (),
    *,
    at: datetime,
    by: Principal | None = None,
    subject: SubjectId | None = None,
) -> None:
    """The log says what became of the account, on whose word."""
    ports.audit.append(
        tx,
        EventDraft(
            action=code,
            occurred_at=at,
            actor=ActorId(MARK) if by is None else by.id,
            actor_os=None if by is None else by.os_user,
            object_type="principal",
            object_id=actor,
            subject=subject,
            outcome=Outcome.DONE,
            reasons=reasons,
            policy_version=ports.policies.current.version,
        ),
    )
