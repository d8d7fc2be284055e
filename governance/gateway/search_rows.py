"""Rows that may answer a search, best first, still sealed: what the index says, round by round.

Each level of the best-founded group of the query is read from the index newest row first, so a
page costs what it shows and not what the whole search would find.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from governance.core.terms import FieldId
from governance.crypto.index import IndexKey
from governance.customers.search.looking import COUNTED, Walked, rarest_first, rows_of, walk
from governance.customers.search_plan import index_name
from governance.customers.search_queries import Part
from governance.customers.search_terms import Level, Lookup
from governance.customers.tokens import Known

FIRST_ROUND: Final = {  # rows of a token read at first: most pages need no more
    Level.EXACT: 40,
    Level.EDGE: 40,
    Level.PART: 160,  # few of these rows have the other pairs
}
ROUND: Final = 500  # and at most at a time
WORST: Final = max(Level)
LAST_ROW: Final = b""  # a place behind every row of its level


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

    @property
    def order(self) -> tuple[int, int]:
        """Less for what comes first: the level, then the newer row."""
        return self.level, -int.from_bytes(self.row, "big")


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


class Walk:
    """The places of a group's rows in their order, from a place on; a row may have several."""

    def __init__(
        self, tx: Connection, probes: Sequence[Probe], *, part: int, after: Place | None
    ) -> None:
        self.read = 0  # rows of the index so far
        self.at = after  # every place up to here was given
        self._tx = tx
        self._part = part
        self._probes = {
            level: tuple(probe for probe in probes if probe.level is level) for level in Level
        }
        self._ordered: dict[Probe, tuple[bytes, ...]] = {}
        self._levels = [level for level in Level if after is None or level >= after.level]
        self._before = None if after is None else after.row  # LAST_ROW: nothing of this level
        self._size: int | None = None  # of the following rounds of this level

    @property
    def ended(self) -> bool:
        """Whether no place is left."""
        return not self._levels

    def longer_than(self, most: int) -> bool:
        """Whether surely more than so many places are ahead, as far as single tokens tell."""
        return any(
            rows_of(self._tx, probe.number, probe.tokens[0], most=most + 1) > most
            for level in self._levels
            for probe in self._probes[level]
            if len(probe.tokens) == 1
        )

    def round(self) -> list[Place]:
        """The next places; it may be none, though the walk goes on.

        Rows of any of a level's look-ups, newest first: where one of them ends its round early,
        it bounds what is complete of all.
        """
        level = self._levels[0]
        rounds = [self._walked(probe) for probe in self._probes[level]]
        self.read += sum(found.read for found in rounds)
        bound = max((one.through for one in rounds if one.through is not None), default=LAST_ROW)
        rows = {row for found in rounds for row in found.rows if row >= bound}
        self.at = Place(part=self._part, level=level, row=bound)
        if bound:
            self._before, self._size = bound, ROUND
        else:
            self._before, self._size = None, None
            self._levels.pop(0)
        return [Place(part=self._part, level=level, row=row) for row in sorted(rows, reverse=True)]

    def _walked(self, probe: Probe) -> Walked:
        if probe not in self._ordered:  # of beginnings the longest, which is the rarest, leads
            self._ordered[probe] = (
                probe.tokens
                if probe.level is Level.EDGE
                else rarest_first(self._tx, probe.number, probe.tokens)
            )
        ordered = self._ordered[probe]
        size = self._size or FIRST_ROUND[probe.level]
        return walk(self._tx, probe.number, ordered, before=self._before, limit=size)


def read_on(probes: Iterable[Probe]) -> dict[FieldId, tuple[Level, ...]]:
    """The levels on which each field is looked up, the best first."""
    levels: dict[FieldId, set[Level]] = {}
    for probe in probes:
        levels.setdefault(probe.field, set()).add(probe.level)
    return {name: tuple(sorted(found)) for name, found in levels.items()}


def listed_at(
    part: Part,
    read: Mapping[FieldId, tuple[Level, ...]],
    values: Mapping[FieldId, str],
    allowed: Mapping[FieldId, Level],
) -> tuple[Level, tuple[FieldId, ...]] | None:
    """On which level a row stands, and by which fields; None for a row that does not answer.

    A field answers on the first level on which it is looked up and which is no better than true.
    One that is looked up on worse levels alone than another answers on is not compared at all.
    """
    best, named = WORST, list[FieldId]()
    for question in part.questions:
        name = question.field
        value, deepest, levels = values.get(name), allowed.get(name), read.get(name)
        if value is None or deepest is None or levels is None or (named and levels[0] > best):
            continue
        true = question.asked.level(value)
        if true is None or true > deepest:
            continue
        level = next((one for one in levels if one >= true), None)
        if level is None or (named and level > best):
            continue
        if named and level == best:
            named.append(name)
        else:
            best, named = level, [name]
    return (best, tuple(dict.fromkeys(named))) if named else None


def near(probes: Sequence[Probe], level: Level) -> frozenset[FieldId]:
    """Fields by which a row may stand on this level or on a better one."""
    return frozenset(probe.field for probe in probes if probe.level <= level)
