"""Attributes that rules compare: their kinds, where a value may come from, how one is taken.

A value that the policy keeps as data cannot be told by a caller. Where the policy says
``from: caller``, what the request tells counts, and the data speaks where it tells nothing. A
value of another kind is no value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = str | bool | int | tuple[str, ...]


class AttributeKind(StrEnum):
    """What an attribute holds."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    LIST = "list"  # a set of texts
    ANY = "any"  # declared by name alone: the gate itself knows the value


class Source(StrEnum):
    """Who may say what an attribute is."""

    DATA = "data"  # the policy's own entries
    CALLER = "caller"  # the request, and the entries where it is silent
    GATE = "gate"  # facts that the gate finds on a record of the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One declared attribute."""

    kind: AttributeKind
    source: Source


def taken(attribute: Attribute, told: object) -> Value | None:
    """A told value as this attribute holds it; None when it is of another kind."""
    match attribute.kind:
        case AttributeKind.STRING:
            return told if isinstance(told, str) else None
        case AttributeKind.BOOLEAN:
            return told if isinstance(told, bool) else None
        case AttributeKind.INTEGER:
            return told if isinstance(told, int) and not isinstance(told, bool) else None
        case AttributeKind.LIST:
            return _texts(told)
        case AttributeKind.ANY:
            return None  # fails closed: nobody outside knows what it holds


def _texts(told: object) -> tuple[str, ...] | None:
    if not isinstance(told, list | tuple) or not all(isinstance(item, str) for item in told):
        return None
    return tuple(told)


def facts(
    declared: Mapping[str, Attribute], *, known: Mapping[str, Value], told: Mapping[str, object]
) -> dict[str, object]:
    """The values that a rule may compare; what nobody may say is absent."""
    found: dict[str, object] = {}
    for name, attribute in declared.items():
        by_caller = attribute.source is Source.CALLER and name in told
        value = taken(attribute, told[name]) if by_caller else known.get(name)
        if value is not None:
            found[name] = value
    return found
