"""Words of 要配慮個人情報 by kind, and the traps that only look like them, from `data/`.

APPI Art. 2(3), Order Art. 2, PPC guidelines (general rules) 2-3. A pattern's span is the mention as
an officer would mark it; a trap that overlaps a mention removes it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from governance.pii.types import SensitiveKind

_DEFINE: Final = "DEFINE"
_TRAP: Final = "TRAP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One form of mention and how sure it is."""

    kind: SensitiveKind
    score: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """All forms, and what removes them."""

    mentions: tuple[Mention, ...]
    traps: re.Pattern[str]


def words(name: str) -> frozenset[str]:
    """The words of one list in `data/`, separated by spaces; lines that begin with # are notes."""
    source = files("governance.pii").joinpath("data", name).read_text(encoding="utf-8")
    return frozenset(
        word
        for line in source.splitlines()
        if not line.startswith("#")
        for word in line.split(" ")
        if word
    )


def places_of(text: str, wanted: Iterable[str]) -> set[int]:
    """Where any of these words begins."""
    places: set[int] = set()
    standing = set(text)
    for word in wanted:
        at = text.find(word) if standing.issuperset(word) else -1
        while at >= 0:
            places.add(at)
            at = text.find(word, at + 1)
    return places


def lines_with(text: str, wanted: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Begin and end of the lines, in order, in which any of these words stands."""
    return lines_at(text, sorted(places_of(text, wanted)))


def lines_at(text: str, places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Begin and end of the lines of these places, which stand in order."""
    reached = -1
    for at in places:
        if at > reached:
            start = text.rfind("\n", 0, at) + 1
            end = text.find("\n", at)
            reached = end if end >= 0 else len(text)
            yield start, reached


def _rows() -> list[tuple[str, str, str]]:
    source = files("governance.pii").joinpath("data", "sensitive.tsv").read_text(encoding="utf-8")
    rows = []
    for line in source.splitlines():
        if line and not line.startswith("#"):
            kind, score, pattern = line.split("\t")
            rows.append((kind, score, pattern))
    return rows


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon, compiled."""
    rows = _rows()
    parts = {name: pattern for kind, name, pattern in rows if kind == _DEFINE}

    def compiled(pattern: str) -> re.Pattern[str]:
        for name, part in parts.items():
            pattern = pattern.replace(name, part)
        return re.compile(pattern)

    return Lexicon(
        mentions=tuple(
            Mention(kind=SensitiveKind(kind), score=float(score), pattern=compiled(pattern))
            for kind, score, pattern in rows
            if kind not in {_DEFINE, _TRAP}
        ),
        traps=re.compile("|".join(pattern for kind, _, pattern in rows if kind == _TRAP)),
    )
