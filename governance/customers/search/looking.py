"""Rows of index tokens: the newest rows that have all tokens of a term, the rarest token first."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, func, literal, select

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.tokens import (
    ENTRY,
    IN_LIMIT,
    POSTING,
    ROW,
    Due,
    known_indexes,
    packed,
    parts,
    unpacked,
)
from governance.db.fetching import PreparedSelect

PROBES: Final = 8  # tokens that are looked up; the comparison with the value does the rest
COUNTED: Final = 1_000  # rows of a token beyond which it is only "many"


_COUNT: Final = PreparedSelect(
    select(func.count()).select_from(
        select(literal(1))
        .select_from(POSTING)
        .where(POSTING.c.index_id == bindparam("number"), POSTING.c.token == bindparam("token"))
        .limit(bindparam("most"))
        .subquery()
    )
)


_ROWS: Final[Any] = bindparam("rows", expanding=True)
_ENTERED: Final = PreparedSelect(
    select(ENTRY.c.row_key, ENTRY.c.index_id).where(ENTRY.c.row_key.in_(_ROWS))
)


@cache
def _having(others: int, *, before: bool) -> PreparedSelect:
    """The newest rows that have a token and so many others in one index."""
    lead = POSTING.alias("lead")
    number: BindParameter[int] = bindparam("number")
    wanted = select(lead.c.row_key).where(
        lead.c.index_id == number, lead.c.token == bindparam("token")
    )
    for n in range(others):
        other = POSTING.alias()
        has = (other.c.index_id == number, other.c.token == bindparam(f"other{n}"))
        wanted = wanted.where(
            select(literal(1)).where(*has, other.c.row_key == lead.c.row_key).exists()
        )
    if before:
        wanted = wanted.where(lead.c.row_key < bindparam("before"))
    return PreparedSelect(wanted.order_by(lead.c.row_key.desc()).limit(bindparam("most")))


def rows_with(
    tx: Connection,
    number: int,
    tokens: Sequence[bytes],
    *,
    before: bytes | None = None,
    limit: int,
) -> list[bytes]:
    """The newest rows that have all these tokens in one index, newest first; rarest token leads."""
    first, *others = _rarest_first(tx, number, tokens)
    facts: dict[str, Any] = {"number": number, "token": first, "most": limit}
    facts |= {f"other{n}": token for n, token in enumerate(others)}
    if before is not None:
        facts["before"] = before
    found = _having(len(others), before=before is not None).rows(tx, facts)
    return [bytes(row[0]) for row in found]


def _rarest_first(tx: Connection, number: int, tokens: Sequence[bytes]) -> list[bytes]:
    wanted = list(dict.fromkeys(tokens))
    if len(wanted) == 1:
        return wanted
    counts = {token: rows_of(tx, number, token, most=COUNTED) for token in wanted}
    return sorted(wanted, key=lambda token: counts[token])[:PROBES]


def rows_of(tx: Connection, number: int, token: bytes, *, most: int) -> int:
    """How many rows have a token, counted up to `most`."""
    return int(_COUNT.one(tx, {"number": number, "token": token, "most": most}))


def find_tokens(
    tx: Connection, names: Iterable[FieldId], tokens: Iterable[bytes]
) -> tuple[tuple[bytes, RowId, SubjectId], ...]:
    """Rows and persons that have one of these tokens in one of these indexes."""
    wanted, known, named = list(dict.fromkeys(tokens)), known_indexes(tx), set(names)
    numbers = [number for (name, _), number in known.numbers.items() if name in named]
    found: list[tuple[bytes, RowId, SubjectId]] = []
    for start in range(0, len(wanted) if numbers else 0, IN_LIMIT):
        part = wanted[start : start + IN_LIMIT]
        rows = tx.execute(
            select(POSTING.c.token, POSTING.c.row_key, ROW.c.subject_id)
            .join_from(POSTING, ROW, POSTING.c.row_key == ROW.c.row_key)
            .where(POSTING.c.index_id.in_(numbers), POSTING.c.token.in_(part))
        )
        found += [(bytes(t), unpacked(bytes(row)), SubjectId(of)) for t, row, of in rows]
    return tuple(found)


def rows_due(tx: Connection, *, limit: int) -> tuple[tuple[str, RowId, SubjectId, Due], ...]:
    """The next rows of the following job, oldest first: whole values before the rest."""
    wanted = select(ROW.c.source, ROW.c.row_key, ROW.c.subject_id, ROW.c.due)
    found: list[tuple[str, RowId, SubjectId, Due]] = []
    for due in (Due.ALL, Due.REST):
        mine = wanted.where(ROW.c.due == int(due)).order_by(ROW.c.row_key)
        rows = tx.execute(mine.limit(limit - len(found))) if len(found) < limit else ()
        found += [(s, unpacked(bytes(k)), SubjectId(of), Due(d)) for s, k, of, d in rows]
    return tuple(found)


def indexed(tx: Connection, rows: Iterable[RowId]) -> dict[RowId, set[int]]:
    """Which numbers each of these rows has an entry in."""
    found: dict[bytes, set[int]] = {}
    for part in parts([packed(row) for row in rows]):
        for key, number in _ENTERED.rows(tx, {"rows": part}):
            found.setdefault(bytes(key), set()).add(number)
    return {unpacked(key): numbers for key, numbers in found.items()}
