"""Rows of customers' passkeys to facts and back; names are opened where they are shown alone."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, delete, select, update

from governance.core.terms import ActorId, SubjectId
from governance.db.types import insert_ignore, table_of
from governance.identity.credentials.types import Passkey
from governance.identity.persons.models import CustomerPasskeyRow
from governance.identity.service import PERSON_PREFIX
from governance.keys.vault import FieldVault

PASSKEY = table_of(CustomerPasskeyRow)


def of_persons(
    tx: Connection, vault: FieldVault, persons: Collection[SubjectId]
) -> tuple[Passkey, ...]:
    """The passkeys of a person, under whichever of these pseudonyms, the oldest first."""
    mine = select(PASSKEY).where(PASSKEY.c.subject_id.in_(persons)).order_by(PASSKEY.c.added_at)
    return tuple(
        _passkey(row, vault.open_part(row.id, bytes(row.name)).decode()) for row in tx.execute(mine)
    )


def by_credential(tx: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey that calls itself so, without its name."""
    found = select(PASSKEY).where(PASSKEY.c.credential_id == credential_id)
    row = tx.execute(found).one_or_none()
    return None if row is None else _passkey(row, "")


def added_at(tx: Connection, passkey: str) -> datetime | None:
    """Since when somebody has this passkey; None when nobody has it any more."""
    found = tx.execute(select(PASSKEY.c.added_at).where(PASSKEY.c.id == passkey)).scalar()
    return cast("datetime | None", found)


def add(tx: Connection, vault: FieldVault, passkey: Passkey, subject: SubjectId) -> bool:
    """Whether the passkey is stored now; one that somebody has already is not stored twice."""
    values = {
        "id": passkey.id,
        "subject_id": subject,
        "credential_id": passkey.credential_id,
        "public_key": passkey.public_key,
        "sign_count": passkey.sign_count,
        "name": vault.seal_part(subject, passkey.id, passkey.name.encode()),
        "added_at": passkey.added_at,
    }
    statement = insert_ignore(PASSKEY, tx.dialect.name).values(**values)
    return tx.execute(statement.returning(PASSKEY.c.id)).first() is not None


def use(tx: Connection, passkey: Passkey, count: int, *, at: datetime) -> bool:
    """Whether this call moved the count on; a replay or a copy is told no."""
    moved = (PASSKEY.c.id == passkey.id) & (PASSKEY.c.sign_count == passkey.sign_count)
    statement = update(PASSKEY).where(moved).values(sign_count=count, used_at=at)
    return tx.execute(statement).rowcount == 1


def drop(tx: Connection, subject: SubjectId, passkey: str) -> bool:
    """Whether the person had this passkey, which opens nothing any more."""
    mine = (PASSKEY.c.subject_id == subject) & (PASSKEY.c.id == passkey)
    return tx.execute(delete(PASSKEY).where(mine)).rowcount == 1


def _passkey(row: Row[Any], name: str) -> Passkey:
    return Passkey(
        id=row.id,
        actor=ActorId(f"{PERSON_PREFIX}{row.subject_id}"),
        credential_id=bytes(row.credential_id),
        public_key=bytes(row.public_key),
        sign_count=row.sign_count,
        name=name,
        added_at=row.added_at,
        used_at=row.used_at,
    )
