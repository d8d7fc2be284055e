"""Rows of attempts, links and vouched sessions; what a provider calls a person is a digest."""

from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from governance.core.terms import ActorId, SubjectId
from governance.db.types import insert_ignore, table_of
from governance.signon.models import (
    CustomerLinkRow,
    LogoutTokenRow,
    SignOnAttemptRow,
    SignOnSessionRow,
    StaffLinkRow,
)

ATTEMPT, LOGOUT = table_of(SignOnAttemptRow), table_of(LogoutTokenRow)
STAFF, CUSTOMER = table_of(StaffLinkRow), table_of(CustomerLinkRow)
SESSION: Final = table_of(SignOnSessionRow)


def digest(*words: str) -> bytes:
    """What is stored of words that name one person or thing; no two lists have the same."""
    framed = b"".join(len(one.encode()).to_bytes(4, "big") + one.encode() for one in words)
    return sha256(b"sekisho/sign-on/1" + framed).digest()


def begin(tx: Connection, secret: str, provider: str, *, until: datetime, at: datetime) -> None:
    """Somebody with this secret is on the way; who never came back is forgotten."""
    tx.execute(delete(ATTEMPT).where(ATTEMPT.c.expires_at <= at))
    place = digest("attempt", secret)
    tx.execute(insert(ATTEMPT).values(digest=place, provider=provider, expires_at=until))


def finish(tx: Connection, secret: str, provider: str, *, at: datetime) -> bool:
    """Whether this call was the first that came back with the secret, in time."""
    mine = (ATTEMPT.c.digest == digest("attempt", secret)) & (ATTEMPT.c.provider == provider)
    return tx.execute(delete(ATTEMPT).where(mine, ATTEMPT.c.expires_at > at)).rowcount == 1


def staff_of(tx: Connection, provider: str, subject: str) -> ActorId | None:
    """The account that belongs to this person of the provider."""
    place = STAFF.c.digest == digest(provider, subject)
    found = tx.execute(select(STAFF.c.staff_id).where(place)).scalar()
    return None if found is None else ActorId(found)


def link_staff(
    tx: Connection, provider: str, subject: str, staff: ActorId, *, at: datetime
) -> bool:
    """Whether the account belongs to this person now; no if the person has another."""
    statement = (
        insert_ignore(STAFF, tx.dialect.name)
        .values(digest=digest(provider, subject), provider=provider, staff_id=staff, linked_at=at)
        .returning(STAFF.c.digest)
    )
    if tx.execute(statement).first() is not None:
        return True
    return staff_of(tx, provider, subject) == staff


def unlink_staff(tx: Connection, staff: ActorId, provider: str | None = None) -> int:
    """How many links of the account are gone."""
    mine = STAFF.c.staff_id == staff
    if provider is not None:
        mine &= STAFF.c.provider == provider
    return tx.execute(delete(STAFF).where(mine)).rowcount


def customer_of(tx: Connection, provider: str, subject: str) -> SubjectId | None:
    """The customer that belongs to this person of the provider."""
    place = CUSTOMER.c.digest == digest(provider, subject)
    found = tx.execute(select(CUSTOMER.c.subject_id).where(place)).scalar()
    return None if found is None else SubjectId(found)


def link_customer(
    tx: Connection, provider: str, subject: str, person: SubjectId, *, at: datetime
) -> bool:
    """Whether the customer belongs to this person now; no if the person has another."""
    place = digest(provider, subject)
    statement = (
        insert_ignore(CUSTOMER, tx.dialect.name)
        .values(digest=place, provider=provider, subject_id=person, linked_at=at)
        .returning(CUSTOMER.c.digest)
    )
    if tx.execute(statement).first() is not None:
        return True
    return customer_of(tx, provider, subject) == person


def note_session(
    tx: Connection, session: str, provider: str, subject: str, sid: str | None
) -> None:
    """The provider vouched for this session."""
    tx.execute(
        insert(SESSION).values(
            session_id=session,
            provider=provider,
            subject=digest(provider, subject),
            sid=None if sid is None else digest(provider, "sid", sid),
        )
    )


def provider_of(tx: Connection, session: str) -> str | None:
    """Who vouched for the session; None for nobody."""
    return tx.execute(select(SESSION.c.provider).where(SESSION.c.session_id == session)).scalar()


def sessions_of(
    tx: Connection, provider: str, *, subject: str | None, sid: str | None
) -> tuple[str, ...]:
    """The sessions that the provider means: that one, or all of the person."""
    named = []
    if sid is not None:
        named.append(SESSION.c.sid == digest(provider, "sid", sid))
    else:
        named.append(SESSION.c.subject == digest(provider, subject or ""))
    if sid is not None and subject is not None:
        named.append(SESSION.c.subject == digest(provider, subject))
    found = select(SESSION.c.session_id).where(SESSION.c.provider == provider, *named)
    return tuple(tx.execute(found).scalars())


def use_logout(tx: Connection, provider: str, jti: str, *, until: datetime, at: datetime) -> bool:
    """Whether this call was the first with the logout token."""
    tx.execute(delete(LOGOUT).where(LOGOUT.c.expires_at <= at))
    statement = (
        insert_ignore(LOGOUT, tx.dialect.name)
        .values(digest=digest(provider, "jti", jti), expires_at=until)
        .returning(LOGOUT.c.digest)
    )
    return tx.execute(statement).first() is not None
