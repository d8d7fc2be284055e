"""Blind index: keyed tokens of normalised values, so that sealed fields can be found.

    token = HMAC-SHA-256(index key of field and version, kind byte || term), cut to k bits
    kind: 'e' whole value, 'p' a prefix, 's' its end, 'g' an n-gram

The token is ceil(k / 8) bytes, its unused low bits zero. A token says "perhaps": the caller
opens the row and compares. Values arrive normalised; the version of an index key pins the
normalising rules that its tokens were made under.
"""

import hashlib
from collections.abc import Iterable
from enum import Enum
from typing import Final

PREFIX_MOST: Final = 8  # characters; longer prefixes narrow no further
GRAM: Final = 2  # characters; Japanese words are short
BLOCK: Final = 64  # octets of SHA-256; an index key is shorter


class TermKind(Enum):
    """What a term is of its value; the byte keeps the kinds from meeting."""

    EXACT = b"e"
    PREFIX = b"p"
    SUFFIX = b"s"
    GRAM = b"g"


def term(kind: TermKind, piece: str) -> bytes:
    """What is hashed of one piece of a value: its kind's byte, then its UTF-8 octets."""
    return _BYTE[kind] + piece.encode("utf-8", "surrogatepass")


_BYTE: Final = {kind: kind.value for kind in TermKind}


def exact_terms(value: str) -> tuple[bytes, ...]:
    """The one term of the whole value; an empty value has none."""
    return (term(TermKind.EXACT, value),) if value else ()


def prefix_terms(value: str, *, least: int = 1, most: int = PREFIX_MOST) -> tuple[bytes, ...]:
    """Terms of the prefixes of `least` to `most` characters, for storing."""
    ends = range(least, min(len(value), most) + 1)
    return tuple(term(TermKind.PREFIX, value[:end]) for end in ends)


def suffix_query(value: str) -> tuple[bytes, ...]:
    """The one term that rows ending with this value have, if ends of this length are stored."""
    return (term(TermKind.SUFFIX, value),) if value else ()


def prefix_query(value: str, *, most: int = PREFIX_MOST) -> tuple[bytes, ...]:
    """The one term that rows starting with this value have, cut to what is stored."""
    return prefix_terms(value, most=most)[-1:]


def gram_terms(value: str, *, size: int = GRAM) -> tuple[bytes, ...]:
    """Terms of all n-grams without repeats; a shorter value is one gram. A row must have all."""
    if not value:
        return ()
    starts = range(max(1, len(value) - size + 1))
    grams = dict.fromkeys(value[start : start + size] for start in starts)
    return tuple(term(TermKind.GRAM, gram) for gram in grams)


class IndexKey:
    """The key of one field's index in one version; it shows itself to nobody."""

    __slots__ = ("_inner", "_mask", "_outer", "_width", "bits", "version")

    def __init__(self, key: bytes, *, version: int, bits: int) -> None:
        self.version = version
        self.bits = bits
        self._width = (bits + 7) // 8
        self._mask = 0xFF << (-bits % 8) & 0xFF
        block = key.ljust(BLOCK, b"\0")  # HMAC of RFC 2104 with both pads hashed once
        self._inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in block))
        self._outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in block))

    def __repr__(self) -> str:
        return f"IndexKey(version={self.version}, bits={self.bits})"

    def __reduce__(self) -> str:
        raise TypeError("an index key is never pickled")

    def token(self, whole: bytes) -> bytes:
        """The token of one term."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(whole)
        outer.update(inner.digest())
        cut = outer.digest()[: self._width]
        if self._mask == 0xFF:  # noqa: PLR2004 # whole bytes
            return cut
        return cut[:-1] + bytes((cut[-1] & self._mask,))

    def tokens(self, terms: Iterable[bytes]) -> tuple[bytes, ...]:
        """Tokens in the order of the terms."""
        return tuple(map(self.token, terms))
