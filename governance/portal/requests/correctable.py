"""What a person can ask to have corrected, in groups by what it is; what is held comes first."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

from dsar.execution.corrections import fields_to_correct
from dsar.execution.words import table_words
from governance.core.terms import Lang
from governance.customers.catalogue import CatalogueField
from governance.i18n.catalogue import text
from governance.ui.parts import Choice

PERSON: Final = "person"
WHO: Final = ("name", "demographic", "identifier")  # in this order
REACH: Final = ("address", "contact", "contact_permission")
MORE, NOT_HELD = "more", "not_held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields under one heading."""

    label: str
    fields: tuple[Choice, ...]


def correctable(held: Container[str], lang: Lang) -> tuple[Group, ...]:
    """Who one is, how one is reached, the rest of the entry; then each table with a row of theirs.

    `held`: tables in which the person has a row. Of the others one can ask for what is missing.
    """
    found: dict[str, list[CatalogueField]] = {}
    for one in fields_to_correct().values():
        found.setdefault(_place(one, held), []).append(one)
    found.get("who", []).sort(key=lambda one: WHO.index(one.category))
    found.get("reach", []).sort(key=lambda one: REACH.index(one.category))
    first = [name for name in ("who", "reach", MORE) if name in found]
    tables = [name for name in found if name not in (*first, NOT_HELD)]
    last = [NOT_HELD] if NOT_HELD in found else []
    return tuple(
        Group(label=_label(name, lang), fields=_choices(found[name], lang, told=name == NOT_HELD))
        for name in (*first, *tables, *last)
    )


def _place(one: CatalogueField, held: Container[str]) -> str:
    """The group of a field: of the person's entry by its kind, else by its table."""
    if one.table != PERSON:
        return one.table if one.table in held else NOT_HELD
    if one.category in WHO:
        return "who"
    return "reach" if one.category in REACH else MORE


def _label(name: str, lang: Lang) -> str:
    if name in ("who", "reach", MORE, NOT_HELD):
        return text(f"portal.correctable.{name}", lang)
    return table_words(name, lang)


def _choices(fields: Iterable[CatalogueField], lang: Lang, *, told: bool) -> tuple[Choice, ...]:
    """The fields by name; `told`: with the name of their table."""
    return tuple(
        Choice(
            value=one.id,
            label=f"{table_words(one.table, lang)}: {one.label(lang)}" if told else one.label(lang),
        )
        for one in fields
    )
