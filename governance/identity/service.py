"""Use cases of signing in: invite, code, session, key. The caller owns the transaction."""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from governance.approvals import ties
from governance.approvals.bonds import TieKind
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.setting_kinds import SecondFor
from governance.core.terms import ActorId, Lang, PurposeId, RowId, SubjectId
from governance.customers.master.guardians import standing
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from governance.identity import store
from governance.identity.clients.keys import add_key
from governance.identity.elevation.store import standing_roles
from governance.identity.errors import (
    LoginFormError,
    LoginTakenError,
    RoleUnknownError,
    SignInRefusedError,
)
from governance.identity.rules import (
    CODE_LIFE,
    NO_LIMITS,
    code_opens,
    digest,
    login_is_plain,
    may_act,
    proof_is_stale,
    session_holds,
    single_factor,
    training_lapsed,
)
from governance.identity.types import (
    AccountState,
    Client,
    Level,
    Limits,
    OneTimeCode,
    Place,
    Session,
    Staff,
)

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
        created_at=at,
    )
    store.add_staff(tx, staff, by=by, at=at)
    ties.note(tx, actor, by, TieKind.ACCOUNT, at=at)
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
    store.add_client(tx, client, at=at)
    return client, add_key(tx, client.id, at=at)


def issue_code(
    tx: Connection,
    *,
    actor: ActorId,
    kind: PrincipalKind,
    at: datetime,
    life: timedelta = CODE_LIFE,
) -> str:
    """A fresh one-time code for the actor; only its digest is stored."""
    secret = secrets.token_urlsafe(32)
    code = OneTimeCode(id=new_row_id(), actor=actor, kind=kind, expires_at=at + life, used_at=None)
    store.add_code(tx, code, digest(secret))
    return secret


def spend_code(tx: Connection, secret: str, *, at: datetime) -> OneTimeCode:
    """The code, which opens nothing any more; raises SignInRefusedError otherwise."""
    code = store.code_by_digest(tx, digest(secret))
    # fails closed: unknown, used, late and suspended are refused alike
    if code is None or not code_opens(code, at=at) or _standing(tx, code, at=at) is None:
        raise SignInRefusedError
    if not store.use_code(tx, code.id, at=at):
        raise SignInRefusedError
    return code


def sign_in(
    tx: Connection, secret: str, *, lasting: timedelta, at: datetime
) -> tuple[Session, str]:
    """A session and its secret for an unused code; raises SignInRefusedError otherwise."""
    code = spend_code(tx, secret, at=at)
    return open_session(tx, actor=code.actor, kind=code.kind, lasting=lasting, at=at)


def open_session(
    tx: Connection,
    *,
    actor: ActorId,
    kind: PrincipalKind,
    lasting: timedelta,
    at: datetime,
    level: Level = Level.CODE,
    place: Place = Place.BROWSER,
    network: str | None = None,
    passkey: RowId | None = None,
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
        level=level,
        place=place,
        network=network,
        passkey=passkey,
    )
    store.add_session(tx, session, digest(secret))
    return session, secret


def principal_by_session(
    tx: Connection,
    secret: str,
    *,
    at: datetime,
    lang: Lang,
    network: str | None = None,
    limits: Limits = NO_LIMITS,
) -> tuple[Principal, Session | None]:
    """The principal behind a session secret, with its roles as they are now."""
    session = store.session_by_digest(tx, digest(secret))
    if session is None or not session_holds(session, at=at, limits=limits):
        return ANONYMOUS, None
    found = _standing(tx, session, at=at)
    if found is None:
        return ANONYMOUS, None  # fails closed: a suspended account or erased person has none
    roles, staff = found
    single = single_factor(session, limits=limits)
    if session.level is Level.ENROLLING or (single and limits.second is SecondFor.EVERYBODY):
        roles = frozenset()  # fails closed: nothing but the second factor may be set up
    principal = Principal(
        id=session.actor,
        kind=session.kind,
        name="" if staff is None else staff.display_name,
        roles=roles,
        session=session.id,
        lang=lang,
        network=network,
        stale=proof_is_stale(session, at=at, limits=limits),
        single=single or session.level is Level.ENROLLING,
        untrained=staff is not None and training_lapsed(staff, at=at, limits=limits),
        mailed=session.level is Level.MAIL,
    )
    return _acting(tx, principal, session, at=at)


def _acting(
    tx: Connection, principal: Principal, session: Session, *, at: datetime
) -> tuple[Principal, Session]:
    """The principal as it acts: for a child by a right that stands, else for nobody but itself.

    The forms of a page of the child and of the own page bear different tokens, so that what one
    tab shows is never done to the person of another.
    """
    relation, on = session.acting_relation, at.astimezone(JST).date()
    if relation is None or session.acting_on != on:
        return principal, session  # fails closed: a new day looks at the birthday anew
    stands = standing(tx, relation, on=on)
    if stands is None or f"{PERSON_PREFIX}{stands[1]}" != principal.id:
        return principal, session  # fails closed: an ended right shows the own page
    acting = replace(principal, acts_for=stands[0], by_relation=relation)
    return acting, replace(session, csrf=f"{session.csrf}.{relation}")


def sign_out_everywhere(tx: Connection, subject: SubjectId, *, at: datetime) -> int:
    """How many sessions of the person ended; unused codes open nothing any more.

    Whoever the own pages would show to somebody else now has to be proved anew.
    """
    actor = ActorId(f"{PERSON_PREFIX}{subject}")
    store.void_codes(tx, actor, at=at)
    return store.revoke_sessions(tx, actor, at=at)


def address_moved(tx: Connection, subject: SubjectId, *, at: datetime) -> int:
    """How many sessions of the person ended that rest on the address that was on record.

    Opened by a code to it, or proved anew by one. Whoever holds the old mail-box is no longer the
    person's; a passkey and the company's own sign-on rest on something else.
    """
    return store.revoke_by_mail(tx, ActorId(f"{PERSON_PREFIX}{subject}"), at=at)


def person_stands(tx: Connection, actor: ActorId, *, at: datetime) -> bool:
    """Whether the person is here under this pseudonym.

    Fails closed: merged by mistake, the merged pseudonym would show another's data.
    """
    subject = SubjectId(actor.removeprefix(PERSON_PREFIX))
    person = subject_by_id(tx, subject, on=at.date())
    return person is not None and not person.gone and survivor_of(tx, subject) == subject


def principal_of_client(client: Client, *, network: str | None = None) -> Principal:
    """The principal that a system acts as."""
    return Principal(
        id=client.id,
        kind=PrincipalKind.SYSTEM,
        roles=client.roles,
        purposes=client.purposes,
        scopes=client.scopes,
        network=network,
    )


def _standing(
    tx: Connection, holder: OneTimeCode | Session, *, at: datetime
) -> tuple[frozenset[str], Staff | None] | None:
    """Roles as they are now; None when the account may not act or the person is gone."""
    match holder.kind:
        case PrincipalKind.STAFF:
            staff = store.staff_by_id(tx, holder.actor)
            if staff is None or not may_act(staff.state):
                return None
            return staff.roles | standing_roles(tx, staff.id, at=at), staff
        case PrincipalKind.PERSON:
            return (
                (frozenset({PERSON_ROLE}), None) if person_stands(tx, holder.actor, at=at) else None
            )
        case PrincipalKind.SYSTEM | PrincipalKind.ANONYMOUS:
            return None  # systems present a key with every request
