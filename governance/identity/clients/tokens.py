"""Access tokens of systems and the assertions that were used for them; digests alone."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from governance.core.terms import ActorId
from governance.customers.changes import counter
from governance.db.types import insert_ignore, table_of
from governance.identity.clients.models import ClientAssertionRow, ClientTokenRow
from governance.identity.clients.types import Token
from governance.identity.rules import digest

TOKEN, ASSERTION = table_of(ClientTokenRow), table_of(ClientAssertionRow)
MARK: Final = "st_"  # what every access token begins with
BYTES: Final = 32  # random octets of a token


def add_token(
    tx: Connection, client: ActorId, scopes: Iterable[str], *, until: datetime, at: datetime
) -> str:
    """A token of the system that opens until then; its ended ones are forgotten."""
    secret = MARK + secrets.token_urlsafe(BYTES)
    tx.execute(delete(TOKEN).where(TOKEN.c.client_id == client, TOKEN.c.expires_at <= at))
    tx.execute(
        insert(TOKEN).values(
            digest=digest(secret),
            client_id=client,
            scopes=" ".join(sorted(scopes)),
            expires_at=until,
        )
    )
    return secret


def token_of(tx: Connection, secret: str, *, at: datetime) -> Token | None:
    """The token that this secret is, if it opens."""
    found = tx.execute(select(TOKEN).where(TOKEN.c.digest == digest(secret))).one_or_none()
    if found is None or at >= found.expires_at:
        return None
    return Token(
        client=ActorId(found.client_id),
        scopes=frozenset(found.scopes.split()),
        expires_at=found.expires_at,
    )


def end_token(tx: Connection, client: ActorId, secret: str) -> bool:
    """Whether this was a token of the system; it opens nothing any more (RFC 7009)."""
    mine = (TOKEN.c.digest == digest(secret)) & (TOKEN.c.client_id == client)
    if not tx.execute(delete(TOKEN).where(mine)).rowcount:
        return False
    counter.note_callers(tx)
    return True


def end_tokens(tx: Connection, client: ActorId) -> int:
    """How many tokens of the system open nothing any more."""
    counter.note_callers(tx)
    return tx.execute(delete(TOKEN).where(TOKEN.c.client_id == client)).rowcount


def use_assertion(
    tx: Connection, client: ActorId, jti: str, *, until: datetime, at: datetime
) -> bool:
    """Whether this call was the first with the assertion; a replay is told no."""
    tx.execute(delete(ASSERTION).where(ASSERTION.c.expires_at <= at))
    statement = (
        insert_ignore(ASSERTION, tx.dialect.name)
        .values(digest=digest(f"{client} {jti}"), expires_at=until)
        .returning(ASSERTION.c.digest)
    )
    return tx.execute(statement).first() is not None
