"""Rows of accounts and sessions to facts and back."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from governance.core.terms import ActorId, Lang, PurposeId, RowId
from governance.customers.changes import counter
from governance.db.types import UtcDateTime, table_of
from governance.http.principal import PrincipalKind
from governance.identity.clients.types import rate_of
from governance.identity.models import (
    ClientRow,
    OneTimeCodeRow,
    SessionRow,
    StaffRoleRow,
    StaffRow,
)
from governance.identity.types import (
    AccountState,
    Client,
    Level,
    OneTimeCode,
    Place,
    Session,
    Staff,
)

STAFF, ROLE, CLIENT = table_of(StaffRow), table_of(StaffRoleRow), table_of(ClientRow)
SESSION, CODE = table_of(SessionRow), table_of(OneTimeCodeRow)


def add_staff(tx: Connection, staff: Staff, *, by: ActorId, at: datetime) -> None:
    """The account and its roles are stored."""
    tx.execute(
        insert(STAFF).values(
            id=staff.id,
            login=staff.login,
            display_name=staff.display_name,
            state=staff.state.value,
            created_at=at,
        )
    )
    for role in sorted(staff.roles):
        tx.execute(insert(ROLE).values(staff_id=staff.id, role=role, given_by=by, given_at=at))


def staff_by_id(tx: Connection, actor: ActorId) -> Staff | None:
    """The account with its roles as they are now."""
    row = tx.execute(select(STAFF).where(STAFF.c.id == actor)).one_or_none()
    if row is None:
        return None
    roles = tx.execute(select(ROLE.c.role).where(ROLE.c.staff_id == actor)).scalars()
    return _staff(row, roles)


def staff_exists(tx: Connection, actor: ActorId) -> bool:
    """Whether there is such an account, by one question."""
    return tx.execute(select(STAFF.c.id).where(STAFF.c.id == actor)).first() is not None


def all_staff(tx: Connection) -> tuple[Staff, ...]:
    """Every account, by login."""
    held: dict[str, list[str]] = {}
    for staff_id, role in tx.execute(select(ROLE.c.staff_id, ROLE.c.role)):
        held.setdefault(staff_id, []).append(role)
    rows = tx.execute(select(STAFF).order_by(STAFF.c.login))
    return tuple(_staff(row, held.get(row.id, ())) for row in rows)


def _staff(row: Row[Any], roles: Iterable[str]) -> Staff:
    return Staff(
        id=ActorId(row.id),
        login=row.login,
        display_name=row.display_name,
        roles=frozenset(roles),
        state=AccountState(row.state),
        created_at=row.created_at,
        trained_until=row.trained_until,
    )


def set_staff_state(tx: Connection, actor: ActorId, state: AccountState) -> None:
    """The account acts, or acts no more, from the next request on."""
    tx.execute(update(STAFF).where(STAFF.c.id == actor).values(state=state.value))


def set_staff_mail(
    tx: Connection, actor: ActorId, sealed: bytes | None, *, lang: Lang | None = None
) -> None:
    """The sealed work address stands, or none; mails to it are in this language, if it is said."""
    said = {} if lang is None else {"lang": lang.value}
    tx.execute(update(STAFF).where(STAFF.c.id == actor).values(mail=sealed, **said))


def staff_lang(tx: Connection, actor: ActorId) -> Lang:
    """The language of mails to the employee; Japanese where none was said."""
    found = tx.execute(select(STAFF.c.lang).where(STAFF.c.id == actor)).scalar()
    return Lang(found) if found else Lang.JA


def role_grants(tx: Connection, actor: ActorId) -> tuple[tuple[str, ActorId, datetime], ...]:
    """Each role that the employee holds, by whom it was given and when."""
    mine = select(ROLE.c.role, ROLE.c.given_by, ROLE.c.given_at).where(ROLE.c.staff_id == actor)
    rows = tx.execute(mine.order_by(ROLE.c.role))
    return tuple((row.role, ActorId(row.given_by), row.given_at) for row in rows)


def staff_mail(tx: Connection, actor: ActorId) -> bytes | None:
    """The sealed work address of an account that may act; None for none."""
    mine = (STAFF.c.id == actor) & (STAFF.c.state == AccountState.ACTIVE.value)
    found = tx.execute(select(STAFF.c.mail).where(mine)).scalar()
    return None if found is None else bytes(found)


def staff_mails(tx: Connection) -> tuple[tuple[ActorId, bytes], ...]:
    """The sealed work addresses of all accounts that have not ended."""
    living = STAFF.c.state != AccountState.ENDED.value
    rows = tx.execute(select(STAFF.c.id, STAFF.c.mail).where(living, STAFF.c.mail.is_not(None)))
    return tuple((ActorId(row.id), bytes(row.mail)) for row in rows)


def replace_roles(
    tx: Connection, actor: ActorId, roles: Iterable[str], *, by: ActorId, at: datetime
) -> None:
    """Exactly these roles are held from the next request on."""
    tx.execute(delete(ROLE).where(ROLE.c.staff_id == actor))
    for role in sorted(set(roles)):
        tx.execute(insert(ROLE).values(staff_id=actor, role=role, given_by=by, given_at=at))


def add_client(tx: Connection, client: Client, *, at: datetime) -> None:
    """The system's account is stored."""
    tx.execute(
        insert(CLIENT).values(
            id=client.id,
            name=client.name,
            role=next(iter(client.roles)),
            purposes=" ".join(sorted(client.purposes)),
            state=client.state.value,
            created_at=at,
        )
    )


