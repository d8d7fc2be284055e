"""Bodies of requests as I-JSON (RFC 7493), read strictly: what has two meanings has none."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

UNFIT: Final = re.compile("[\0\ud800-\udfff]")  # no database holds NUL or half of a surrogate pair


class NotStrictError(ValueError):
    """The octets are no strict JSON object; without the parser's words, which quote them."""


def object_of(body: bytes, *, depth: int) -> dict[str, Any]:
    """The one JSON object of these octets, at most so many levels deep; else NotStrictError."""
    if b"\\" not in body and (plain := _plain(body, depth)) is not None:
        return plain
    try:
        document = _DECODER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotStrictError from None
    if not isinstance(document, dict) or not _sound(document, depth):
        raise NotStrictError
    return document


def _plain(body: bytes, depth: int) -> dict[str, Any] | None:
    """An object without escapes, read several times as fast; None is no answer at all.

    An escape alone can write half of a surrogate pair. Each member has a quote and a colon, so
    as many members as there are such places means that no key stood twice.
    """
    try:
        document = _QUICK.decode(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    return document if _members(document, depth) == len(_COLON.findall(body)) else None


def _members(part: dict[str, Any] | list[Any], depth: int) -> int:
    """How many members stand in it; far too few when it is too deep."""
    if not depth:
        return -_FAR
    count = len(part) if isinstance(part, dict) else 0
    for inner in part.values() if isinstance(part, dict) else part:
        kind = type(inner)
        if kind is dict or kind is list:
            count += _members(inner, depth - 1)
    return count


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_number(_name: str) -> None:
    """NaN and Infinity are no JSON."""
    raise ValueError


def _finite(digits: str) -> float:
    """A number that IEEE 754 holds (RFC 7493, 2.2)."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError
    return number


_COLON: Final = re.compile(rb'"\s*:')
_FAR: Final = 1 << 40  # more members than any body has
_QUICK: Final = msgspec.json.Decoder()
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_once_each, parse_constant=_no_number, parse_float=_finite
)


def _sound(document: object, depth: int) -> bool:
    """Whether the document is not too deep and holds only characters that can be stored."""
    level: list[object] = [document]
    for left in range(depth, -1, -1):
        inner: list[object] = []
        for part in level:
            if isinstance(part, str):
                if UNFIT.search(part):
                    return False
            elif isinstance(part, dict | list):
                if not left:
                    return False
                inner += _inside(part)
        level = inner
    return True


def _inside(part: dict[str, object] | list[object]) -> Iterator[object]:
    if isinstance(part, dict):
        yield from part.keys()
        yield from part.values()
    else:
        yield from part
