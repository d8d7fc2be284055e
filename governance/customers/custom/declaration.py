"""Custom fields and vocabularies as the installation declares them, checked against all else.

An id `custom.<name>` is never reused: what a value was sealed under must not come to mean another
thing. A closed field keeps its entry with `retired: true`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from governance.core.terms import FieldId, PurposeId
from governance.crypto.index_plan import ValueShape
from governance.customers import search_plan
from governance.customers.catalogue import (
    Catalogue,
    CatalogueField,
    Search,
    Sensitivity,
    Storage,
    shipped_catalogue,
)
from governance.customers.columns import fold_header
from governance.customers.custom.sensitive import special_care_in
from governance.customers.custom.serving import read_serving, with_serving
from governance.customers.custom.sources import CatalogueRefusedError, Reading, read_folder
from governance.customers.custom.types import (
    NAME,
    PREFIX,
    CustomKind,
    Topic,
    Vocabulary,
    field_id,
)
from governance.customers.custom.vocabularies import read_topic, read_vocabulary, shipped_words
from governance.customers.dpv import vocabulary as dpv
from policies.document import Category, Place
from policies.purposes import PurposeRecord
from policies.reader import NAME as WORD
from policies.reader import Cursor
from policies.types import Label

OPEN_TABLES = ("person", "company", "purchase", "inquiry", "deal")
BOOKS = "accounting"  # re-sealed for the law column by column; a custom field is not
FEW: Mapping[CustomKind, ValueShape] = {
    CustomKind.BOOLEAN: ValueShape.BOOLEAN,
    CustomKind.CHOICE: ValueShape.FEW_VALUES,
}
_REQUIRED = frozenset(
    {"on", "label", "type", "purposes", "category", "sensitivity", "retention", "owner"}
)
_ALLOWED = _REQUIRED | {"search", "headers", "choices", "dpv", "retired", "third_person"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What an installation adds to the shipped catalogue."""

    fields: tuple[CatalogueField, ...] = ()
    retired: Mapping[str, CatalogueField] = field(default_factory=lambda: MappingProxyType({}))
    vocabularies: Mapping[str, Vocabulary] = field(default_factory=lambda: MappingProxyType({}))
    topics: Mapping[str, Topic] = field(default_factory=lambda: MappingProxyType({}))
    serving: Mapping[PurposeId, frozenset[FieldId]] = field(
        default_factory=lambda: MappingProxyType({})
    )  # further purposes of shipped fields
    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))

    def place(self, name: str) -> Place:
        """Where the field of this name (without prefix) is declared."""
        return self.places[f"fields/{name}"]

    def catalogue(self) -> Catalogue:
        """The shipped catalogue with these fields."""
        vocabularies, topics = shipped_words()
        own = shipped_catalogue().with_own(
            self.fields,
            vocabularies={**vocabularies, **self.vocabularies},
            topics={**topics, **self.topics},
        )
        return with_serving(own, self.serving)


NOTHING = Declaration()


def read_declaration(folder: Path | None) -> Declaration:
    """What the folder declares; raises CatalogueRefusedError with every fault. None: nothing."""
    if folder is None:
        return NOTHING
    reading = read_folder(folder)
    fields = reading.each("fields", _read_field)
    vocabularies = reading.each("vocabularies", read_vocabulary)
    topics = reading.each("topics", read_topic)
    serving = reading.each("serves", read_serving)
    _refuse_taken_headers(reading, fields)
    for section, known in zip(("vocabularies", "topics"), shipped_words(), strict=True):
        for name in known.keys() & {*vocabularies, *topics}:
            if f"{section}/{name}" in reading.places:
                reading.fault(f"{section}/{name}", "defined_twice", name)
    if reading.faults:
        raise CatalogueRefusedError(tuple(reading.faults))
    return Declaration(
        fields=tuple(found for found, retired in fields.values() if not retired),
        retired=MappingProxyType(
            {PREFIX + name: found for name, (found, retired) in fields.items() if retired}
        ),
        vocabularies=MappingProxyType(vocabularies),
        topics=MappingProxyType(topics),
        serving=MappingProxyType({PurposeId(name): found for name, found in serving.items()}),
        places=MappingProxyType(reading.places),
    )


