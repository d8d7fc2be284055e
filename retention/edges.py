"""What an erasure does at every edge that the catalogue declares beside a table's own person.

One declaration serves removal, plan and residue check, so none of them can forget a table.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, update
from sqlmodel import SQLModel

from consent.collecting.models import CollectionRow
from consent.feed.models import FeedSubjectRow
from governance.core.terms import SubjectId
from governance.customers.catalogue import Catalogue, CatalogueError, catalogue
from governance.customers.custom.models import CustomValueRow
from governance.customers.edges import Edge, EdgeAction
from governance.customers.master.models import GuardianHandRow
from governance.customers.search.leaving import forget_subjects
from governance.customers.search.models import SearchEntryRow
from governance.customers.sources.models import ImportRow
from governance.customers.store import TABLES
from governance.customers.upkeep.models import MergeEntry
from governance.db.types import table_of
from governance.identity.models import ClientRow
from governance.identity.persons.models import CustomerPasskeyRow

SUBJECT = "subject"
DECLARED = frozenset(  # tables that exist once this module is imported
    table_of(model).name
    for model in (
        CustomValueRow,
        ClientRow,
        CollectionRow,
        CustomerPasskeyRow,
        GuardianHandRow,
        FeedSubjectRow,
        SearchEntryRow,
        ImportRow,
        MergeEntry,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One table that loses rows, or cells, by its edges to persons."""

    name: str
    table: Table
    edges: tuple[Edge, ...]  # all to persons, all with this action
    action: EdgeAction
    through: tuple[tuple[Edge, "Step"], ...] = ()  # rows of another step that these belong to

    def of(self, persons: Any) -> ColumnElement[bool]:
        """The rows that name one of these persons, directly or through their parent."""
        direct = [self.table.c[edge.column].in_(persons) for edge in self.edges]
        via = [
            self.table.c[edge.column].in_(
                select(*parent.table.primary_key.columns).where(parent.of(persons))
            )
            for edge, parent in self.through
        ]
        return or_(*direct, *via)


@cache
def steps() -> tuple[Step, ...]:
    """Every step in the order in which an erasure takes it: children before parents."""
    declared = catalogue()
    emptied = [_emptying(name, found) for name, found in _by_table(declared) if found]
    return (*emptied, *_deleting(declared))


def _by_table(declared: Catalogue) -> Iterator[tuple[str, tuple[Edge, ...]]]:
    """Edges to persons at which a row of the master or beside it stays and forgets the other."""
    for name, table in declared.tables.items():
        yield name, _of(table.edges, EdgeAction.EMPTY)
    for name, beside in declared.beside.items():
        yield name, _of(beside.edges, EdgeAction.EMPTY)


def _of(edges: Iterable[Edge], action: EdgeAction) -> tuple[Edge, ...]:
    return tuple(edge for edge in edges if edge.to == SUBJECT and edge.on_erase is action)


def _emptying(name: str, edges: tuple[Edge, ...]) -> Step:
    return Step(name=name, table=_table(name), edges=edges, action=EdgeAction.EMPTY)


def _deleting(declared: Catalogue) -> tuple[Step, ...]:
    """Tables beside the master whose rows go: with their person, or with their parent row."""
    made: dict[str, Step] = {}

    def make(name: str) -> Step | None:
        if name not in declared.beside:
            return None
        if name in made:
            return made[name]
        edges = declared.beside[name].edges
        parents = [
            (edge, parent)
            for edge in edges
            if edge.to != SUBJECT and edge.on_erase is EdgeAction.DELETE
            if (parent := make(edge.to)) is not None
        ]
        direct = _of(edges, EdgeAction.DELETE)
        if not direct and not parents:
            return None
        made[name] = Step(
            name=name,
            table=_table(name),
            edges=direct,
            action=EdgeAction.DELETE,
            through=tuple(parents),
        )
        return made[name]

    for name in declared.beside:
        make(name)
    return tuple(reversed(made.values()))  # a parent is made before its children


def _table(name: str) -> Table:
    """The declared table; fails closed when its feature is not part of this program."""
    found = TABLES[name] if name in TABLES else SQLModel.metadata.tables.get(name)
    if found is None:
        raise CatalogueError(place=name, problem="table_missing")
    return found


def follow(tx: Connection, ids: Sequence[SubjectId]) -> Counter[str]:
    """Rows removed or emptied by table at every edge to these persons."""
    done: Counter[str] = Counter({"search_posting": forget_subjects(tx, ids)})
    for step in steps():
        if step.action is EdgeAction.EMPTY:
            done[step.name] += sum(_empty(tx, step, edge, ids) for edge in step.edges)
        else:
            done[step.name] += tx.execute(delete(step.table).where(step.of(ids))).rowcount
    return done


def _empty(tx: Connection, step: Step, edge: Edge, ids: Sequence[SubjectId]) -> int:
    """The row stays as it is about another person; what it says of these is gone."""
    cells = dict.fromkeys((edge.column, *edge.empties))
    mine = step.table.c[edge.column].in_(ids)
    return tx.execute(update(step.table).where(mine).values(**cells)).rowcount


def left(tx: Connection, tombstones: Any) -> Counter[str]:
    """Rows that should be gone or emptied for the persons whom this statement selects."""
    found: Counter[str] = Counter()
    for step in steps():
        counted = select(func.count()).where(step.of(tombstones))
        found[step.name] += int(tx.execute(counted).scalar_one())
    return found


def named(tx: Connection, subject: SubjectId) -> Iterator[tuple[Edge, int]]:
    """Edges by which rows name this person, with their number of rows."""
    for step in steps():
        for edge in step.edges:
            mine = select(func.count()).where(step.table.c[edge.column] == subject)
            if count := int(tx.execute(mine).scalar_one()):
                yield edge, count
