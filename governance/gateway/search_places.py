"""The cursor of a search: a place in its order, sealed, good for this search and searcher alone.

It holds where a row stood, by a random id, and how many hits came before: no value, no token.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from audit.types import canonical_json
from governance.core.errors import GovernanceError
from governance.customers.ports import Ports
from governance.customers.search_terms import Level
from governance.gateway.search_rows import Place
from governance.gateway.search_types import SearchCursorError, SearchRequest
from governance.http.principal import Principal

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
    sealed = ports.vault.seal_blob(KIND, _bound_to(principal, request), canonical_json(shape))
    return base64.urlsafe_b64encode(bytes(sealed)).decode().rstrip("=")


def cursor_of(ports: Ports, principal: Principal, request: SearchRequest) -> Cursor | None:
    """The request's cursor; raises SearchCursorError for one of another search."""
    if request.cursor is None:
        return None
    try:
        padded = request.cursor + "=" * (-len(request.cursor) % 4)
        sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
        opened = json.loads(ports.vault.open_blob(KIND, _bound_to(principal, request), sealed))
        place = Place(
            part=int(opened["part"]),
            level=Level(opened["level"]),
            row=bytes.fromhex(opened["row"]),
        )
        return Cursor(place=place, before=int(opened["before"]))
    except (GovernanceError, binascii.Error, ValueError, KeyError) as error:
        raise SearchCursorError from error


def _bound_to(principal: Principal, request: SearchRequest) -> str:
    """What the cursor is sealed for; the digest is bound, never stored."""
    asked = {
        "actor": principal.id,
        "register": request.register.table,
        "purpose": request.purpose,
        "text": request.text,
        "values": dict(request.values),
    }
    return hashlib.sha256(canonical_json(asked)).hexdigest()
