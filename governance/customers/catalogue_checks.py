"""What stops the start: a column, a purpose or a reference that the catalogue does not declare."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from governance.core.terms import FieldId, PurposeId
from governance.customers.catalogue import Catalogue, CatalogueError
from governance.customers.edges import Edge

PERSONAL = re.compile(
    r"(^|_)(e?mail|phone|mobile|tel|fax|kana|furigana|address|postal_code|zip|birth|birthday|dob|"
    r"birth_date|sex|gender|guardian|customer_name|person_name|full_name|family_name|given_name)($|_)"
)
SUBJECT = re.compile(r"(^|_)subject(_id)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A column that names a person or a row of another table."""

    column: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """What the schema says of one table, as far as the catalogue must answer for it."""

    name: str
    columns: tuple[str, ...]
    references: tuple[Reference, ...] = ()
    binary: tuple[str, ...] = ()  # where frames may lie


def check_columns(declared: Catalogue, columns: Mapping[str, Iterable[str]]) -> None:
    """Fails closed: a column without a declaration, or the reverse, stops the start."""
    for name in sorted({*declared.tables, *columns}):
        stored = set(columns.get(name, ()))
        table = declared.tables.get(name)
        known = (
            {field.column for field in table.fields if field.custom is None}
            if table is not None
            else set()
        )
        for column in sorted(stored ^ known):
            raise CatalogueError(place=f"{name}.{column}", problem="undeclared")


def check_purposes(declared: Catalogue, purposes: Iterable[PurposeId]) -> None:
    """Fails closed: a field that serves a purpose which the policy does not know."""
    known = frozenset(purposes)
    for field in declared.fields.values():
        for purpose in sorted(field.purposes - known):
            raise CatalogueError(place=f"{field.id}:{purpose}", problem="unknown_purpose")


def check_shape(declared: Catalogue, shapes: Iterable[TableShape]) -> None:
    """Fails closed: personal data or a reference of any table that nobody answers for."""
    for shape in sorted(shapes, key=lambda one: one.name):
        if shape.name in declared.tables:
            _check_edges(shape, declared.tables[shape.name].edges, own="subject_id")
        elif shape.name in declared.beside:
            _check_edges(shape, declared.beside[shape.name].edges, own=None)
        else:
            for column in _telling(shape):
                raise CatalogueError(place=f"{shape.name}.{column}", problem="undeclared_personal")


def _telling(shape: TableShape) -> tuple[str, ...]:
    """Columns by which an undeclared table may hold personal data."""
    named = (c for c in shape.columns if SUBJECT.search(c) or PERSONAL.search(c))
    return tuple(dict.fromkeys((*named, *shape.binary)))


def _check_edges(shape: TableShape, edges: Iterable[Edge], *, own: str | None) -> None:
    """Every reference of the table has an edge, and every edge is a reference of the table."""
    declared = {(edge.column, edge.to) for edge in edges}
    stored = {(reference.column, reference.to) for reference in shape.references}
    stored |= {(c, "subject") for c in shape.columns if SUBJECT.search(c) and c.endswith("_id")}
    stored = {pair for pair in stored if pair[0] != own}
    for column, _to in sorted(declared ^ stored):
        raise CatalogueError(place=f"{shape.name}.{column}", problem="undeclared_edge")


def unused_fields(declared: Catalogue, used: Iterable[FieldId]) -> tuple[FieldId, ...]:
    """Fields that no rule of the policy opens to anybody (APPI 22: needed no longer?)."""
    return tuple(sorted(set(declared.fields) - set(used)))
