"""Persons of whom nothing stays leave every table, children first, by statements made once.

The same steps as for everybody else: what the catalogue declares at each edge and for each table.
One list of persons is one value of each statement, so a batch costs what its rows cost.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Delete, Select, Table, Update, delete, update

from governance.core.terms import SubjectId
from governance.customers.catalogue import OnErase, catalogue, derived
from governance.customers.edges import Edge, EdgeAction
from governance.customers.search.leaving import forget_subjects
from governance.customers.store import TABLES
from governance.db.keyed import PreparedChange, changed
from retention.edges import Step, steps


def remove(tx: Connection, ids: Sequence[SubjectId], *, trails: bool) -> Counter[str]:
    """Rows removed or emptied by table; none is left of these persons.

    `trails`: tokens of the search index are counted and listed, and go after them.
    """
    done: Counter[str] = Counter()
    if not ids:
        return done
    done["search_posting"] = forget_subjects(tx, ids, aside=trails)
    named = changes()
    for (name, _), rows in zip(
        named, changed(tx, [change.of(ids) for _, change in named]), strict=True
    ):
        done[name] += rows
    return done


@derived
def changes() -> tuple[tuple[str, PreparedChange], ...]:
    """Every statement of a removal with its table, in the order in which it is carried out."""
    made = [(step.name, one) for step in steps() for one in _of_step(step)]
    return (*made, *((name, _of_table(name)) for name in catalogue().erase_order()))


def _of_step(step: Step) -> tuple[PreparedChange, ...]:
    if step.action is EdgeAction.EMPTY:
        return tuple(PreparedChange(partial(_emptied, step, edge)) for edge in step.edges)
    return (PreparedChange(partial(_gone, step)),)


def _gone(step: Step, persons: Select[Any]) -> Delete:
    return delete(step.table).where(step.of(persons))


def _emptied(step: Step, edge: Edge, persons: Select[Any]) -> Update:
    """The row stays as it is about another person; what it says of these is gone."""
    cells = dict.fromkeys((edge.column, *edge.empties))
    return update(step.table).where(step.table.c[edge.column].in_(persons)).values(**cells)


def _of_table(name: str) -> PreparedChange:
    declared, table = catalogue().table(name), TABLES[name]
    match declared.on_erase:
        case OnErase.DELETE | OnErase.KEEP_BY_LAW:
            return PreparedChange(partial(_deleted, table))
        case OnErase.EMPTY_COLUMNS:
            sealed = tuple(field.column for field in declared.sealed())
            return PreparedChange(partial(_blanked, table, sealed))


def _deleted(table: Table, persons: Select[Any]) -> Delete:
    return delete(table).where(table.c.subject_id.in_(persons))


def _blanked(table: Table, columns: Sequence[str], persons: Select[Any]) -> Update:
    cells = dict.fromkeys(columns)
    return update(table).where(table.c.subject_id.in_(persons)).values(**cells)
