"""Searches that a page's address names: a random id, the words sealed, one actor's, with an end."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from audit.types import canonical_json
from governance.core.ids import new_subject_id
from governance.core.terms import FieldId, RowId
from governance.customers.ports import Ports
from governance.customers.search.models import SavedSearchRow
from governance.db.types import table_of
from governance.gateway.search_registers import PERSONS, Register
from governance.gateway.search_types import SearchGoneError, SearchRequest
from governance.http.principal import Principal

SAVED: Final = table_of(SavedSearchRow)
KIND: Final = "saved_search"
LIFE: Final = timedelta(hours=12)  # a working day; nobody comes back to an older address


def save_search(
    tx: Connection, ports: Ports, principal: Principal, request: SearchRequest, *, at: datetime
) -> RowId:
    """The id under which this actor, and nobody else, can repeat the search for a while."""
    name = RowId(new_subject_id())  # random: an id in time order would tell when it was made
    shape = {
        "register": request.register.table,
        "purpose": request.purpose,
        "text": request.text,
        "values": dict(request.values),
        "show": list(request.show),
        "limit": request.limit,
        "count": request.count,
    }
    row = {
        "id": name,
        "actor": principal.id,
        "content": bytes(ports.vault.seal_blob(KIND, name, canonical_json(shape))),
        "created_at": at,
        "ends_at": at + LIFE,
    }
    tx.execute(insert(SAVED).values(**row))
    return name


def saved_search(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    name: RowId,
    *,
    register: Register,
    at: datetime,
) -> SearchRequest:
    """The saved search of a register; raises SearchGoneError for another's as for none."""
    found = tx.execute(
        select(SAVED.c.content).where(
            SAVED.c.id == name, SAVED.c.actor == principal.id, SAVED.c.ends_at > at
        )
    ).scalar()
    if found is None:
        raise SearchGoneError
    shape: Mapping[str, Any] = json.loads(ports.vault.open_blob(KIND, name, bytes(found)))
    if shape.get("register", PERSONS.table) != register.table:
        raise SearchGoneError
    return SearchRequest(
        register=register,
        purpose=shape["purpose"],
        text=shape["text"],
        values=shape["values"],
        show=tuple(FieldId(field) for field in shape["show"]),
        limit=shape["limit"],
        count=shape.get("count", False),
    )


def forget_searches(tx: Connection, /, *, at: datetime, limit: int) -> int:
    """How many saved searches went because their time is over."""
    over = select(SAVED.c.id).where(SAVED.c.ends_at <= at).order_by(SAVED.c.ends_at).limit(limit)
    ids = list(tx.execute(over).scalars())
    return tx.execute(delete(SAVED).where(SAVED.c.id.in_(ids))).rowcount if ids else 0
