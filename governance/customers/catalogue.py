"""The catalogue: what every column holds, for which purposes, how it is found and how it goes.

Shipped as data/catalogue.yaml. A table column that it does not declare, and a field that serves
no purpose, are refused at start-up: an undeclared column is data that nobody would erase.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, Lang, PurposeId
from governance.core.yamls import read_yaml

T = TypeVar("T")


class Storage(StrEnum):
    """How a column holds its value."""

    SEALED = "sealed"
    CLEAR = "clear"


class Sensitivity(StrEnum):
    """How much harm a leak of the field does by law."""

    ORDINARY = "ordinary"
    SPECIAL_CARE = "special_care"  # 要配慮個人情報, APPI 2(3)
    GDPR_9 = "gdpr_9"
    IDENTIFICATION_CODE = "identification_code"  # 個人識別符号, APPI 2(2)
    FINANCIAL = "financial"  # Rule 7(ii): a leak of one is reportable


class Search(StrEnum):
    """How a field can be found."""

    NONE = "none"
    EXACT = "exact"
    PREFIX = "prefix"
    NGRAM = "ngram"


class OnErase(StrEnum):
    """What becomes of a table's rows when their person is erased."""

    DELETE = "delete"
    EMPTY_COLUMNS = (
        "empty_columns"  # the personal columns become NULL, the rest is not about the person
    )
    KEEP_BY_LAW = "keep_by_law"  # fields of the accounting class stay under the `kept` key


class CatalogueError(GovernanceError):
    """The catalogue does not fit the tables or the policy; nothing was started."""

    code, status, exit_code = "catalogue_invalid", 503, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueField:
    """One column of the store."""

    id: FieldId
    table: str
    column: str
    label_ja: str
    label_en: str
    category: str
    purposes: frozenset[PurposeId]
    sensitivity: Sensitivity
    storage: Storage
    search: frozenset[Search]
    retention: str
    owner: str
    free_text: bool = False
    third_person: bool = False

    def label(self, lang: Lang) -> str:
        """The field's name for people."""
        return self.label_ja if lang is Lang.JA else self.label_en


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueTable:
    """One table of the store with its fields in order."""

    name: str
    label_ja: str
    label_en: str
    source: str
    on_erase: OnErase
    fields: tuple[CatalogueField, ...]

    def label(self, lang: Lang) -> str:
        """The table's name for people."""
        return self.label_ja if lang is Lang.JA else self.label_en

    def sealed(self) -> tuple[CatalogueField, ...]:
        """Fields that hold frames."""
        return tuple(field for field in self.fields if field.storage is Storage.SEALED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every table and field of the store."""

    tables: Mapping[str, CatalogueTable]
    fields: Mapping[FieldId, CatalogueField]
    terms: Mapping[str, str | None]  # category -> W3C DPV term

    def table(self, name: str) -> CatalogueTable:
        """A table by its name; raises CatalogueError for an unknown one."""
        if name not in self.tables:
            raise CatalogueError(place=name, problem="unknown")
        return self.tables[name]


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue, checked; raises CatalogueError."""
    text = files("governance.customers.data").joinpath("catalogue.yaml").read_text("utf-8")
    return parse(read_yaml(text))


def parse(document: Mapping[str, Any]) -> Catalogue:
    """The catalogue of a parsed YAML document; raises CatalogueError naming the place."""
    terms = {str(name): term for name, term in document["categories"].items()}
    tables = {
        name: _read(name, partial(_table, name, entry, terms))
        for name, entry in document["tables"].items()
    }
    fields = {field.id: field for table in tables.values() for field in table.fields}
    return Catalogue(
        tables=MappingProxyType(tables),
        fields=MappingProxyType(fields),
        terms=MappingProxyType(terms),
    )


def _table(name: str, entry: Mapping[str, Any], terms: Mapping[str, str | None]) -> CatalogueTable:
    return CatalogueTable(
        name=name,
        label_ja=entry["label"]["ja"],
        label_en=entry["label"]["en"],
        source=entry["source"],
        on_erase=OnErase(entry["on_erase"]),
        fields=tuple(
            _read(f"{name}.{column}", partial(_field, name, column, spec, terms))
            for column, spec in entry["fields"].items()
        ),
    )


def _read(place: str, read: Callable[[], T]) -> T:
    """What stands at this place; raises CatalogueError for a word that is missing or unknown."""
    try:
        return read()
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CatalogueError(place=place, problem="malformed") from error


def _field(
    table: str, column: str, spec: Mapping[str, Any], terms: Mapping[str, str | None]
) -> CatalogueField:
    place = f"{table}.{column}"
    if not spec.get("purposes"):
        raise CatalogueError(place=place, problem="no_purpose")
    if spec["category"] not in terms:
        raise CatalogueError(place=place, problem="unknown_category")
    storage = Storage(spec["storage"])
    if storage is Storage.CLEAR and not spec.get("clear_because"):
        raise CatalogueError(place=place, problem="clear_without_reason")
    return CatalogueField(
        id=FieldId(place),
        table=table,
        column=column,
        label_ja=spec["label"]["ja"],
        label_en=spec["label"]["en"],
        category=spec["category"],
        purposes=frozenset(PurposeId(name) for name in spec["purposes"]),
        sensitivity=Sensitivity(spec["sensitivity"]),
        storage=storage,
        search=frozenset(Search(name) for name in spec["search"]) - {Search.NONE},
        retention=spec["retention"],
        owner=spec["owner"],
        free_text=bool(spec.get("free_text", False)),
        third_person=bool(spec.get("third_person", False)),
    )


def check_columns(declared: Catalogue, columns: Mapping[str, Iterable[str]]) -> None:
    """Fails closed: a column without a declaration, or the reverse, stops the start."""
    for name in sorted({*declared.tables, *columns}):
        stored = set(columns.get(name, ()))
        table = declared.tables.get(name)
        known = {field.column for field in table.fields} if table is not None else set()
        for column in sorted(stored ^ known):
            raise CatalogueError(place=f"{name}.{column}", problem="undeclared")


def check_purposes(declared: Catalogue, purposes: Iterable[PurposeId]) -> None:
    """Fails closed: a field that serves a purpose which the policy does not know."""
    known = frozenset(purposes)
    for field in declared.fields.values():
        for purpose in sorted(field.purposes - known):
            raise CatalogueError(place=f"{field.id}:{purpose}", problem="unknown_purpose")


def unused_fields(declared: Catalogue, used: Iterable[FieldId]) -> tuple[FieldId, ...]:
    """Fields that no rule of the policy opens to anybody (APPI 22: needed no longer?)."""
    return tuple(sorted(set(declared.fields) - set(used)))
