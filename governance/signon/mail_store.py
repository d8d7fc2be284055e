"""Rows of sign-ins by e-mail to facts and back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from governance.core.terms import ActorId, RowId, SubjectId
from governance.db.types import table_of
from governance.identity.models import SessionRow
from governance.identity.service import PERSON_PREFIX
from governance.signon.mail_rules import CODE_TRIES, DAY, FAMILIAR
from governance.signon.models import MailCodeRow

CODE, SESSION = table_of(MailCodeRow), table_of(SessionRow)
SWEPT: Final = 200  # rows past their day that one sign-in takes away


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-in by e-mail as it stands."""

    id: RowId
    network: str | None
    sent: bool
    created_at: datetime
    expires_at: datetime
    code: bytes = field(repr=False)
    mark: bytes = field(repr=False)
    content: bytes | None = field(repr=False)


def add(tx: Connection, begun: Begun, *, digest: bytes, at: datetime) -> None:
    """The sign-in is begun; those of yesterday are forgotten."""
    old = select(CODE.c.id).where(CODE.c.created_at <= at - DAY).limit(SWEPT)
    tx.execute(delete(CODE).where(CODE.c.id.in_(old)))
    tx.execute(
        insert(CODE).values(
            id=begun.id,
            digest=digest,
            code=begun.code,
            mark=begun.mark,
            content=begun.content,
            network=begun.network,
            created_at=begun.created_at,
            expires_at=begun.expires_at,
        )
    )


def by_id(tx: Connection, row: RowId) -> Begun | None:
    """The sign-in of this row."""
    return _one(tx, CODE.c.id == row)


def by_digest(tx: Connection, digest: bytes) -> Begun | None:
    """The sign-in of the browser whose secret has this digest."""
    return _one(tx, CODE.c.digest == digest)


def sent_to(tx: Connection, mark: bytes, *, at: datetime) -> tuple[Begun, ...]:
    """Codes of the last day that went to addresses with this mark."""
    lately = CODE.c.sent.is_(True) & (CODE.c.created_at > at - DAY)
    rows = tx.execute(select(CODE).where(CODE.c.mark == mark, lately))
    return tuple(map(_begun, rows))


def note_sent(tx: Connection, row: RowId, *, sent: bool) -> None:
    """Whether the code is on its way to an address that is on record; written either way."""
    tx.execute(update(CODE).where(CODE.c.id == row).values(sent=sent))


def take_try(tx: Connection, row: RowId, *, at: datetime) -> bool:
    """Whether one more try was free; it is spent before anything is compared."""
    free = update(CODE).where(
        CODE.c.id == row,
        CODE.c.opened_at.is_(None),
        CODE.c.expires_at > at,
        CODE.c.tries < CODE_TRIES,
    )
    return tx.execute(free.values(tries=CODE.c.tries + 1)).rowcount == 1


def open_once(tx: Connection, row: RowId, *, at: datetime) -> bool:
    """Whether the code was sent and unused; it opens nothing any more."""
    closed = update(CODE).where(CODE.c.id == row, CODE.c.opened_at.is_(None), CODE.c.sent.is_(True))
    return tx.execute(closed.values(opened_at=at)).rowcount == 1


def familiar(
    tx: Connection, persons: frozenset[SubjectId], network: str | None, *, at: datetime
) -> bool:
    """Whether one of these persons signed in from this network before."""
    if network is None:
        return False
    actors = [ActorId(f"{PERSON_PREFIX}{subject}") for subject in persons]
    mine = SESSION.c.actor.in_(actors) & (SESSION.c.network == network)
    lately = SESSION.c.created_at > at - FAMILIAR
    return tx.execute(select(SESSION.c.id).where(mine, lately).limit(1)).first() is not None


def _one(tx: Connection, where: ColumnElement[bool]) -> Begun | None:
    row = tx.execute(select(CODE).where(where)).one_or_none()
    return None if row is None else _begun(row)


def _begun(row: Row[Any]) -> Begun:
    return Begun(
        id=RowId(row.id),
        network=row.network,
        sent=bool(row.sent),
        created_at=row.created_at,
        expires_at=row.expires_at,
        code=bytes(row.code),
        mark=bytes(row.mark),
        content=None if row.content is None else bytes(row.content),
    )
