"""By which fields connected systems may know a person, and these values as bytes to be sealed."""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from governance.connectors.types import KeyKind
from governance.core.terms import FieldId

FIELDS: Final[Mapping[KeyKind, tuple[FieldId, ...]]] = MappingProxyType(
    {
        KeyKind.CUSTOMER: (FieldId("person.customer_id"),),
        KeyKind.EMAIL: (FieldId("person.email"),),
        KeyKind.PHONE: (FieldId("person.mobile"), FieldId("person.phone")),
    }
)
USED: Final = tuple(name for names in FIELDS.values() for name in names)
Values = Mapping[KeyKind, tuple[str, ...]]


def values_of(rows: Iterable[Mapping[FieldId, object]]) -> Values:
    """The values of each kind in a person's opened rows, each once, in their order."""
    found: dict[KeyKind, dict[str, None]] = {kind: {} for kind in KeyKind}
    for row in rows:
        for kind, names in FIELDS.items():
            said = (str(row[name]).strip() for name in names if name in row)
            found[kind] |= dict.fromkeys(value for value in said if value)
    return {kind: tuple(values) for kind, values in found.items()}


def to_bytes(values: Values) -> bytes:
    """The values in their stored form; to be sealed at once."""
    return json.dumps({kind.value: list(said) for kind, said in values.items()}).encode()


def from_bytes(stored: bytes) -> Values:
    """The values of the stored form; a kind that it does not know has none."""
    said = json.loads(stored)
    return {kind: tuple(said.get(kind.value, ())) for kind in KeyKind}
