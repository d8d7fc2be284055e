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
    if b"\\" not in body and body.count(b"{") + body.count(b"[") <= depth:
        plain = _plain(body)
        if plain is not None:
            return plain
    try:
        document = _DECODER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotStrictError from None
    if not isinstance(document, dict):
        raise NotStrictError
    if not _sound(document, depth):
        raise NotStrictError
    return document


def _plain(body: bytes) -> dict[str, Any] | None:
    """A small object without escapes, read seven times as fast; None is no answer at all.

    An escape alone can write half of a surrogate pair, and each member has its colon: as many
    members as colons means that no key stood twice.
    """
    try:
        document = _QUICK.decode(body)
    except (ValueError, msgspec.DecodeError):
        return None
    whole = isinstance(document, dict) and _members(document) == body.count(b":")
    return document if whole else None


def _members(part: dict[str, Any]) -> int:
    count = len(part)
    for inner in part.values():
        if type(inner) is dict:
            count += _members(inner)
        elif type(inner) is list:
            return -1  # rare; the whole reading counts nothing
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
