"""Members of a recipient as people and programs write them, read strictly into facts."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from governance.registers.errors import RecipientFieldError
from governance.registers.types import (
    GDPR_CLAUSES,
    Contact,
    GdprGround,
    Recipient,
    RecipientRole,
    TransferGround,
)

KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
COUNTRY: Final = re.compile(r"[A-Z]{2}")  # ISO 3166-1 alpha-2
LONGEST: Final = 1_000  # characters of a text
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
SEPARATOR: Final = re.compile(r"[,、\s]+")
BOOLEANS: Final = {"true": True, "false": False, "有": True, "無": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Words of the policy that a recipient may be registered for."""

    purposes: Collection[str]
    categories: Collection[str]


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or CONTROL.search(value):
        raise ValueError
    return value.strip()


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(_text(value))


def _flag(value: object) -> bool:
    return value if isinstance(value, bool) else BOOLEANS[_text(value).lower()]


def _country(value: object) -> str:
    code = _text(value).upper()
    if COUNTRY.fullmatch(code) is None:
        raise ValueError
    return code


def _code(kind: type[StrEnum]) -> Callable[[object], str]:
    return lambda value: kind(_text(value)).value


def _names(value: object, known: Collection[str]) -> tuple[str, ...]:
    given = value if isinstance(value, list | tuple) else SEPARATOR.split(_text(value))
    names = tuple(dict.fromkeys(str(name) for name in given if name))
    if not set(names) <= set(known):
        raise ValueError
    return names


_TEXTS: Final = (
    *("name", "service", "data_items", "scale", "subprocessing", "subprocessor", "safeguards"),
    *("notes", "address", "contract_ref", "gdpr_detail"),
)
_DAYS: Final = (
    *("contracted_on", "expires_on", "foreign_system_on", "audited_on", "valid_from", "ended_on"),
    *("transfer_checked_on", "check_due_on", "stopped_on"),
)
READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_DAYS, _day),
    "role": lambda value: RecipientRole(_text(value)),
    "country": _country,
    "auto_renewal": _flag,
    "provision_record": _flag,
    "transfer_basis": _code(TransferGround),
    "gdpr_ground": _code(GdprGround),
    "gdpr_clauses": lambda value: _names(value, GDPR_CLAUSES),
}
PERSONS: Final = tuple(Contact.__dataclass_fields__)
NEEDED: Final = frozenset({"name", "role"})
_EMPTY: Final[Mapping[str, object]] = {
    "purposes": (),
    "categories": (),
    "gdpr_clauses": (),
    "auto_renewal": False,
    "provision_record": False,
}


def members() -> tuple[str, ...]:
    """Every member that may be set."""
    return (*READERS, "purposes", "categories", *PERSONS)


def changed(recipient: Recipient, given: Mapping[str, object], words: Vocabulary) -> Recipient:
    """The recipient with these members; an empty value empties one. Raises RecipientFieldError."""
    facts: dict[str, Any] = {}
    for name, value in given.items():
        if name in PERSONS:
            continue
        facts[name] = _read(name, value, words)
    return replace(recipient, **facts)


def changed_contact(contact: Contact, given: Mapping[str, object]) -> Contact:
    """The persons at the recipient with these members."""
    found = {}
    for name in PERSONS:
        if name in given:
            try:
                found[name] = _text(given[name] or "")
            except ValueError:
                raise RecipientFieldError(field=name) from None
    return replace(contact, **found)


def _read(name: str, value: object, words: Vocabulary) -> Any:
    known = {"purposes": words.purposes, "categories": words.categories}
    if name not in READERS and name not in known:
        raise RecipientFieldError(field=name if KEY.fullmatch(name) else "?")
    if value is None or value in ("", [], ()):
        if name in NEEDED:
            raise RecipientFieldError(field=name)
        return _EMPTY.get(name)
    try:
        return _names(value, known[name]) if name in known else READERS[name](value)
    except (ValueError, KeyError, TypeError):
        raise RecipientFieldError(field=name) from None
