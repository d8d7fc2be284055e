"""A query as the API and a kept filter spell it: any_of and none_of, each a set of conditions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from audit.actions import EventCode
from audit.errors import QueryFormError
from audit.review import EventFilter, EventQuery, NetworkClass
from audit.types import TOKEN, Outcome

MOST: Final = 20  # filters on either side
TIMES: Final = ("since", "until")
NAMES: Final = tuple(EventFilter.__dataclass_fields__)
KINDS: Final = {"action": EventCode, "outcome": Outcome, "network_class": NetworkClass}


def parse_query(shape: object) -> EventQuery:
    """The query of this JSON value; raises QueryFormError with the wrong member's name.

    A bare set of conditions is a query of one filter; an empty one asks for everything.
    """
    if not isinstance(shape, Mapping):
        raise QueryFormError(member="query")
    if not shape.keys() & {"any_of", "none_of"}:
        return EventQuery(any_of=(_filter(shape),))
    for name in shape:
        if name not in {"any_of", "none_of"}:
            raise QueryFormError(member=_shown(name))
    any_of = _filters(shape.get("any_of", [{}]), "any_of")
    return EventQuery(any_of=any_of, none_of=_filters(shape.get("none_of", []), "none_of"))


def spell_query(query: EventQuery) -> dict[str, object]:
    """The JSON value of a query; `parse_query` gives the same query back."""
    return {
        "any_of": [_spelled(one) for one in query.any_of],
        "none_of": [_spelled(one) for one in query.none_of],
    }


def _filters(shape: object, member: str) -> tuple[EventFilter, ...]:
    if not isinstance(shape, list) or len(shape) > MOST:
        raise QueryFormError(member=member)
    return tuple(map(_filter, shape))


def _filter(shape: object) -> EventFilter:
    if not isinstance(shape, Mapping):
        raise QueryFormError(member="any_of")
    found: dict[str, Any] = {}
    for name, value in shape.items():
        if name not in NAMES:
            raise QueryFormError(member=_shown(name))
        if not isinstance(value, str):
            raise QueryFormError(member=name)
        found[name] = _value(name, value)
    return EventFilter(**found)


def _value(name: str, value: str) -> object:
    try:
        if name in TIMES:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise QueryFormError(member=name)
            return moment.astimezone(UTC)
        if name in KINDS:
            return KINDS[name](value)
    except (ValueError, OverflowError) as error:
        raise QueryFormError(member=name) from error
    if TOKEN.fullmatch(value) is None:
        raise QueryFormError(member=name)
    return value


def _shown(name: object) -> str:
    """A member's name, if it can be one; what is no name is not repeated."""
    return name if isinstance(name, str) and name.isidentifier() and name.isascii() else "?"


def _spelled(asked: EventFilter) -> dict[str, str]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name in NAMES
        if (value := getattr(asked, name)) is not None
    }
