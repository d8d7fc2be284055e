"""Writing tokens of stored rows: opened and hashed outside the writer, checked again inside it.

What makes it safe beside other writers: tokens are listed only with rows whose cells are still the
ones that were read, a row that changed is left to the next step, and a token leads to a row only
as long as the row lists it. Tokens are listed row by row and lead to rows in their own order, many
rows at a time: else nearly each of them would touch a page of its own. Twice equals once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, select

from governance.core.terms import FieldId, RowId
from governance.crypto.values import Plain
from governance.customers import tokens
from governance.customers.custom.rows import beside
from governance.customers.custom.types import is_custom
from governance.customers.indexing import (
    Tokeniser,
    indexed_fields,
    indexed_tables,
    is_clear,
)
from governance.customers.postings import Posting, post_listed, slices
from governance.customers.search import looking
from governance.customers.store import IN_LIMIT, TABLES
from governance.customers.tokens import Due, RowTokens, Version
from governance.db.engine import Database
from governance.keys.errors import KeyDestroyedError
from governance.keys.vault import FieldVault

BATCH: Final = 500  # rows of one transaction; keeps the writer free for others
STEP: Final = 8 * BATCH  # rows of one step of the following job
SPAN: Final = 40 * BATCH  # rows of one step of a rotation, which writes fewer tokens of each
POSTED: Final = 5_000  # tokens of one transaction

_Plain = Mapping[FieldId, Plain | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What one step did; `rows` 0 says that nothing was left to do."""

    rows: int = 0
    tokens: int = 0
    later: int = 0  # rows that changed meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One row whose index lacks these versions."""

    row: RowId
    source: str
    lacks: frozenset[Version]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """What a row holds in its indexed fields, as it is stored."""

    clear: Mapping[FieldId, str] = field(repr=False)
    sealed: Mapping[FieldId, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Rows of one table as they were read."""

    source: str
    rows: tuple[RowId, ...]
    fields: tuple[FieldId, ...]
    cells: Mapping[RowId, _Cells] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """Tokens that wait to be stored, with what they were made of."""

    parts: tuple[_Part, ...]
    made: tuple[RowTokens, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entered:
    """A batch that is listed, and what is to lead to its rows."""

    rows: Mapping[RowId, frozenset[Version]]  # in which versions
    gone: frozenset[RowId]  # these have nothing to index any more
    postings: tuple[Posting, ...] = field(repr=False)


class Filler:
    """Fills the index of rows of one installation."""

    def __init__(
        self, database: Database, vault: FieldVault, *, tables: Collection[str] | None = None
    ) -> None:
        self._database = database
        self._vault = vault
        self._tables = tuple(indexed_tables() if tables is None else tables)
        self._tokeniser = Tokeniser(vault, self._tables)

    def due(self, *, limit: int = STEP) -> Filled:
        """The next rows whose index is not complete are; whole values before the rest."""
        self._tokeniser.look()
        with self._database.read() as tx:
            rows = looking.rows_due(tx, limit=limit, sources=self._tables)
            have = looking.indexed(tx, [row for _, row, _ in rows])
            numbers = tokens.known_indexes(tx).numbers
            owed = [row for _, row, due in rows if due is Due.POSTINGS]
            listed = tokens.listed(tx, owed, numbers.values())  # by a step that broke off
        alike = {row: frozenset(held) for row, held in have.items()}
        lacks = {held: self._lacks(held, numbers) for held in {None, *alike.values()}}
        wanted = [
            _Wanted(row=row, source=source, lacks=lacks[alike.get(row)]) for source, row, _ in rows
        ]
        batches = (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))
        entered = self._enter_all((self._prepare(batch) for batch in batches), owing=True)
        self._post([*listed, *(one for part in entered for one in part.postings)])
        with self._database.read() as tx:
            numbers = tokens.known_indexes(tx).numbers  # the first rows of all make new ones
        needs = {row: frozenset[int]() for part in entered for row in part.gone}
        for row, made in (one for part in entered for one in part.rows.items()):
            lacked = {numbers[version] for version in made if version in numbers}
            needs[row] = alike.get(row, frozenset()) | lacked
        ready = self._settle(needs)
        count = sum(len(part.postings) for part in entered)
        return Filled(rows=ready, tokens=count, later=len(wanted) - ready)

    def fill(self, source: str, rows: Sequence[RowId], *, only: Collection[Version]) -> None:
        """These rows of one table, as far as they do not change meanwhile, have these versions."""
        batches = (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
        made = (self._prepared(source, batch, only=only) for batch in batches)
        entered = self._enter_all(made, owing=False)
        self._post([one for part in entered for one in part.postings])

    def _enter_all(self, batches: Iterable[_Prepared], *, owing: bool) -> list[_Entered]:
        """Every batch is listed with its rows, one while the next is made."""
        with ThreadPoolExecutor(max_workers=1) as writer:
            stored = [writer.submit(self._enter, made, owing=owing) for made in batches]
        return [one.result() for one in stored]

    def _enter(self, prepared: _Prepared, *, owing: bool) -> _Entered:
        def write(tx: Connection) -> _Entered:
            ready, gone = _unchanged(tx, prepared)
            postings = tokens.enter_tokens(tx, ready)
            done = {row.row: frozenset(row.tokens) for row in ready}
            if owing:
                tokens.settle(tx, done, due=Due.POSTINGS)
            return _Entered(rows=done, gone=gone, postings=tuple(postings))

        return self._database.write(write, batch=True)

    def _post(self, postings: list[Posting]) -> None:
        for part in slices(postings, POSTED):
            self._database.write(partial(post_listed, postings=part), batch=True)

    def _settle(self, needs: Mapping[RowId, frozenset[int]]) -> int:
        """How many of these rows owe nothing more: those that still list what they need."""

        def write(tx: Connection, part: Sequence[RowId]) -> int:
            looking.hold(tx, part)
            have = looking.indexed(tx, part)
            done = [row for row in part if needs[row] <= have.get(row, frozenset())]
            tokens.settle(tx, done)
            return len(done)

        return sum(
            self._database.write(partial(write, part=part), batch=True)
            for part in tokens.parts(list(needs))
        )

    def _prepared(
        self, source: str, rows: Sequence[RowId], *, only: Collection[Version]
    ) -> _Prepared:
        """The tokens of these rows of one table in these versions, not stored yet."""
        self._tokeniser.look()
        lacks = frozenset(only)
        return self._prepare([_Wanted(row=row, source=source, lacks=lacks) for row in rows])

    def _lacks(
        self, have: frozenset[int] | None, numbers: Mapping[Version, int]
    ) -> frozenset[Version]:
        live = self._tokeniser.live()
        return frozenset(one for one in live if have is None or numbers.get(one) not in have)

    def _prepare(self, wanted: Sequence[_Wanted]) -> _Prepared:
        by_source: dict[str, list[_Wanted]] = {}
        for one in wanted:
            by_source.setdefault(one.source, []).append(one)
        parts, made = list[_Part](), list[RowTokens]()
        with self._database.read() as tx:
            for source, mine in by_source.items():
                names, rows = self._fields(source, mine), tuple(one.row for one in mine)
                cells = _cells(tx, source, rows, names)
                parts.append(_Part(source=source, rows=rows, fields=names, cells=cells))
        for part in parts:
            made += self._make(by_source[part.source], part.cells)
        return _Prepared(parts=tuple(parts), made=tuple(made))

    def _fields(self, source: str, part: Sequence[_Wanted]) -> tuple[FieldId, ...]:
        """The fields that the lacking tokens are made of; no other is opened."""
        lacks: frozenset[Version] = frozenset().union(*{one.lacks for one in part})
        needed = self._tokeniser.fields(source, lacks)
        return tuple(found.field for found in indexed_fields(source) if found.field in needed)

    def _make(self, part: Sequence[_Wanted], read: Mapping[RowId, _Cells]) -> list[RowTokens]:
        there = [one for one in part if one.row in read]
        opened = self._open([(one.row, read[one.row]) for one in there])
        return [
            RowTokens(
                row=one.row,
                subject=None,  # the index knows the row already, and whose it is
                source=one.source,
                tokens=self._tokeniser.tokens(one.source, plain, only=one.lacks),
            )
            for one, plain in zip(there, opened, strict=True)
            if plain is not None
        ]

    def _open(self, rows: Sequence[tuple[RowId, _Cells]]) -> list[_Plain | None]:
        try:
            opened = self._vault.open_rows([(row, cells.sealed) for row, cells in rows])
        except KeyDestroyedError:  # of one of them: an erasure is under way
            return [self._open_one(row, cells) for row, cells in rows]
        return [
            {**cells.clear, **found.reveal()}
            for (_, cells), found in zip(rows, opened, strict=True)
        ]

    def _open_one(self, row: RowId, cells: _Cells) -> _Plain | None:
        """The row's values; None for an erased person's, which needs no index any more."""
        try:
            return {**cells.clear, **self._vault.open_row(row, cells.sealed).reveal()}
        except KeyDestroyedError:
            return None


def _unchanged(tx: Connection, prepared: _Prepared) -> tuple[list[RowTokens], frozenset[RowId]]:
    """The tokens of all rows that are as they were read; and which rows are gone."""
    same = {
        row
        for part in prepared.parts
        for row, cells in _cells(tx, part.source, part.rows, part.fields, lock=True).items()
        if cells == part.cells.get(row)
    }
    made = {row.row for row in prepared.made}
    gone = {row for part in prepared.parts for row in part.rows if row not in made}
    return [row for row in prepared.made if row.row in same], frozenset(gone)


def _cells(
    tx: Connection,
    source: str,
    ids: Sequence[RowId],
    names: Sequence[FieldId],
    *,
    lock: bool = False,
) -> dict[RowId, _Cells]:
    """These fields of these rows; `lock` holds the rows until the commit."""
    table = TABLES[source]
    fields = [name for name in names if not is_custom(name)]
    columns = [table.c[name.partition(".")[2]] for name in fields]
    read: dict[RowId, dict[FieldId, Any]] = {}
    for start in range(0, len(ids), IN_LIMIT):
        mine = table.c.id.in_(ids[start : start + IN_LIMIT])
        statement = select(table.c.id, *columns).where(mine)
        if lock and tx.dialect.name != "sqlite":
            statement = statement.order_by(table.c.id).with_for_update(read=True)
        for row, *cells in tx.execute(statement):
            held = zip(fields, cells, strict=True)
            read[RowId(row)] = {name: cell for name, cell in held if cell is not None}
    for own, more in beside(tx, [(source, row) for row in read]).items():
        read[own] |= {name: cell for name, cell in more.items() if name in names}
    open_ones = {name for name in fields if is_clear(name)}
    return {
        row: _Cells(
            clear={name: str(cell) for name, cell in cells.items() if name in open_ones},
            sealed={name: bytes(cell) for name, cell in cells.items() if name not in open_ones},
        )
        for row, cells in read.items()
    }


def follow(database: Database, vault: FieldVault, *, most: int | None = None) -> Filled:
    """Every row can be found in every way, or the next `most` rows can."""
    filler, rows, made = Filler(database, vault), 0, 0
    while most is None or rows < most:
        step = filler.due(limit=STEP if most is None else min(STEP, most - rows))
        rows, made = rows + step.rows, made + step.tokens
        if step.rows == 0:
            return Filled(rows=rows, tokens=made, later=step.later)
    return Filled(rows=rows, tokens=made)


def complete_whole_values(database: Database, vault: FieldVault) -> None:
    """Every row can be found by its whole values, as whoever matches rows must know.

    It is so already but after an upgrade, a restore or the beginning of an index rotation.
    """
    while _owes_whole_values(database):
        if Filler(database, vault).due().rows == 0:
            return


def _owes_whole_values(database: Database) -> bool:
    with database.read() as tx:
        return any(due >= Due.ALL for _, _, due in looking.rows_due(tx, limit=1))
