"""Keys of systems: made, looked up by their first characters, ended; only digests are stored."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, or_, select, update

from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.customers.changes import counter
from governance.db.types import table_of
from governance.identity.clients.models import ClientKeyRow
from governance.identity.clients.types import Key, key_opens
from governance.identity.rules import KEY_PREFIX_LENGTH, digest

KEY: Final = table_of(ClientKeyRow)
MARK: Final = "sk_"  # what every key begins with
BYTES: Final = 40  # random octets of a key


def add_key(
    tx: Connection, client: ActorId, *, at: datetime, expires_at: datetime | None = None
) -> str:
    """A further key of the system, which is shown this once."""
    secret = MARK + secrets.token_urlsafe(BYTES)
    tx.execute(
        insert(KEY).values(
            id=new_row_id(),
            client_id=client,
            prefix=secret[:KEY_PREFIX_LENGTH],
            digest=digest(secret),
            created_at=at,
            expires_at=expires_at,
        )
    )
    return secret


def key_of(tx: Connection, secret: str, *, at: datetime) -> Key | None:
    """The key that this secret is, if it opens."""
    presented = digest(secret)
    for row in tx.execute(select(KEY).where(KEY.c.prefix == secret[:KEY_PREFIX_LENGTH])):
        if hmac.compare_digest(row.digest, presented):
            found = _key(row)
            return found if key_opens(found, at=at) else None
    return None


def keys_of(tx: Connection, client: ActorId) -> tuple[Key, ...]:
    """Every key of the system, the newest first."""
    rows = tx.execute(
        select(KEY).where(KEY.c.client_id == client).order_by(KEY.c.created_at.desc(), KEY.c.id)
    )
    return tuple(map(_key, rows))


def open_keys(tx: Connection, *, at: datetime) -> tuple[Key, ...]:
    """Every key that opens, of all systems."""
    living = KEY.c.ended_at.is_(None) & or_(KEY.c.expires_at.is_(None), KEY.c.expires_at > at)
    return tuple(map(_key, tx.execute(select(KEY).where(living).order_by(KEY.c.created_at))))


def end_keys(tx: Connection, ids: Iterable[str], *, at: datetime) -> int:
    """How many of these keys open nothing any more, from the next request on."""
    mine = KEY.c.id.in_(tuple(ids)) & KEY.c.ended_at.is_(None)
    counter.note_callers(tx)
    return tx.execute(update(KEY).where(mine).values(ended_at=at)).rowcount


def expire_keys(tx: Connection, ids: Iterable[str], *, until: datetime) -> None:
    """These keys open until then and no longer."""
    later = or_(KEY.c.expires_at.is_(None), KEY.c.expires_at > until)
    mine = KEY.c.id.in_(tuple(ids)) & later
    tx.execute(update(KEY).where(mine).values(expires_at=until))
    counter.note_callers(tx)


def note_used(tx: Connection, ids: Iterable[str], *, day: date) -> None:
    """These keys were used on that day."""
    earlier = or_(KEY.c.last_used_on.is_(None), KEY.c.last_used_on < day)
    tx.execute(update(KEY).where(KEY.c.id.in_(tuple(ids)) & earlier).values(last_used_on=day))


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        client=ActorId(row.client_id),
        prefix=row.prefix,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_on=row.last_used_on,
        ended_at=row.ended_at,
    )
