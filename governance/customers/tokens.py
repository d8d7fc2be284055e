"""The blind index in its tables: tokens of rows in, rows of tokens out; nothing here has a key.

Tokens stand twice, by row (`search_entry`: what goes with the row) and by token
(`search_posting`: what a search reads), and always change together but at a purge, which lists
what is left to go (`search_leaving`). Every row also says how much of its index is still to come,
so that a search can tell what it may be missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.postings import Posting, post, unpost
from governance.customers.search import models
from governance.db.fetching import NO_FACTS, PreparedSelect
from governance.db.prepared import PreparedInsert
from governance.db.types import insert_ignore, table_of

INDEX, ROW = table_of(models.SearchIndexRow), table_of(models.SearchRow)
ENTRY, POSTING = table_of(models.SearchEntryRow), table_of(models.SearchPostingRow)
LEAVING = table_of(models.SearchLeavingRow)
IN_LIMIT: Final = 500  # values in one IN list
_ENTRIES: Final = PreparedInsert(ENTRY, ignore=True)
Version = tuple[FieldId, int]  # an index by name (search_plan.index_name) and version of its key


class Due(IntEnum):
    """What of a row's index is still to come."""

    NOTHING = 0
    REST = 1  # prefixes, ends and n-grams: the following job writes them
    ALL = 2  # whole values too: the row came before its index
    POSTINGS = 3  # all is listed with the row, but may not lead to it: a job stores that now


