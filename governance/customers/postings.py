"""Which rows a token has, written in key order, so that neighbours go into one page.

A posting alone finds a row and cannot be found from it: every posting is listed in the row's
entry (`search_entry`), by which it goes when the row does.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, text

from governance.db.prepared import sqlite_errors, sqlite_of

Posting = tuple[int, bytes, bytes]  # number of the index, token, octets of the row's id
_PLACES: Final = (  # tokens of one length and their rows in one value: one step of the engine,
    # during which other threads of this process work; a step for each row lets none of them
    "WITH RECURSIVE place(i) AS"
    " (SELECT 1 UNION ALL SELECT i + ?2 + ?3 FROM place WHERE i + ?2 + ?3 < ?4)"
    " INSERT OR IGNORE INTO search_posting (index_id, token, row_key)"
    " SELECT ?1, substr(?5, i, ?2), substr(?5, i + ?2, ?3) FROM place"
)
_LISTED: Final = (
    " WHERE EXISTS (SELECT 1 FROM search_entry e WHERE e.row_key = substr(?5, i + ?2, ?3)"
    " AND e.index_id = ?1 AND instr(e.tokens, substr(?5, i, ?2)) > 0)"
)
_DROP_SQLITE: Final = "DELETE FROM search_posting WHERE index_id = ? AND token = ? AND row_key = ?"
_GIVEN: Final = (
    " unnest(CAST(:numbers AS smallint[]), CAST(:tokens AS bytea[]), CAST(:rows AS bytea[]))"
    " AS given (index_id, token, row_key)"
)
_ADD_PG: Final = text(
    "INSERT INTO search_posting (index_id, token, row_key)"
    f" SELECT given.* FROM{_GIVEN} ON CONFLICT DO NOTHING"
)
_ADD_LISTED_PG: Final = text(  # whoever drops the entry drops its postings: not between the two
    "INSERT INTO search_posting (index_id, token, row_key)"
    f" SELECT given.* FROM{_GIVEN}"
    " JOIN search_entry e ON e.row_key = given.row_key AND e.index_id = given.index_id"
    " WHERE position(given.token IN e.tokens) > 0 FOR KEY SHARE OF e ON CONFLICT DO NOTHING"
)
_DROP_PG: Final = text(
    "DELETE FROM search_posting p USING unnest(CAST(:numbers AS smallint[]),"
    " CAST(:tokens AS bytea[]), CAST(:rows AS bytea[])) AS gone (index_id, token, row_key)"
    " WHERE p.index_id = gone.index_id AND p.token = gone.token AND p.row_key = gone.row_key"
)
_DROP_PLACES: Final = (
    "WITH RECURSIVE place(i) AS"
    " (SELECT 1 UNION ALL SELECT i + ?2 + ?3 FROM place WHERE i + ?2 + ?3 < ?4)"
    " DELETE FROM search_posting WHERE index_id = ?1 AND (token, row_key) IN"
    " (SELECT substr(?5, i, ?2), substr(?5, i + ?2, ?3) FROM place)"
)
_DROP_PLACES_PG: Final = text(
    "DELETE FROM search_posting p USING (SELECT substring(given.joined FROM i FOR :width),"
    " substring(given.joined FROM i + :width FOR :key) FROM"
    " (SELECT CAST(:joined AS bytea) AS joined) given, generate_series(1, :size, :width + :key) i"
    ") AS gone (token, row_key)"
    " WHERE p.index_id = :number AND p.token = gone.token AND p.row_key = gone.row_key"
)


def post(tx: Connection, postings: list[Posting]) -> None:
    """The tokens lead to their rows."""
    postings.sort()
    if tx.dialect.name == "sqlite":
        _in_places(tx, _PLACES, postings)
    elif postings:
        tx.execute(_ADD_PG, _columns(postings))


def post_listed(tx: Connection, postings: Sequence[Posting]) -> None:
    """Those tokens that their rows still list lead to them; they come in key order."""
    if tx.dialect.name == "sqlite":
        _in_places(tx, _PLACES + _LISTED, postings)
    elif postings:
        tx.execute(_ADD_LISTED_PG, _columns(postings))


def unpost(tx: Connection, postings: list[Posting]) -> None:
    """The tokens lead to these rows no more."""
    postings.sort()
    if tx.dialect.name == "sqlite":
        driver = sqlite_of(tx)
        if driver is not None:
            with sqlite_errors(_DROP_SQLITE):
                driver.executemany(_DROP_SQLITE, postings)
    elif postings:
        tx.execute(_DROP_PG, _columns(postings))


def unpost_places(tx: Connection, number: int, width: int, places: Sequence[bytes]) -> None:
    """Tokens of this width in one index, each with its row behind it, lead to them no more."""
    if not places:
        return
    joined, key = b"".join(places), len(places[0]) - width
    driver = sqlite_of(tx)
    if driver is not None:
        with sqlite_errors(_DROP_PLACES):
            driver.execute(_DROP_PLACES, (number, width, key, len(joined) + 1, joined))
        return
    facts = {"number": number, "width": width, "key": key, "size": len(joined), "joined": joined}
    tx.execute(_DROP_PLACES_PG, facts)


def slices(postings: list[Posting], size: int) -> Iterator[list[Posting]]:
    """The postings in key order, so many at a time."""
    postings.sort()
    for start in range(0, len(postings), size):
        yield postings[start : start + size]


def _in_places(tx: Connection, sql: str, postings: Sequence[Posting]) -> None:
    driver = sqlite_of(tx)
    if driver is None:
        return
    for (number, width, key), part in groupby(postings, key=lambda p: (p[0], len(p[1]), len(p[2]))):
        joined = b"".join(token + row for _, token, row in part)
        with sqlite_errors(sql):
            driver.execute(sql, (number, width, key, len(joined) + 1, joined))


def _columns(postings: Sequence[Posting]) -> dict[str, list[Any]]:
    numbers, tokens, rows = zip(*postings, strict=True)
    return {"numbers": list(numbers), "tokens": list(tokens), "rows": list(rows)}
