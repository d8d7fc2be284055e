"""Use cases of signing in: invite, code, session, key. The caller owns the transaction."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from governance.core.ids import new_row_id
from governance.core.terms import ActorId, Lang, PurposeId, SubjectId
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from governance.identity import store
from governance.identity.errors import (
    LoginFormError,
    LoginTakenError,
    RoleUnknownError,
    SecondFactorMissingError,
    SignInRefusedError,
)
from governance.identity.rules import (
    CODE_LIFE,
    KEY_PREFIX_LENGTH,
    code_opens,
    digest,
    login_is_plain,
    may_act,
    session_holds,
)
from governance.identity.types import AccountState, Client, OneTimeCode, Session, Staff

PERSON_ROLE, PERSON_PREFIX = "customer", "p:"


def invite_staff(
    tx: Connection,
    *,
    login: str,
    display_name: str,
    roles: Iterable[str],
    known_roles: frozenset[str],
    by: ActorId,
    at: datetime,
) -> Staff:
    """An account that can sign in by a one-time code; raises on a taken login or unknown role."""
    if not login_is_plain(login):
        raise LoginFormError
    held = frozenset(roles)
    for role in held - known_roles:
        raise RoleUnknownError(role=role)
    actor = ActorId(f"u:{login}")
    if store.staff_by_id(tx, actor) is not None:
        raise LoginTakenError(login=login)
    staff = Staff(
        id=actor,
        login=login,
        display_name=display_name,
        roles=held,
        state=AccountState.ACTIVE,
    )
    store.add_staff(tx, staff, by=by, at=at)
    return staff


def register_client(
    tx: Connection,
    *,
    name: str,
    role: str,
    purposes: Iterable[PurposeId],
    known_roles: frozenset[str],
    at: datetime,
) -> tuple[Client, str]:
    """The system's account and its key, which is shown this once and stored as a digest."""
    if not login_is_plain(name):
        raise LoginFormError
    if role not in known_roles:
        raise RoleUnknownError(role=role)
    client = Client(
        id=ActorId(f"svc:{name}"),
        name=name,
        roles=frozenset({role}),
        purposes=frozenset(purposes),
        state=AccountState.ACTIVE,
    )
    if store.client_by_id(tx, client.id) is not None:
        raise LoginTakenError(login=name)
    key = f"sk_{secrets.token_urlsafe(40)}"
    store.add_client(tx, client, prefix=key[:KEY_PREFIX_LENGTH], key_digest=digest(key), at=at)
    return client, key


def issue_code(tx: Connection, *, actor: ActorId, kind: PrincipalKind, at: datetime) -> str:
    """A fresh one-time code for the actor; only its digest is stored."""
    secret = secrets.token_urlsafe(32)
    code = OneTimeCode(
        id=new_row_id(), actor=actor, kind=kind, expires_at=at + CODE_LIFE, used_at=None
    )
    store.add_code(tx, code, digest(secret))
    return secret


def sign_in(
    tx: Connection, secret: str, *, lasting: timedelta, at: datetime, officer_mfa: bool = False
) -> tuple[Session, str]:
    """A session and its secret for an unused code; raises SignInRefusedError otherwise.

    With `officer_mfa` a code alone opens nothing for staff: SecondFactorMissingError, and the
    code stays unused. No second factor can be enrolled yet.
    """
    code = store.code_by_digest(tx, digest(secret))
    # fails closed: unknown, used, late and suspended are refused alike
    if code is None or not code_opens(code, at=at) or _roles(tx, code, at=at) is None:
        raise SignInRefusedError
    if officer_mfa and code.kind is PrincipalKind.STAFF:
        raise SecondFactorMissingError
    if not store.use_code(tx, code.id, at=at):
        raise SignInRefusedError
    return open_session(tx, actor=code.actor, kind=code.kind, lasting=lasting, at=at)


def open_session(
    tx: Connection, *, actor: ActorId, kind: PrincipalKind, lasting: timedelta, at: datetime
) -> tuple[Session, str]:
    """A session of an actor whose identity was proved; returns it with its secret."""
    secret = secrets.token_urlsafe(32)
    session = Session(
        id=new_row_id(),
        actor=actor,
        kind=kind,
        csrf=secrets.token_urlsafe(24),
        created_at=at,
        expires_at=at + lasting,
        revoked_at=None,
    )
    store.add_session(tx, session, digest(secret))
    return session, secret


def principal_by_session(
    tx: Connection, secret: str, *, at: datetime, lang: Lang, network: str | None = None
) -> tuple[Principal, Session | None]:
    """The principal behind a session secret, with its roles as they are now."""
    session = store.session_by_digest(tx, digest(secret))
    if session is None or not session_holds(session, at=at):
        return ANONYMOUS, None
    roles = _roles(tx, session, at=at)
    if roles is None:
        return ANONYMOUS, None  # fails closed: a suspended account or erased person has none
    principal = Principal(
        id=session.actor,
        kind=session.kind,
        roles=roles,
        session=session.id,
        lang=lang,
        network=network,
    )
    return principal, session


def sign_out_everywhere(tx: Connection, subject: SubjectId, *, at: datetime) -> int:
    """How many sessions of the person ended; unused codes open nothing any more.

    Whoever the own pages would show to somebody else now has to be proved anew.
    """
    actor = ActorId(f"{PERSON_PREFIX}{subject}")
    store.void_codes(tx, actor, at=at)
    return store.revoke_sessions(tx, actor, at=at)


def principal_by_key(tx: Connection, key: str, *, network: str | None = None) -> Principal:
    """The system behind an API key; anonymous when the key opens nothing."""
    presented = digest(key)
    for client, stored in store.clients_by_prefix(tx, key[:KEY_PREFIX_LENGTH]):
        if hmac.compare_digest(stored, presented) and may_act(client.state):
            return principal_of_client(client, network=network)
    return ANONYMOUS


def principal_of_client(client: Client, *, network: str | None = None) -> Principal:
    """The principal that a system acts as."""
    return Principal(
        id=client.id,
        kind=PrincipalKind.SYSTEM,
        roles=client.roles,
        purposes=client.purposes,
        network=network,
    )


def _roles(tx: Connection, holder: OneTimeCode | Session, *, at: datetime) -> frozenset[str] | None:
    """Roles as they are now; None when the account may not act or the person is gone."""
    match holder.kind:
        case PrincipalKind.STAFF:
            staff = store.staff_by_id(tx, holder.actor)
            return staff.roles if staff is not None and may_act(staff.state) else None
        case PrincipalKind.PERSON:
            subject = SubjectId(holder.actor.removeprefix(PERSON_PREFIX))
            person = subject_by_id(tx, subject, on=at.date())
            if person is None or person.gone or survivor_of(tx, subject) != subject:
                return None  # fails closed: merged by mistake, it would show another's data
            return frozenset({PERSON_ROLE})
        case PrincipalKind.SYSTEM | PrincipalKind.ANONYMOUS:
            return None  # systems present a key with every request
