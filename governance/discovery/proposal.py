"""A table's columns as a part of a catalogue, for a person to complete.

Purposes, retention and owner are left open: the catalogue refuses a field without them.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import yaml

from governance.discovery.types import ColumnFinding
from governance.pii.types import Entity, Tie

_SLUG: Final = re.compile(r"[^a-z0-9]+")
_NAMES: Final[dict[str, tuple[str, str, list[str]]]] = {  # column, category, search
    Entity.PERSON.value: ("name", "name", ["exact", "prefix", "ngram"]),
    Entity.ADDRESS.value: ("address", "address", ["exact", "prefix"]),
    Entity.POSTAL_CODE.value: ("postal_code", "address", ["exact"]),
    Entity.PHONE.value: ("phone", "contact", ["exact", "suffix"]),
    Entity.EMAIL.value: ("email", "contact", ["exact"]),
    Entity.BIRTH_DATE.value: ("birth_date", "demographic", ["none"]),
    Entity.IP_ADDRESS.value: ("ip_address", "online_id", ["none"]),
    Entity.SNS_ACCOUNT.value: ("sns", "online_id", ["exact"]),
    Entity.BANK_ACCOUNT.value: ("bank_account", "financial", ["none"]),
    Entity.IBAN.value: ("iban", "financial", ["none"]),
    Entity.CUSTOMER_NUMBER.value: ("customer_number", "identifier", ["exact"]),
    "FREE_TEXT": ("notes", "free_text", ["none"]),
}
_TIED: Final[dict[str, tuple[str, str, list[str]]]] = {
    Tie.POINTS.value: ("number", "identifier", ["none"]),
    Tie.DESCRIBES.value: ("attribute", "demographic", ["none"]),
}
_IDENTIFIER: Final = ("number", "identifier", ["none"])
_NEVER: Final = frozenset({Entity.MY_NUMBER.value, Entity.CREDIT_CARD.value})  # never stored
_FINANCIAL: Final = frozenset({Entity.BANK_ACCOUNT.value, Entity.IBAN.value})


def proposal(table: str, columns: Iterable[ColumnFinding]) -> str:
    """Fields of the columns that hold personal data; empty when none does."""
    fields: dict[str, Any] = {}
    for column in columns:
        if column.personal and column.label not in _NEVER:
            fields[_name(column, taken=fields)] = _field(column)
    if not fields:
        return ""
    name = _slug(re.split(r"[/\\#]", table)[-1].rsplit(".", 1)[0]) or "table"
    shown = {"tables": {name: {"label": {"ja": table, "en": table}, "fields": fields}}}
    return str(yaml.safe_dump(shown, allow_unicode=True, sort_keys=False, width=100))


def _slug(name: str) -> str:
    return _SLUG.sub("_", name.lower()).strip("_")


def _name(column: ColumnFinding, *, taken: Iterable[str]) -> str:
    """An ASCII name of its own: the column's, or that of its kind."""
    wanted = _slug(column.name)
    if not wanted or wanted[0].isdigit() or not column.name.isascii():
        wanted = _form(column)[0]
    used, name, number = {*taken}, wanted, 2
    while name in used:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _form(column: ColumnFinding) -> tuple[str, str, list[str]]:
    """The name, the category and the ways of search that a column of this kind gets."""
    if column.label is None and not column.counts and column.tie in _TIED:
        return _TIED[column.tie]
    return _NAMES.get(column.label or "FREE_TEXT", _IDENTIFIER)


def _field(column: ColumnFinding) -> dict[str, Any]:
    _, category, search = _form(column)
    sensitivity = "financial" if column.label in _FINANCIAL else "ordinary"
    found: dict[str, Any] = {
        "label": {"ja": column.name, "en": column.name},
        "category": category,
        "purposes": [],
        "sensitivity": "special_care" if column.special_care else sensitivity,
        "search": search,
        "retention": "",
        "owner": "",
        "storage": "sealed",
    }
    return found | ({"free_text": True} if category == "free_text" else {})