def _read_field(name: str, cursor: Cursor) -> tuple[CatalogueField, bool]:
    """One field, and whether it is closed for good."""
    if not NAME.fullmatch(name):
        raise cursor.refuse("bad_name", name)
    parts = cursor.table(_ALLOWED, required=_REQUIRED)
    table = parts["on"].one_of(dict(zip(OPEN_TABLES, OPEN_TABLES, strict=True)), "table_closed")
    kind, label = parts["type"].choice(CustomKind), parts["label"].label()
    sensitivity = parts["sensitivity"].choice(Sensitivity)
    _refuse_hidden_care(parts["label"], label, sensitivity)
    found = CatalogueField(
        id=field_id(table, name),
        table=table,
        column=PREFIX + name,
        label_ja=label.ja,
        label_en=label.en,
        category=parts["category"].name(WORD),
        purposes=frozenset(PurposeId(word) for _, word in parts["purposes"].words()),
        sensitivity=sensitivity,
        storage=Storage.SEALED,
        search=_search(parts, kind, sensitivity, table, name),
        retention=_retention(parts["retention"]),
        owner=parts["owner"].name(WORD),
        free_text=kind is CustomKind.NOTE,
        third_person=parts["third_person"].flag() if "third_person" in parts else False,
        dpv=_term(parts, sensitivity),
        custom=kind,
        headers=_headers(parts),
        choices=_choices(cursor, parts, kind, sensitivity),
    )
    return found, parts["retired"].flag() if "retired" in parts else False


def _refuse_hidden_care(cursor: Cursor, label: Label, sensitivity: Sensitivity) -> None:
    """Fails closed: a name that tells of 要配慮個人情報 is not ordinary data (APPI 2(3))."""
    for word in (label.ja, label.en):
        if sensitivity is Sensitivity.ORDINARY and special_care_in(word):
            raise cursor.refuse("special_care_as_ordinary", word)


def _search(
    parts: Mapping[str, Cursor],
    kind: CustomKind,
    sensitivity: Sensitivity,
    table: str,
    name: str,
) -> frozenset[Search]:
    """How the field is found; an index that would give its values away is refused."""
    if "search" not in parts:
        return frozenset()
    found = frozenset(parts["search"].choices(Search)) - {Search.NONE}
    shape = FEW.get(kind) or search_plan.shape_of(name, None, sensitivity.value)
    wanted = [search_plan.KINDS[one.value] for one in sorted(found)]
    reason = search_plan.refusal(field_id(table, name), shape, wanted)
    if reason is None and wanted and kind in _NO_TEXT:
        raise parts["search"].refuse("search_leaks", kind.value)
    if reason is not None:
        raise parts["search"].refuse("search_leaks", reason.value)
    return found


_NO_TEXT = frozenset({CustomKind.NUMBER, CustomKind.MONEY, CustomKind.DATE, CustomKind.NOTE})


def _retention(cursor: Cursor) -> str:
    """A class that the schedule knows; the books stand in columns of their own."""
    known = {entry.retention for entry in shipped_catalogue().fields.values()} - {BOOKS}
    word = cursor.word()
    if word not in known:
        raise cursor.refuse("unknown_word", word, allowed=", ".join(sorted(known)))
    return word


def _term(parts: Mapping[str, Cursor], sensitivity: Sensitivity) -> str | None:
    """The W3C term of the field; one of a special category is not ordinary data."""
    if "dpv" not in parts:
        return None
    written = parts["dpv"].written()
    term = dpv().former.get(written, written)
    if term not in dpv().terms:
        raise parts["dpv"].refuse("unknown_term", term, allowed=f"DPV {dpv().version}")
    if term in dpv().special and sensitivity is Sensitivity.ORDINARY:
        raise parts["dpv"].refuse("special_care_as_ordinary", term)
    return term


