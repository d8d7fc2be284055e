"""Rows of index tokens: in rounds of the rarest token, newest first, those that have the others."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, literal, select

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """One round over the rows of a token."""

    rows: tuple[bytes, ...]  # those that have all tokens that were asked for, newest first
    read: int  # rows of the token that leads
    through: bytes | None  # the last of them; None at the end of the token


@cache
def _reach(*, before: bool) -> PreparedSelect:
    """How many of the next rows of a token there are, and the oldest of them."""
    rows = _of_token(POSTING, before=before).limit(bindparam("most")).subquery()
    reach: Any = select(func.count(), func.min(rows.c.row_key))
    return PreparedSelect(reach)


@cache
def _having(others: int, *, before: bool) -> PreparedSelect:
    """Rows of a token, newest first and down to one, that have so many others in the same index."""
    lead = POSTING.alias("lead")
    wanted = _of_token(lead, before=before).where(lead.c.row_key >= bindparam("through"))
    for n in range(others):
        other = POSTING.alias()
        has = (other.c.index_id == bindparam("number"), other.c.token == bindparam(f"other{n}"))
        wanted = wanted.where(
            select(literal(1)).where(*has, other.c.row_key == lead.c.row_key).exists()
        )
    return PreparedSelect(wanted)


def _of_token(posting: Any, *, before: bool) -> Select[tuple[bytes]]:
    rows = select(posting.c.row_key).where(
        posting.c.index_id == bindparam("number"), posting.c.token == bindparam("token")
    )
    if before:
        rows = rows.where(posting.c.row_key < bindparam("before"))
    return rows.order_by(posting.c.row_key.desc())


def walk(
    tx: Connection, number: int, tokens: Sequence[bytes], *, before: bytes | None, limit: int
) -> Walked:
    """The next rows of the first token, newest first, that have all the others.

    So many rows of it are read and no more, however few of them have the rest.
    """
    first, *others = tokens
    facts: dict[str, Any] = {"number": number, "token": first}
    if before is not None:
        facts["before"] = before
    bounded = before is not None
    ((read, oldest),) = _reach(before=bounded).rows(tx, facts | {"most": limit})
    if not read:
        return Walked(rows=(), read=0, through=None)
    facts |= {f"other{n}": token for n, token in enumerate(others)} | {"through": bytes(oldest)}
    found = _having(len(others), before=bounded).rows(tx, facts)
    return Walked(
        rows=tuple(bytes(row[0]) for row in found),
        read=read,
        through=bytes(oldest) if read == limit else None,
    )


def rarest_first(tx: Connection, number: int, tokens: Sequence[bytes]) -> tuple[bytes, ...]:
    """The tokens in the order in which they are looked up; the most frequent ones may be left."""
    wanted = list(dict.fromkeys(tokens))
    if len(wanted) == 1:
        return tuple(wanted)
    counts = {token: rows_of(tx, number, token, most=COUNTED) for token in wanted}
    return tuple(sorted(wanted, key=lambda token: counts[token])[:PROBES])


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


def rows_due(
    tx: Connection, *, limit: int, sources: Collection[str] | None = None
) -> tuple[tuple[str, RowId, Due], ...]:
    """The next rows of the following job (of some tables), oldest first: whole values first."""
    wanted = select(ROW.c.source, ROW.c.row_key, ROW.c.due)
    if sources is not None:
        wanted = wanted.where(ROW.c.source.in_(sources))
    found: list[tuple[str, RowId, Due]] = []
    for due in (Due.POSTINGS, Due.ALL, Due.REST):
        mine = wanted.where(ROW.c.due == int(due)).order_by(ROW.c.row_key)
        rows = tx.execute(mine.limit(limit - len(found))) if len(found) < limit else ()
        found += [(source, unpacked(bytes(key)), Due(owed)) for source, key, owed in rows]
    return tuple(found)


def hold(tx: Connection, rows: Iterable[RowId]) -> None:
    """Nobody says of these rows what is still to come before the commit."""
    if tx.dialect.name != "sqlite":  # whose writer is alone
        for part in parts([packed(row) for row in rows]):
            mine = select(ROW.c.row_key).where(ROW.c.row_key.in_(part)).order_by(ROW.c.row_key)
            tx.execute(mine.with_for_update())


def indexed(tx: Connection, rows: Iterable[RowId]) -> dict[RowId, set[int]]:
    """Which numbers each of these rows has an entry in."""
    found: dict[bytes, set[int]] = {}
    for part in parts([packed(row) for row in rows]):
        for key, number in _ENTERED.rows(tx, {"rows": part}):
            found.setdefault(bytes(key), set()).add(number)
    return {unpacked(key): numbers for key, numbers in found.items()}
