"""Rows of saved views to facts and back."""

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from governance.core.terms import ActorId, RowId
from governance.db.types import table_of
from governance.identity.views.models import SavedViewRow
from governance.identity.views.types import SavedView
from governance.keys.vault import FieldVault

VIEW: Final = table_of(SavedViewRow)
BLOB: Final = "saved_view"


def add(tx: Connection, vault: FieldVault, view: SavedView, *, at: datetime) -> None:
    """The view is kept, its name and conditions sealed."""
    content = json.dumps({"name": view.name, "query": view.query}).encode()
    tx.execute(
        insert(VIEW).values(
            id=view.id,
            owner=view.owner,
            list=view.list,
            content=bytes(vault.seal_blob(BLOB, view.id, content)),
            shared=view.shared,
            preferred=view.preferred,
            made_at=at,
        )
    )


def seen_by(
    tx: Connection, vault: FieldVault, owner: ActorId, listed: str
) -> tuple[SavedView, ...]:
    """The employee's own views of a list and those that others share, the oldest first."""
    wanted = (
        select(VIEW)
        .where(VIEW.c.list == listed, or_(VIEW.c.owner == owner, VIEW.c.shared))
        .order_by(VIEW.c.made_at, VIEW.c.id)
    )
    return tuple(_view(row, vault) for row in tx.execute(wanted))


def own(tx: Connection, vault: FieldVault, owner: ActorId, row: RowId) -> SavedView | None:
    """One view of this employee; None for another's as for one that never was."""
    found = tx.execute(select(VIEW).where(VIEW.c.id == row, VIEW.c.owner == owner)).first()
    return None if found is None else _view(found, vault)


def count(tx: Connection, owner: ActorId, listed: str) -> int:
    """How many views of this list the employee keeps."""
    mine = select(func.count()).where(VIEW.c.owner == owner, VIEW.c.list == listed)
    return int(tx.execute(mine).scalar_one())


def prefer(tx: Connection, owner: ActorId, listed: str, row: RowId | None) -> None:
    """This view opens the list for its owner from now on, and no other; None: none does."""
    mine = (VIEW.c.owner == owner, VIEW.c.list == listed)
    tx.execute(update(VIEW).where(*mine, VIEW.c.preferred).values(preferred=False))
    if row is not None:
        tx.execute(update(VIEW).where(*mine, VIEW.c.id == row).values(preferred=True))


def drop(tx: Connection, owner: ActorId, row: RowId) -> None:
    """The view is gone."""
    tx.execute(delete(VIEW).where(VIEW.c.id == row, VIEW.c.owner == owner))


def _view(row: Row[Any], vault: FieldVault) -> SavedView:
    content = json.loads(vault.open_blob(BLOB, row.id, bytes(row.content)))
    return SavedView(
        id=RowId(row.id),
        owner=ActorId(row.owner),
        list=row.list,
        name=content["name"],
        query=content["query"],
        shared=row.shared,
        preferred=row.preferred,
    )
