"""The cursor of a search: a place in its order, sealed, good for this search and searcher alone.

It holds where a row stood, by a random id, and how many hits came before: no value, no token.
"""

import hashlib
import json
from dataclasses import dataclass

from audit.types import canonical_json
from governance.customers.ports import Ports
from governance.customers.search_terms import Level
from governance.gateway.search_rows import Place
from governance.gateway.search_types import Order, SearchCursorError, SearchRequest
from governance.http.principal import Principal
from governance.keys.opaque import opaque, opened

KIND = "search_cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next page begins."""

    place: Place  # behind this
    before: int  # hits of the pages up to here


def sealed_cursor(
    ports: Ports, principal: Principal, request: SearchRequest, cursor: Cursor
) -> str:
    """The cursor as an opaque text that tells nobody what stands there."""
    place = cursor.place
    shape = {
        "part": place.part,
        "level": int(place.level),
        "row": place.row.hex(),
        "before": cursor.before,
    }
    return opaque(ports.vault, KIND, _bound_to(principal, request), canonical_json(shape))


def cursor_of(ports: Ports, principal: Principal, request: SearchRequest) -> Cursor | None:
    """The request's cursor; raises SearchCursorError for one of another search."""
    if request.cursor is None:
        return None
    try:
        bound = _bound_to(principal, request)
        told = json.loads(opened(ports.vault, KIND, bound, request.cursor))
        place = Place(
            part=int(told["part"]),
            level=Level(told["level"]),
            row=bytes.fromhex(told["row"]),
        )
        return Cursor(place=place, before=int(told["before"]))
    except (ValueError, KeyError) as error:
        raise SearchCursorError from error


def _bound_to(principal: Principal, request: SearchRequest) -> str:
    """What the cursor is sealed for; the digest is bound, never stored."""
    asked = {
        "actor": principal.id,
        "register": request.register.table,
        "purpose": request.purpose,
        "text": request.text,
        "values": dict(request.values),
        **({} if request.order is Order.BEST else {"order": request.order.value}),
    }
    return hashlib.sha256(canonical_json(asked)).hexdigest()
