"""Tokens that still lead to rows which a purge took, in their own order, to go little by little.

Each person's tokens lie all over the index. One by one nearly every token would touch a page of
its own; those of many persons in the order of the index touch each page once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, text

from governance.customers.postings import unpost_places
from governance.customers.tokens import LEAVING, split
from governance.db.engine import Database
from governance.db.fetching import PreparedSelect
from governance.db.prepared import sqlite_errors, sqlite_of

AT_ONCE: Final = 4_000_000  # octets of tokens; in memory, each token takes about 70
PAGE: Final = 2_000  # entries that are read at a time
BYTE: Final = 256
KEY: Final = 16  # octets of a row's id
_INDEXES: Final = PreparedSelect(
    select(LEAVING.c.index_id, func.sum(func.length(LEAVING.c.tokens)).label("octets"))
    .group_by(LEAVING.c.index_id)
    .order_by(LEAVING.c.index_id)
)
_ENTRIES: Final = PreparedSelect(
    select(LEAVING.c.row_key, LEAVING.c.tokens)
    .where(LEAVING.c.index_id == bindparam("number"), LEAVING.c.row_key > bindparam("after"))
    .order_by(LEAVING.c.row_key)
    .limit(bindparam("most"))
)
_SETTLED: Final = (
    "WITH RECURSIVE place(i) AS (SELECT 1 UNION ALL SELECT i + 16 FROM place WHERE i + 16 < ?2)"
    " DELETE FROM search_leaving WHERE index_id = ?1 AND row_key IN"
    " (SELECT substr(?3, i, 16) FROM place)"
)
_SETTLED_PG: Final = text(
    "DELETE FROM search_leaving WHERE index_id = :number AND row_key = ANY("
    " SELECT substring(given.joined FROM i FOR 16) FROM"
    " (SELECT CAST(:joined AS bytea) AS joined) given, generate_series(1, :size, 16) i)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Tokens of one index in their order, and the rows of which none is left after them."""

    number: int
    places: tuple[tuple[int, list[bytes]], ...] = field(repr=False)  # by width: token, row
    rows: tuple[bytes, ...] = field(repr=False)


def turns(database: Database, *, at_once: int = AT_ONCE) -> Iterator[Turn]:
    """All that is listed now, index by index; who takes a turn removes it before the next."""
    with database.read() as tx:
        indexes = [(int(number), int(octets)) for number, octets in _INDEXES.rows(tx, {})]
    for number, octets in indexes:
        count = min(octets // at_once + 1, BYTE)
        known: set[bytes] | None = None
        for n in range(count):
            low, high = BYTE * n // count, BYTE * (n + 1) // count
            places, rows = _between(database, number, low, high, known)
            known = rows if known is None else known
            last = tuple(sorted(known)) if n == count - 1 else ()
            yield Turn(number=number, places=places, rows=last)


def _between(
    database: Database, number: int, low: int, high: int, known: set[bytes] | None
) -> tuple[tuple[tuple[int, list[bytes]], ...], set[bytes]]:
    """Tokens whose first octet is in this range, and the rows that were looked at.

    Of the rows that were known in the first turn; what came since waits for the next sweep.
    """
    found: dict[int, list[bytes]] = {}
    rows, after = set[bytes](), b""
    while True:
        with database.read() as tx:
            page = _ENTRIES.rows(tx, {"number": number, "after": after, "most": PAGE})
        for key, joined in page:
            after = bytes(key)
            if known is not None and after not in known:
                continue
            rows.add(after)
            tokens = split(bytes(joined))
            if tokens:
                places = found.setdefault(len(tokens[0]), [])
                places += [token + after for token in tokens if low <= token[0] < high]
        if len(page) < PAGE:
            for places in found.values():
                places.sort()
            return tuple(found.items()), rows


def remove(tx: Connection, number: int, width: int, places: list[bytes]) -> None:
    """These tokens lead to their rows no more."""
    unpost_places(tx, number, width, places)


def settle(tx: Connection, number: int, rows: tuple[bytes, ...]) -> None:
    """These rows have no token of this index left, and are listed no more."""
    joined = b"".join(rows)
    driver = sqlite_of(tx)
    if driver is not None:
        with sqlite_errors(_SETTLED):
            driver.execute(_SETTLED, (number, len(joined) + 1, joined))
        return
    tx.execute(_SETTLED_PG, {"number": number, "joined": joined, "size": len(joined)})
