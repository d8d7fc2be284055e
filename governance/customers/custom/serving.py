"""Further purposes of shipped fields, as an installation declares them: purpose, then fields."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from governance.core.terms import FieldId, PurposeId
from governance.customers.catalogue import Catalogue, CatalogueField, shipped_catalogue
from policies.reader import Cursor


def read_serving(_purpose: str, cursor: Cursor) -> frozenset[FieldId]:
    """The shipped fields that serve one more purpose; a field of one's own says it itself."""
    known = {str(name): name for name in shipped_catalogue().fields}
    found: list[FieldId] = []
    for item in cursor.items():
        name = item.one_of(known, "undeclared_field")
        if name in found:
            raise item.refuse("listed_twice", name)
        found.append(name)
    if not found:
        raise cursor.refuse("empty_list")
    return frozenset(found)


def with_serving(declared: Catalogue, serving: Mapping[PurposeId, Iterable[FieldId]]) -> Catalogue:
    """The catalogue in which these fields serve these purposes, too."""
    fields: dict[FieldId, CatalogueField] = dict(declared.fields)
    for purpose, names in serving.items():
        for name in names:
            fields[name] = replace(fields[name], purposes=fields[name].purposes | {purpose})
    tables = {
        name: replace(table, fields=tuple(fields[field.id] for field in table.fields))
        for name, table in declared.tables.items()
    }
    return replace(declared, tables=MappingProxyType(tables), fields=MappingProxyType(fields))
