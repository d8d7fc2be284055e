"""A query as officers type it: `outcome=deny actor!=svc:shop from=2026-11-01`.

Words hold together; a comma gives alternatives; `!=` leaves out. A day is a day in Japan, and
`to` includes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from math import prod
from typing import Final

from audit.errors import QueryFormError
from audit.review import EventFilter, EventQuery, NetworkClass
from audit.reviewing.terms import MOST, parse_query
from governance.core.clock import JST

NAMES: Final = {
    "person": "subject",
    "actor": "actor",
    "action": "action",
    "outcome": "outcome",
    "purpose": "purpose",
    "object": "object_type",
    "network": "network",
    "reason": "reason",
    "field": "field",
    "request": "request_id",
    "from": "since",
    "to": "until",
}  # what an officer types, and the condition behind it
TIMES: Final = frozenset({"from", "to"})
ONE_DAY: Final = timedelta(days=1)


def query_of(words: Iterable[str]) -> EventQuery:
    """The query of these words; raises QueryFormError with the name that is wrong."""
    wanted: list[tuple[dict[str, str], ...]] = []
    unwanted: list[dict[str, str]] = []
    for word in words:
        name, sign, value = _parted(word)
        choices = tuple(_conditions(name, one) for one in value.split(","))
        if sign == "!=":
            unwanted += choices
        else:
            wanted.append(choices)
    if prod(len(choices) for choices in wanted) > MOST:
        raise QueryFormError(member="any_of")
    any_of = [_joined(choice) for choice in product(*wanted)]
    return parse_query({"any_of": any_of, "none_of": unwanted})


def only_filter(query: EventQuery) -> EventFilter:
    """The one filter of a query that has no alternatives; raises QueryFormError otherwise."""
    if len(query.any_of) != 1 or query.none_of:
        raise QueryFormError(member="any_of")
    return query.any_of[0]


def both(first: EventQuery, second: EventQuery) -> EventQuery:
    """Events that meet either of the first and either of the second; raises QueryFormError.

    A kept filter is narrowed so; what both name must not contradict.
    """
    any_of = tuple(met(one, other) for one, other in product(first.any_of, second.any_of))
    if len(any_of) > MOST:
        raise QueryFormError(member="any_of")
    return EventQuery(any_of=any_of, none_of=first.none_of + second.none_of)


def met(one: EventFilter, other: EventFilter) -> EventFilter:
    """Events that meet both filters; raises QueryFormError where they contradict."""
    given = {
        name: value
        for name in EventFilter.__dataclass_fields__
        if (value := getattr(other, name)) is not None
    }
    for name, value in given.items():
        before = getattr(one, name)
        if before is not None and before != value:
            raise QueryFormError(member=name)
    return replace(one, **given)


def _parted(word: str) -> tuple[str, str, str]:
    name, equals, value = word.partition("=")
    sign = "!=" if name.endswith("!") else "="
    name = name.removesuffix("!")
    if name not in NAMES:
        raise QueryFormError(member=name if name.isascii() and name.isidentifier() else "?")
    if not equals or not value or (sign == "!=" and name in TIMES):
        raise QueryFormError(member=name)
    return name, sign, value


def _conditions(name: str, value: str) -> dict[str, str]:
    """The conditions of one word."""
    if name in TIMES:
        return {NAMES[name]: _moment(name, value)}
    if name == "network" and value in {one.value for one in NetworkClass}:
        return {"network_class": value}
    if name == "object":
        kind, _, number = value.partition(":")
        return {"object_type": kind} | ({"object_id": number} if number else {})
    return {NAMES[name]: value}


def _moment(name: str, value: str) -> str:
    """A day in Japan, or an instant with its offset."""
    try:
        if len(value) == len("2026-11-01"):
            day = date.fromisoformat(value) + (ONE_DAY if name == "to" else timedelta(0))
            return datetime.combine(day, time(), tzinfo=JST).astimezone(UTC).isoformat()
        return datetime.fromisoformat(value).isoformat()
    except (ValueError, OverflowError) as error:
        raise QueryFormError(member=name) from error


def _joined(choices: Sequence[dict[str, str]]) -> dict[str, str]:
    """All of these conditions; raises QueryFormError where a name is given twice."""
    joined: dict[str, str] = {}
    for choice in choices:
        for name, value in choice.items():
            if name in joined:
                raise QueryFormError(member=name)
            joined[name] = value
    return joined