_READ: Final = select(INDEX.c.id, INDEX.c.name, INDEX.c.version, INDEX.c.dropped)
_INDEXES: Final = PreparedSelect(_READ)
_INDEXES_LOCKED: Final = PreparedSelect(_READ.order_by(INDEX.c.id).with_for_update(read=True))
_OWES: Final = select(ROW.c.row_key).where(ROW.c.due > int(Due.NOTHING)).limit(bindparam("most"))
_OWING: Final = PreparedSelect(select(func.count()).select_from(_OWES.subquery()))
_ROWS: Final[Any] = bindparam("rows", expanding=True)
_NUMBERS: Final[Any] = bindparam("numbers", expanding=True)
_HELD: Final = PreparedSelect(
    select(ENTRY).where(ENTRY.c.row_key.in_(_ROWS), ENTRY.c.index_id.in_(_NUMBERS))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTokens:
    """The tokens of one row, by index and version; an empty tuple says: indexed, no token."""

    row: RowId
    subject: SubjectId | None  # with whom the tokens go; None where they are about no person
    source: str  # the row's table
    tokens: Mapping[Version, tuple[bytes, ...]] = field(repr=False)
    due: Due = Due.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The numbers of the indexes, as the caller's transaction sees them."""

    numbers: Mapping[Version, int]  # dropped ones are not among them
    dropped: frozenset[Version]

    def versions(self, name: FieldId) -> tuple[int, ...]:
        """Versions of an index whose tokens are kept, oldest first."""
        return tuple(sorted(version for known, version in self.numbers if known == name))


def packed(row: RowId) -> bytes:
    """The 16 octets of a row's UUID."""
    return bytes.fromhex(row.replace("-", ""))


def unpacked(octets: bytes) -> RowId:
    """The row's id as the other tables have it."""
    plain = octets.hex()
    return RowId(f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}")


# Numbers of indexes


def known_indexes(tx: Connection, *, lock: bool = False) -> Known:
    """Every index of the database; `lock` keeps a rotation from beginning before the commit."""
    # SQLite's BEGIN IMMEDIATE already is that lock
    statement = _INDEXES_LOCKED if lock and tx.dialect.name != "sqlite" else _INDEXES
    numbers: dict[Version, int] = {}
    dropped: set[Version] = set()
    for number, name, version, gone in statement.rows(tx, NO_FACTS):
        if gone:
            dropped.add((FieldId(name), version))
        else:
            numbers[FieldId(name), version] = number
    return Known(numbers=numbers, dropped=frozenset(dropped))


def number_indexes(tx: Connection, wanted: Iterable[Version]) -> Known:
    """Every wanted index has a number; one that is new gets the next, which is never reused."""
    known = known_indexes(tx, lock=True)
    missing = sorted(set(wanted) - known.numbers.keys() - known.dropped)
    while missing:
        following = tx.execute(select(func.coalesce(func.max(INDEX.c.id), 0) + 1)).scalar_one()
        rows = [
            {"id": following + n, "name": name, "version": version, "dropped": False, "turn": 0}
            for n, (name, version) in enumerate(missing)
        ]
        tx.execute(insert_ignore(INDEX, tx.dialect.name), rows)
        known = known_indexes(tx, lock=True)  # another transaction may have taken a number
        missing = sorted(set(missing) - known.numbers.keys() - known.dropped)
    return known


def take_turn(tx: Connection, name: FieldId) -> None:
    """Every writer of this index's tokens has committed, and the next ones see what we do here."""
    tx.execute(update(INDEX).where(INDEX.c.name == name).values(turn=INDEX.c.turn + 1))


def drop_index(tx: Connection, version: Version) -> None:
    """Nobody writes or reads this version's tokens from this commit on."""
    same = INDEX.c.name == version[0], INDEX.c.version == version[1]
    tx.execute(update(INDEX).where(*same).values(dropped=True, turn=INDEX.c.turn + 1))


def dropped_numbers(tx: Connection, versions: Iterable[Version]) -> list[int]:
    """Numbers of those of these versions that were dropped."""
    wanted = set(versions)
    found = tx.execute(select(INDEX.c.id, INDEX.c.name, INDEX.c.version).where(INDEX.c.dropped))
    return sorted(n for n, name, version in found if (name, version) in wanted)


# Writing


def add_tokens(tx: Connection, rows: Sequence[RowTokens]) -> None:
    """The rows can be found by these tokens; what is there already stays.

    A row whose tokens lack a version that is being built is left to the following job.
    """
    if not rows:
        return
    names = {name for row in rows for name, _ in row.tokens}
    known = number_indexes(tx, {version for row in rows for version in row.tokens})
    _put_rows(tx, rows, {version for version in known.numbers if version[0] in names})
    _write(tx, rows, known)


def _write(tx: Connection, rows: Sequence[RowTokens], known: Known) -> None:
    _enter(tx, rows, known)
    post(tx, _postings(rows, known))


def enter_tokens(tx: Connection, rows: Sequence[RowTokens]) -> list[Posting]:
    """What the rows, which are known already, will be found by is listed; what finds them.

    `postings.post_listed` stores that, later and in the order of many rows.
    """
    known = number_indexes(tx, {version for row in rows for version in row.tokens})
    _enter(tx, rows, known)
    return _postings(rows, known)


def _postings(rows: Sequence[RowTokens], known: Known) -> list[Posting]:
    numbers = known.numbers  # without those that were dropped while the tokens were made
    return [
        (numbers[version], token, key)
        for row in rows
        for key in (packed(row.row),)
        for version, tokens in row.tokens.items()
        if version in numbers
        for token in tokens
    ]


def put_entries(tx: Connection, rows: Sequence[RowTokens], known: Known) -> None:
    """The rows and what they will be found by are known; `post` makes them found (bulk loads)."""
    _put_rows(tx, rows, set())
    _enter(tx, rows, known)


def _enter(tx: Connection, rows: Sequence[RowTokens], known: Known) -> None:
    """What each row lists: its tokens of before and the new ones, so that none outlives the row."""
    keys = [packed(row.row) for row in rows]
    held: dict[tuple[bytes, int], bytes] = {}
    numbers = {known.numbers[v] for row in rows for v in row.tokens if v in known.numbers}
    for part in parts(keys) if numbers else ():
        wanted = {"rows": part, "numbers": sorted(numbers)}
        held |= {(bytes(key), n): bytes(joined) for key, n, joined in _HELD.rows(tx, wanted)}
    listed: dict[tuple[bytes, int], tuple[bytes, ...]] = {}
    for row, key in zip(rows, keys, strict=True):
        for version, tokens in row.tokens.items():
            if (number := known.numbers.get(version)) is not None:
                listed[key, number] = (*listed.get((key, number), ()), *tokens)
    _ENTRIES.rows(
        tx,
        [
            {"row_key": key, "index_id": number, "tokens": _joined(tokens)}
            for (key, number), tokens in listed.items()
            if (key, number) not in held
        ],
    )
    for place in listed.keys() & held.keys():
        before = split(held[place])
        whole = list(dict.fromkeys([*before, *listed[place]]))
        if len(whole) > len(before):
            mine = (ENTRY.c.row_key == place[0]) & (ENTRY.c.index_id == place[1])
            tx.execute(update(ENTRY).where(mine).values(tokens=_joined(whole)))


def _put_rows(tx: Connection, rows: Sequence[RowTokens], built: set[Version]) -> None:
    values = []
    for row in rows:
        named = {name for name, _ in row.tokens}
        lacks = any(version not in row.tokens for version in built if version[0] in named)
        due = Due.ALL if lacks else row.due
        whose = {"source": row.source, "subject_id": row.subject}
        values.append({"row_key": packed(row.row), **whose, "due": int(due)})
    tx.execute(_UPSERT[tx.dialect.name], values)


def _upsert(engine: Any) -> Any:
    statement = engine.insert(ROW)
    later = statement.excluded
    more = case((later.due > ROW.c.due, later.due), else_=ROW.c.due)
    whose = func.coalesce(later.subject_id, ROW.c.subject_id)
    return statement.on_conflict_do_update(
        index_elements=[ROW.c.row_key], set_={"due": more, "subject_id": whose}
    )


_UPSERT: Final = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}