def client_by_id(tx: Connection, actor: ActorId) -> Client | None:
    """The system's account."""
    row = tx.execute(select(CLIENT).where(CLIENT.c.id == actor)).one_or_none()
    return None if row is None else _client(row)


def all_clients(tx: Connection) -> tuple[Client, ...]:
    """Every system, by name."""
    return tuple(_client(row) for row in tx.execute(select(CLIENT).order_by(CLIENT.c.name)))


def set_client_state(tx: Connection, actor: ActorId, state: AccountState) -> None:
    """The system's key opens, or opens no more, from the next request on."""
    tx.execute(update(CLIENT).where(CLIENT.c.id == actor).values(state=state.value))
    counter.note_callers(tx)


def change_client(tx: Connection, actor: ActorId, **values: object) -> None:
    """These facts of the system stand from the next request on."""
    tx.execute(update(CLIENT).where(CLIENT.c.id == actor).values(**values))
    counter.note_callers(tx)


def _client(row: Row[Any]) -> Client:
    return Client(
        id=ActorId(row.id),
        name=row.name,
        roles=frozenset({row.role}),
        purposes=frozenset(PurposeId(name) for name in row.purposes.split()),
        state=AccountState(row.state),
        scopes=None if row.scopes is None else frozenset(row.scopes.split()),
        rate=rate_of(row.rate, row.burst),
        certificate=row.certificate,
        public_keys=row.public_keys,
    )


def add_session(tx: Connection, session: Session, secret_digest: bytes) -> None:
    """The session is stored with the digest of its secret."""
    tx.execute(
        insert(SESSION).values(
            id=session.id,
            digest=secret_digest,
            actor=session.actor,
            kind=session.kind.value,
            csrf=session.csrf,
            created_at=session.created_at,
            expires_at=session.expires_at,
            level=session.level.value,
            place=session.place.value,
            network=session.network,
            passkey=session.passkey,
        )
    )


def session_by_digest(tx: Connection, secret_digest: bytes) -> Session | None:
    """The session whose secret has this digest."""
    row = tx.execute(select(SESSION).where(SESSION.c.digest == secret_digest)).one_or_none()
    return None if row is None else _session(row)


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        actor=ActorId(row.actor),
        kind=PrincipalKind(row.kind),
        csrf=row.csrf,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        level=Level(row.level or Level.CODE),
        place=Place(row.place or Place.BROWSER),
        network=row.network,
        proved_at=row.proved_at,
        seen_at=row.seen_at,
        acting_relation=row.acting_relation,
        acting_on=row.acting_on,
        passkey=row.passkey,
    )