def _headers(parts: Mapping[str, Cursor]) -> tuple[str, ...]:
    if "headers" not in parts:
        return ()
    return tuple(item.written() for item in parts["headers"].items())


def _choices(
    cursor: Cursor, parts: Mapping[str, Cursor], kind: CustomKind, sensitivity: Sensitivity
) -> tuple[str, ...]:
    """The closed list of a choice; a word of it may tell of 要配慮個人情報 as well."""
    if (kind is CustomKind.CHOICE) is not ("choices" in parts):
        code = "missing_key" if kind is CustomKind.CHOICE else "choices_unwanted"
        raise cursor.refuse(code, "choices")
    if "choices" not in parts:
        return ()
    words = tuple(item.written() for item in parts["choices"].items())
    for item in parts["choices"].items():
        if words.count(item.written()) > 1:
            raise item.refuse("listed_twice", item.written())
        if sensitivity is Sensitivity.ORDINARY and special_care_in(item.written()):
            raise item.refuse("special_care_as_ordinary", item.written())
    return words


def _refuse_taken_headers(
    reading: Reading, fields: Mapping[str, tuple[CatalogueField, bool]]
) -> None:
    """A header stands for one field of its table, or nobody could say which was meant."""
    taken = {
        (entry.table, fold_header(label))
        for entry in shipped_catalogue().fields.values()
        for label in (entry.label_ja, entry.label_en)
    }
    for name, (found, retired) in fields.items():
        if retired:
            continue
        for header in found.names_in_files():
            key = (found.table, fold_header(header))
            if key in taken:
                reading.fault(f"fields/{name}", "header_taken", header)
            taken.add(key)


def check_against(
    declared: Declaration,
    categories: Iterable[Category],
    purposes: Iterable[PurposeRecord],
) -> None:
    """Fails closed: a field or label whose category or purpose the policy does not cover."""
    reading = Reading(places=dict(declared.places))
    kinds = {entry.id: entry for entry in categories}
    records = {record.id: record for record in purposes}
    for found in declared.fields:
        place = f"fields/{found.column.removeprefix(PREFIX)}"
        category = kinds.get(found.category)
        if category is None:
            reading.fault(place, "unknown_category", found.category)
            continue
        if category.sensitive is not _is_sensitive(found):
            reading.fault(place, "sensitivity_of_category", found.category)
        _check_purposes(reading, place, found.purposes, records, category=found.category)
    for name, words in declared.vocabularies.items():
        _check_purposes(
            reading, f"vocabularies/{name}", words.purposes, records, category=words.category
        )
    for name, topic in declared.topics.items():
        _check_purposes(reading, f"topics/{name}", topic.purposes, records, category="preference")
    for purpose, names in declared.serving.items():
        for kind in sorted({shipped_catalogue().fields[name].category for name in names}):
            place = f"serves/{purpose}"
            _check_purposes(reading, place, [purpose], records, category=kind)
    if reading.faults:
        raise CatalogueRefusedError(tuple(reading.faults))


def _is_sensitive(found: CatalogueField) -> bool:
    """Free text may hold anything, so the policy treats it as sensitive whatever is declared."""
    return found.free_text or found.sensitivity in {Sensitivity.SPECIAL_CARE, Sensitivity.GDPR_9}


def _check_purposes(
    reading: Reading,
    place: str,
    wanted: Iterable[PurposeId],
    records: Mapping[PurposeId, PurposeRecord],
    *,
    category: str,
) -> None:
    for purpose in sorted(wanted):
        if purpose not in records:
            reading.fault(place, "unknown_purpose", purpose)
        elif category not in records[purpose].categories:
            reading.fault(place, "purpose_without_category", purpose, allowed=category)
