"""Words of custom fields: their types and how they are named."""

import re
from enum import StrEnum

from governance.core.terms import FieldId

PREFIX = "custom."
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class CustomKind(StrEnum):
    """What a custom field holds; each has one way in which its text is read."""

    TEXT = "text"
    NOTE = "note"  # free text, searched for personal data
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PHONE = "phone"
    EMAIL = "email"
    POSTAL = "postal"


def field_id(table: str, name: str) -> FieldId:
    """The field's id in the catalogue: <table>.custom.<name>."""
    return FieldId(f"{table}.{PREFIX}{name}")


def is_custom(field: str) -> bool:
    """Whether the values of a field stand beside its row."""
    return field.partition(".")[2].startswith(PREFIX)


def register_id(field: str) -> str:
    """The id that is never given out again, whatever the table: custom.<name>."""
    return field.partition(".")[2]
