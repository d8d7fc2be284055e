"""Rows that may answer a search, best first, still sealed: what the index says, lazily.

Each level of the best-founded group of the query is read from the index newest row first, so a
page costs what it shows and not what the whole search would find.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from governance.core.terms import FieldId, SubjectId
from governance.crypto.index import IndexKey
from governance.customers.catalogue import CatalogueField, catalogue
from governance.customers.custom.types import is_custom
from governance.customers.indexing import indexed_fields
from governance.customers.search.looking import COUNTED, rows_of, rows_with
from governance.customers.search_plan import index_name
from governance.customers.search_queries import Part
from governance.customers.search_terms import Form, Level, Lookup
from governance.customers.store import TABLES, Record, record_of, with_custom
from governance.customers.tokens import Known, unpacked
from governance.db.fetching import PreparedSelect

TABLE: Final = "person"  # whose rows are found
FIRST_ROUND: Final = 40  # rows of one token read at first: most pages need no more
ROUND: Final = 500  # and at most at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One look-up in one index: rows that have all these tokens."""

    field: FieldId
    level: Level
    number: int
    tokens: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the order of a search a row stands."""

    part: int  # which group of the query leads
    level: Level
    row: bytes  # all rows of this level that are newer come before it


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexInUse:
    """The keys and numbers of the indexes that are searched now."""

    keys: Mapping[FieldId, IndexKey]
    known: Known

    @property
    def stale(self) -> bool:
        """Whether a rotation has begun to delete what these keys find: look at the keys again."""
        used = {(name, key.version) for name, key in self.keys.items()}
        return bool(used & self.known.dropped)

    def probe(self, field: FieldId, lookup: Lookup) -> Probe | None:
        """The look-up in this field's index; None where the field has no such index."""
        name = index_name(field, lookup.kind)
        key = self.keys.get(name)
        number = None if key is None else self.known.numbers.get((name, key.version))
        if key is None or number is None:
            return None
        return Probe(
            field=field, level=lookup.level, number=number, tokens=key.tokens(lookup.terms)
        )


def searchable() -> dict[FieldId, Form]:
    """Fields of the register that can be found, with the form of their values."""
    return {found.field: found.form for found in indexed_fields(TABLE)}


def fields_named(names: Iterable[FieldId]) -> tuple[CatalogueField, ...]:
    """These fields of the register, in the catalogue's order."""
    wanted = set(names)
    return tuple(entry for entry in catalogue().table(TABLE).fields if entry.id in wanted)


def names_of(parts: Sequence[Part]) -> set[FieldId]:
    """Every index that the query may read."""
    asked = {question.field for part in parts for question in part.questions}
    return {
        index_name(found.field, kind)
        for found in indexed_fields(TABLE)
        if found.field in asked
        for kind in found.kinds
    }


def probes_of(part: Part, index: IndexInUse, allowed: Mapping[FieldId, Level]) -> tuple[Probe, ...]:
    """The look-ups of a group, none deeper than the searcher may look into its field."""
    found: dict[Probe, None] = {}
    for question in part.questions:
        deepest = allowed.get(question.field)
        for lookup in question.asked.lookups if deepest is not None else ():
            if deepest is not None and lookup.level <= deepest:
                probe = index.probe(question.field, lookup)
                if probe is not None:
                    found.setdefault(probe)
    return tuple(found)


def leading(tx: Connection, groups: Sequence[Sequence[Probe]]) -> int:
    """The group that the fewest rows can answer, as far as the index tells."""
    if len(groups) == 1:
        return 0
    sizes = [
        sum(
            min(rows_of(tx, probe.number, token, most=COUNTED) for token in probe.tokens)
            for probe in probes
        )
        for probes in groups
    ]
    return sizes.index(min(sizes))


def candidates(
    tx: Connection, probes: Sequence[Probe], *, part: int, after: Place | None
) -> Iterator[Place]:
    """The places of a group's rows in their order, from a place on; a row may stand in several."""
    for level in Level:
        if after is not None and level < after.level:
            continue
        before = after.row if after is not None and level is after.level else None
        mine = [probe for probe in probes if probe.level is level]
        for row in _newest_first(tx, mine, before=before):
            yield Place(part=part, level=level, row=row)


def _newest_first(
    tx: Connection, probes: Sequence[Probe], *, before: bytes | None
) -> Iterator[bytes]:
    """Rows of any of these look-ups, newest first; a full round of one bounds all of them."""
    size = FIRST_ROUND
    while probes:
        rounds = [
            rows_with(tx, probe.number, probe.tokens, before=before, limit=size) for probe in probes
        ]
        bound = max((rows[-1] for rows in rounds if len(rows) == size), default=b"")
        yield from sorted({row for rows in rounds for row in rows if row >= bound}, reverse=True)
        if not bound:
            return
        before, size = bound, ROUND


def listed_at(
    part: Part,
    probes: Sequence[Probe],
    values: Mapping[FieldId, str],
    allowed: Mapping[FieldId, Level],
) -> tuple[Level, tuple[FieldId, ...]] | None:
    """On which level a row stands, and by which fields; None for a row that does not answer.

    A field answers on the first level on which it is looked up and which is no better than true.
    """
    levels: dict[FieldId, Level] = {}
    for question in part.questions:
        value, deepest = values.get(question.field), allowed.get(question.field)
        true = question.asked.level(value) if value is not None else None
        if true is None or deepest is None or true > deepest:
            continue
        read = [p.level for p in probes if p.field == question.field and p.level >= true]
        if read:
            levels[question.field] = min([*read, levels.get(question.field, max(Level))])
    if not levels:
        return None
    best = min(levels.values())
    return best, tuple(name for name, level in levels.items() if level is best)


def records_of_rows(
    tx: Connection, rows: Sequence[bytes], *, only: Iterable[FieldId] | None = None
) -> dict[bytes, Record]:
    """The rows, still sealed; whole, or with these fields alone."""
    ids = {unpacked(row): row for row in rows}
    if only is None or any(is_custom(name) for name in only):
        columns = TABLES[TABLE].c.keys()
        found = [dict(zip(columns, row, strict=True)) for row in _WHOLE.rows(tx, {"ids": [*ids]})]
        whole = with_custom(tx, [record_of(TABLE, row) for row in found])
        return {ids[record.id]: record for record in whole}
    names = tuple(sorted(only))
    records: dict[bytes, Record] = {}
    for row, subject, *cells in _cells_of(names).rows(tx, {"ids": [*ids]}):
        sealed = {n: bytes(c) for n, c in zip(names, cells, strict=True) if c is not None}
        records[ids[row]] = Record(
            table=TABLE, id=row, subject=SubjectId(subject), clear={}, sealed=sealed
        )
    return records


_IDS: Final[Any] = bindparam("ids", expanding=True)
_WHOLE: Final = PreparedSelect(select(TABLES[TABLE]).where(TABLES[TABLE].c.id.in_(_IDS)))


@lru_cache(maxsize=128)
def _cells_of(names: tuple[FieldId, ...]) -> PreparedSelect:
    source = TABLES[TABLE]
    columns = [source.c[name.partition(".")[2]] for name in names]
    wanted = select(source.c.id, source.c.subject_id, *columns)
    return PreparedSelect(wanted.where(source.c.id.in_(_IDS)))
