"""Words of custom fields, of tags and of preferences: types, names, closed lists."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.core.terms import FieldId, PurposeId
from policies.types import Label

PREFIX = "custom."
_MARK = f".{PREFIX}"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class CustomKind(StrEnum):
    """What a custom field holds; each has one way in which its text is read."""

    TEXT = "text"
    CODE = "code"  # a number or mark of somebody's, without width and spaces
    NOTE = "note"  # free text, searched for personal data
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PHONE = "phone"
    EMAIL = "email"
    POSTAL = "postal"


WHOLE = frozenset({CustomKind.NUMBER, CustomKind.MONEY})  # held as whole numbers


def field_id(table: str, name: str) -> FieldId:
    """The field's id in the catalogue: <table>.custom.<name>."""
    return FieldId(f"{table}.{PREFIX}{name}")


def is_custom(field: str) -> bool:
    """Whether the values of a field stand beside its row."""
    return _MARK in field


def register_id(field: str) -> str:
    """The id that is never given out again, whatever the table: custom.<name>."""
    return field.partition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A closed list of labels with the purposes for which a person may bear one."""

    name: str
    label: Label
    purposes: frozenset[PurposeId]
    special: bool  # its labels are 要配慮個人情報 and need a ground
    owner: str
    labels: Mapping[str, Label]

    @property
    def category(self) -> str:
        """The data category of the column that holds its labels."""
        return "special_care" if self.special else "membership"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Something about which a person may have said what they like."""

    name: str
    label: Label
    purposes: frozenset[PurposeId]
    owner: str
    choices: Mapping[str, Label]  # empty: in the person's own words
