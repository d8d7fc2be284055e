"""Which registers can be searched: whose rows are shown, and which other rows lead to them.

A person is found by every row of the register that is theirs, a company by its own row and by
those of its contacts and of the deals with it. What is found is one hit, however many of its
rows answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from governance.core.terms import FieldId
from governance.customers.catalogue import CatalogueField, catalogue
from governance.customers.indexing import indexed_fields
from governance.customers.search_plan import index_name
from governance.customers.search_queries import Part
from governance.customers.search_terms import Form
from governance.gateway.decisions import IMPERSONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One register: the table that is shown, and tables whose rows name one of its rows."""

    table: str
    shown: tuple[FieldId, ...]  # unless the searcher asks for other fields
    named: Mapping[str, tuple[FieldId, ...]]  # what a form of single fields may name
    beside: Mapping[str, str] = field(default_factory=dict)  # table -> column with the row's id

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table whose rows are found."""
        return (self.table, *self.beside)


def _fields(table: str, *names: str) -> tuple[FieldId, ...]:
    return tuple(FieldId(f"{table}.{name}") for name in names)


PERSONS: Final = Register(
    table="person",
    shown=_fields(
        "person", "customer_id", "name", "kana", "phone", "mobile", "email", "postal_code",
        "address", "status",
    ),
    named={
        "name": _fields("person", "name", "kana"),
        "kana": _fields("person", "kana"),
        "phone": _fields("person", "phone", "mobile"),
        "email": _fields("person", "email"),
        "postal_code": _fields("person", "postal_code"),
        "address": _fields("person", "address"),
        "customer_id": _fields("person", "customer_id", "source_key"),
    },
)  # fmt: skip
COMPANIES: Final = Register(
    table="company",
    shown=_fields(
        "company", "source_key", "name", "kana", "corporate_number", "representative",
        "postal_code", "address", "phone", "relation",
    ),
    named={
        "name": _fields("company", "name", "kana"),
        "kana": _fields("company", "kana"),
        "contact_name": _fields("deal", "contact_name"),
        "representative": _fields("company", "representative"),
        "corporate_number": _fields("company", "corporate_number"),
        "phone": (
            *_fields("company", "phone"),
            *_fields("contact", "phone"),
            *_fields("deal", "contact_phone"),
        ),
        "email": (*_fields("contact", "email"), *_fields("deal", "contact_email")),
        "postal_code": _fields("company", "postal_code"),
        "address": _fields("company", "address"),
        "company_id": _fields("company", "source_key"),
    },
    beside={"contact": "company_id", "deal": "company_id"},
)  # fmt: skip
REGISTERS: Final = {register.table: register for register in (PERSONS, COMPANIES)}


def searchable(register: Register) -> dict[FieldId, Form]:
    """Fields of the register that can be found, with the form of their values."""
    return {found.field: found.form for table in register.tables for found in indexed_fields(table)}


def fields_named(register: Register, names: Iterable[FieldId]) -> tuple[CatalogueField, ...]:
    """These fields of the register, in the catalogue's order."""
    wanted = set(names)
    return tuple(entry for entry in _entries(register) if entry.id in wanted)


def impersonal(register: Register) -> frozenset[FieldId]:
    """Fields that are about a company and no person (APPI 2(1)): they have no third gate."""
    if register.table != "company":
        return frozenset()
    return frozenset(
        entry.id
        for entry in catalogue().table(register.table).fields
        if entry.category in IMPERSONAL
    )


def names_of(register: Register, parts: Iterable[Part]) -> set[FieldId]:
    """Every index that the query may read."""
    asked = {question.field for part in parts for question in part.questions}
    return {
        index_name(found.field, kind)
        for table in register.tables
        for found in indexed_fields(table)
        if found.field in asked
        for kind in found.kinds
    }


def _entries(register: Register) -> Iterator[CatalogueField]:
    for table in register.tables:
        yield from catalogue().table(table).fields
