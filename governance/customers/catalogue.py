"""The catalogue: what every column holds, for which purposes, how it is found and how it goes.

Shipped as data/catalogue.yaml; an installation adds fields of its own (`customers/custom`). A
column, a reference to a person or a row, and a sealed column of any table that it does not
declare are refused at start-up: undeclared data is data that nobody would show or erase.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, partial, wraps
from importlib.resources import files
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, Lang, PurposeId
from governance.core.yamls import read_yaml
from governance.customers import search_plan
from governance.customers.custom.types import CustomKind, Topic, Vocabulary
from governance.customers.dpv import vocabulary
from governance.customers.edges import REASONED, Edge, EdgeAction

P = ParamSpec("P")
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
    SUFFIX = "suffix"
    NGRAM = "ngram"


class OnErase(StrEnum):
    """What becomes of a table's rows when their person is erased."""

    DELETE = "delete"
    EMPTY_COLUMNS = (
        "empty_columns"  # the personal columns become NULL, the rest is not about the person
    )
    KEEP_BY_LAW = "keep_by_law"  # fields of the accounting class stay under the `kept` key


class IndexLeaksError(GovernanceError):
    """An index that the catalogue asks for would tell the values it hides; nothing was started."""

    code, status, exit_code = "index_leaks", 503, 3

    @property
    def text_key(self) -> str:
        """Catalogue key of the sentence that gives the reason in words."""
        reason = getattr(self, "params", {}).get("reason")  # the docs ask a bare instance
        return f"{super().text_key}.{reason}" if reason else super().text_key


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
    derived: bool = False  # made by us from other data, or written by our staff (GDPR 20, WP 242)
    dpv: str | None = None  # the W3C term of the field, or of its category
    custom: CustomKind | None = None  # the type of a field that the installation added
    headers: tuple[str, ...] = ()  # further names of a custom field in files
    choices: tuple[str, ...] = ()  # the words of a custom field of type `choice`

    def label(self, lang: Lang) -> str:
        """The field's name for people."""
        return self.label_ja if lang is Lang.JA else self.label_en

    def names_in_files(self) -> tuple[str, ...]:
        """Every header under which a file may bring a custom field, its own names first."""
        return tuple(dict.fromkeys((self.label_ja, self.label_en, self.column, *self.headers)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideTable:
    """A table beside the customer master that refers to persons or holds sealed content."""

    name: str
    because: str
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueTable:
    """One table of the store with its fields in order."""

    name: str
    label_ja: str
    label_en: str
    source: str
    on_erase: OnErase
    fields: tuple[CatalogueField, ...]
    edges: tuple[Edge, ...] = ()

    def label(self, lang: Lang) -> str:
        """The table's name for people."""
        return self.label_ja if lang is Lang.JA else self.label_en

    def sealed(self) -> tuple[CatalogueField, ...]:
        """Fields that hold frames."""
        return tuple(
            field
            for field in self.fields
            if field.storage is Storage.SEALED and field.custom is None
        )

    def custom(self) -> tuple[CatalogueField, ...]:
        """Fields that the installation added; their values stand beside the row."""
        return tuple(field for field in self.fields if field.custom is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every table and field of the store."""

    tables: Mapping[str, CatalogueTable]
    fields: Mapping[FieldId, CatalogueField]
    terms: Mapping[str, str | None]  # category -> W3C DPV term
    beside: Mapping[str, BesideTable] = field(default_factory=lambda: MappingProxyType({}))
    vocabularies: Mapping[str, Vocabulary] = field(default_factory=lambda: MappingProxyType({}))
    topics: Mapping[str, Topic] = field(default_factory=lambda: MappingProxyType({}))
    duties: frozenset[PurposeId] = frozenset()  # purposes by law, which every field serves

    def serves(self, name: FieldId, purpose: PurposeId) -> bool:
        """Whether the field was declared for this purpose; none that nobody declared is."""
        entry = self.fields.get(name)
        return entry is not None and (purpose in entry.purposes or purpose in self.duties)

    def table(self, name: str) -> CatalogueTable:
        """A table by its name; raises CatalogueError for an unknown one."""
        if name not in self.tables:
            raise CatalogueError(place=name, problem="unknown")
        return self.tables[name]

    def erase_order(self) -> tuple[str, ...]:
        """The tables with every table after those that refer to it."""
        return _children_first(self.tables)

    def with_own(
        self,
        added: Iterable[CatalogueField],
        *,
        vocabularies: Mapping[str, Vocabulary],
        topics: Mapping[str, Topic],
    ) -> "Catalogue":
        """This catalogue with an installation's own fields at the end of their tables."""
        more = tuple(added)
        tables = {
            name: replace(
                table, fields=(*table.fields, *(field for field in more if field.table == name))
            )
            for name, table in self.tables.items()
        }
        return replace(
            self,
            tables=MappingProxyType(tables),
            fields=MappingProxyType({**self.fields, **{field.id: field for field in more}}),
            vocabularies=MappingProxyType(dict(vocabularies)),
            topics=MappingProxyType(dict(topics)),
        )


def _children_first(tables: Mapping[str, CatalogueTable]) -> tuple[str, ...]:
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        """Parents are placed before their children; the order is turned round at the end."""
        for edge in tables[name].edges:
            if edge.to in tables and edge.to != name and edge.to not in found:
                visit(edge.to)
        found[name] = None

    for name in tables:
        if name not in found:
            visit(name)
    return tuple(reversed(found))


@cache
def shipped_catalogue() -> Catalogue:
    """The catalogue that ships with the product, checked; raises CatalogueError."""
    text = files("governance.customers.data").joinpath("catalogue.yaml").read_text("utf-8")
    return parse(read_yaml(text))


class _Holder:
    """Where every reader finds the catalogue in force, as the schema is one for the process."""

    def __init__(self) -> None:
        self.current: Catalogue | None = None
        self.derived: list[Callable[[], None]] = []


_HOLDER = _Holder()


def catalogue() -> Catalogue:
    """The catalogue of this process: the shipped one with the installation's own fields."""
    return _HOLDER.current or shipped_catalogue()


def install(found: Catalogue) -> None:
    """This catalogue is in force; what was derived from another is made anew when asked for."""
    _HOLDER.current = found
    for forget in _HOLDER.derived:
        forget()


def derived(make: Callable[P, T]) -> Callable[P, T]:
    """A function of hashable arguments and the catalogue, computed once for each catalogue."""
    found: dict[tuple[object, ...], T] = {}
    _HOLDER.derived.append(found.clear)

    @wraps(make)
    def once(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (*args, *kwargs.items())
        if key not in found:
            found[key] = make(*args, **kwargs)
        return found[key]

    return once


def parse(document: Mapping[str, Any]) -> Catalogue:
    """The catalogue of a parsed YAML document; raises CatalogueError naming the place."""
    terms = {str(name): term for name, term in document["categories"].items()}
    for name, term in (*terms.items(), *vocabulary().fields.items()):
        if term is not None and term not in vocabulary().terms:
            raise CatalogueError(place=f"{name}:{term}", problem="unknown_term")
    tables = {
        name: _read(name, partial(_table, name, entry, terms))
        for name, entry in document["tables"].items()
    }
    fields = {field.id: field for table in tables.values() for field in table.fields}
    beside = {
        name: _read(name, partial(_beside, name, entry))
        for name, entry in document.get("beside", {}).items()
    }
    for name in sorted({*beside} & {*tables}):
        raise CatalogueError(place=name, problem="declared_twice")
    return Catalogue(
        tables=MappingProxyType(tables),
        fields=MappingProxyType(fields),
        terms=MappingProxyType(terms),
        beside=MappingProxyType(beside),
        duties=frozenset(PurposeId(name) for name in document.get("duties", ())),
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
        edges=_edges(name, entry.get("edges", {})),
    )


def _beside(name: str, entry: Mapping[str, Any]) -> BesideTable:
    return BesideTable(
        name=name, because=entry["because"], edges=_edges(name, entry.get("edges", {}))
    )


def _edges(table: str, entries: Mapping[str, Mapping[str, Any]]) -> tuple[Edge, ...]:
    """The declared references of a table; what is kept says why."""
    edges = tuple(
        Edge(
            table=table,
            column=column,
            to=spec["to"],
            on_erase=EdgeAction(spec["on_erase"]),
            empties=tuple(spec.get("empties", ())),
            because=spec.get("because", ""),
        )
        for column, spec in entries.items()
    )
    for edge in edges:
        if edge.on_erase in REASONED and not edge.because:
            raise CatalogueError(place=f"{table}.{edge.column}", problem="edge_without_reason")
    return edges


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
    storage, search = Storage(spec["storage"]), _search(place, column, spec)
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
        search=search,
        retention=spec["retention"],
        owner=spec["owner"],
        free_text=bool(spec.get("free_text", False)),
        third_person=bool(spec.get("third_person", False)),
        derived=bool(spec.get("derived", False)),
        dpv=vocabulary().fields.get(FieldId(place), terms[spec["category"]]),
    )


def _search(place: str, column: str, spec: Mapping[str, Any]) -> frozenset[Search]:
    """How the field can be found; fails closed: an index that leaks is refused (search_plan)."""
    found = frozenset(Search(name) for name in spec["search"]) - {Search.NONE}
    shape = search_plan.shape_of(column, spec.get("values"), spec["sensitivity"])
    kinds = [search_plan.KINDS[kind.value] for kind in sorted(found)]
    reason = search_plan.refusal(FieldId(place), shape, kinds)
    if reason is not None:
        raise IndexLeaksError(field=place, reason=reason.value)
    return found