def settle(tx: Connection, rows: Iterable[RowId], *, due: Due = Due.NOTHING) -> None:
    """This much of these rows' index is still to come."""
    for part in parts([packed(row) for row in rows]):
        tx.execute(update(ROW).where(ROW.c.row_key.in_(part)).values(due=int(due)))


def owe(tx: Connection, source: str, *, due: Due = Due.ALL) -> int:
    """Every row of a table whose index is complete is left to the following job again."""
    stands = ROW.c.source == source, ROW.c.due < int(due)
    return tx.execute(update(ROW).where(*stands).values(due=int(due))).rowcount


# Removing


def drop_tokens(
    tx: Connection, rows: Iterable[RowId], *, names: Iterable[FieldId] | None = None
) -> int:
    """How many tokens of these rows went, in these indexes; without names all, and the rows too."""
    numbers = None if names is None else _numbers_of(tx, set(names))
    gone = 0
    for part in parts([packed(row) for row in rows]):
        mine = [ENTRY.c.row_key.in_(part)]
        if numbers is not None:
            mine.append(ENTRY.c.index_id.in_(numbers))
        gone += _unpost(tx, and_(*mine))
        tx.execute(delete(ENTRY).where(*mine))
        if numbers is None:
            tx.execute(delete(ROW).where(ROW.c.row_key.in_(part)))
    return gone


def _numbers_of(tx: Connection, names: set[FieldId]) -> list[int]:
    known = known_indexes(tx)
    return [number for (name, _), number in known.numbers.items() if name in names]


def _unpost(tx: Connection, mine: Any) -> int:
    postings = _listed(tx, mine)
    unpost(tx, postings)
    return len(postings)


def listed(tx: Connection, rows: Iterable[RowId], numbers: Iterable[int]) -> list[Posting]:
    """What should lead to these rows in these indexes."""
    within = ENTRY.c.index_id.in_(list(numbers))
    return [
        posting
        for part in parts([packed(row) for row in rows])
        for posting in _listed(tx, ENTRY.c.row_key.in_(part) & within)
    ]


def _listed(tx: Connection, mine: Any) -> list[Posting]:
    held = tx.execute(select(ENTRY.c.index_id, ENTRY.c.row_key, ENTRY.c.tokens).where(mine))
    return [
        (number, token, bytes(key))
        for number, key, joined in held
        for token in split(bytes(joined))
    ]


def purge_index(tx: Connection, number: int, *, limit: int) -> int:
    """At most about `limit` tokens of a dropped version went; 0 when none is left."""
    mine = [POSTING.c.index_id == number]
    ahead = select(POSTING.c.token).where(*mine).order_by(POSTING.c.token).offset(limit).limit(1)
    until = tx.execute(ahead).scalar()
    if until is not None:
        mine.append(POSTING.c.token <= until)
    return tx.execute(delete(POSTING).where(*mine)).rowcount


def purge_entries(tx: Connection, numbers: Sequence[int], *, after: bytes, limit: int) -> bytes:
    """Entries of dropped versions of the next rows went; b"" at the end of the table."""
    ahead = select(ROW.c.row_key).where(ROW.c.row_key > after).order_by(ROW.c.row_key)
    rows = [bytes(row) for row in tx.execute(ahead.limit(limit)).scalars()]
    if not rows:
        return b""
    between = ENTRY.c.row_key > after, ENTRY.c.row_key <= rows[-1]
    tx.execute(delete(ENTRY).where(*between, ENTRY.c.index_id.in_(numbers)))
    return rows[-1]


# Looking


def count_behind(tx: Connection, *, most: int = 2**31 - 1) -> int:
    """How many rows cannot yet be found in every way, counted up to `most`."""
    return int(_OWING.one(tx, {"most": most}))


def _joined(tokens: Sequence[bytes]) -> bytes:
    """The tokens of one index, all of one width, behind an octet that says it."""
    return bytes([len(tokens[0]) if tokens else 0]) + b"".join(tokens)


def split(joined: bytes) -> list[bytes]:
    """The tokens of an entry."""
    width = joined[0]
    return [joined[at : at + width] for at in range(1, len(joined), width)] if width else []


def parts(values: Sequence[Any]) -> list[list[Any]]:
    """The values in lists short enough for one statement."""
    return [list(values[start : start + IN_LIMIT]) for start in range(0, len(values), IN_LIMIT)]