def session_proved_at(tx: Connection, session: str) -> datetime | None:
    """When the holder of this session last proved who they are; None for no session."""
    proved = func.coalesce(SESSION.c.proved_at, SESSION.c.created_at, type_=UtcDateTime())
    found = tx.execute(select(proved).where(SESSION.c.id == session)).scalar()
    return None if found is None else cast("datetime", found)


def session_by_id(tx: Connection, session: str) -> Session | None:
    """The session under this id."""
    row = tx.execute(select(SESSION).where(SESSION.c.id == session)).one_or_none()
    return None if row is None else _session(row)


def open_sessions(tx: Connection, actor: ActorId, *, at: datetime) -> tuple[Session, ...]:
    """Sessions of the actor that were not ended, the newest first."""
    mine = (SESSION.c.actor == actor) & SESSION.c.revoked_at.is_(None) & (SESSION.c.expires_at > at)
    rows = tx.execute(select(SESSION).where(mine).order_by(SESSION.c.created_at.desc()))
    return tuple(_session(row) for row in rows)


def act_by(tx: Connection, session: str, relation: RowId | None, *, on: date) -> None:
    """The session acts by this relation until the end of the day; None: for its holder alone."""
    day = None if relation is None else on
    values = {"acting_relation": relation, "acting_on": day}
    tx.execute(update(SESSION).where(SESSION.c.id == session).values(**values))


def note_life(tx: Connection, session: str, *, at: datetime) -> None:
    """The session was used at this moment."""
    tx.execute(update(SESSION).where(SESSION.c.id == session).values(seen_at=at))


def note_proof(tx: Connection, session: str, *, at: datetime) -> None:
    """The holder of the session proved who they are at this moment."""
    tx.execute(update(SESSION).where(SESSION.c.id == session).values(proved_at=at, seen_at=at))


def revoke_sessions(
    tx: Connection,
    actor: ActorId,
    *,
    at: datetime,
    only: str | None = None,
    but: str | None = None,
) -> int:
    """How many open sessions of the actor ended now; `only` names a single one, `but` none."""
    statement = (
        update(SESSION)
        .where(SESSION.c.actor == actor, SESSION.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    if only is not None:
        statement = statement.where(SESSION.c.id == only)
    if but is not None:
        statement = statement.where(SESSION.c.id != but)
    return tx.execute(statement).rowcount


def revoke_by_mail(tx: Connection, actor: ActorId, *, at: datetime) -> int:
    """How many open sessions of the actor ended that a code to their mail-box opened or proved."""
    rests = (SESSION.c.level == Level.MAIL.value) | SESSION.c.proved_at.is_not(None)
    mine = (SESSION.c.actor == actor) & SESSION.c.revoked_at.is_(None) & (SESSION.c.expires_at > at)
    return tx.execute(update(SESSION).where(mine & rests).values(revoked_at=at)).rowcount


def add_code(tx: Connection, code: OneTimeCode, secret_digest: bytes) -> None:
    """The code is stored as a digest."""
    tx.execute(
        insert(CODE).values(
            id=code.id,
            digest=secret_digest,
            actor=code.actor,
            kind=code.kind.value,
            expires_at=code.expires_at,
        )
    )


def code_by_digest(tx: Connection, secret_digest: bytes) -> OneTimeCode | None:
    """The code whose secret has this digest."""
    row = tx.execute(select(CODE).where(CODE.c.digest == secret_digest)).one_or_none()
    if row is None:
        return None
    return OneTimeCode(
        id=row.id,
        actor=ActorId(row.actor),
        kind=PrincipalKind(row.kind),
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def use_code(tx: Connection, code_id: str, *, at: datetime) -> bool:
    """Whether this call was the one that used the code; a second one is told no."""
    statement = (
        update(CODE).where(CODE.c.id == code_id, CODE.c.used_at.is_(None)).values(used_at=at)
    )
    return tx.execute(statement).rowcount == 1


def void_codes(tx: Connection, actor: ActorId, *, at: datetime) -> int:
    """How many unused codes of the actor open nothing any more."""
    statement = (
        update(CODE).where(CODE.c.actor == actor, CODE.c.used_at.is_(None)).values(used_at=at)
    )
    return tx.execute(statement).rowcount
