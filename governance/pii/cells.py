"""Tables pasted into a text: which part is a cell, and the cell of the header above it."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

_SIGNS: Final = ("\t", "|", ",", ";")
_QUOTED: Final = re.compile(r'"[^"\n]*"')
_LEAST_CELLS: Final = 2
_LEAST_LINES: Final = 2
_LONGEST_HEADER: Final = 24  # code points of one header cell
_SENTENCE: Final = re.compile(r"[。！？!?]|[0-9]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell below a header: its place and the place of the header."""

    start: int
    end: int
    line: int  # where its line begins
    head: tuple[int, int]


class Cells:
    """All cells of a text that stand below a header, in order."""

    def __init__(self, text: str) -> None:
        signs = tuple(sign for sign in _SIGNS if sign in text)
        self.cells = tuple(_cells(text, signs)) if signs and "\n" in text else ()
        self._starts = tuple(cell.start for cell in self.cells)

    def at(self, position: int) -> Cell | None:
        """The cell that holds this place."""
        index = bisect_right(self._starts, position) - 1
        if index < 0 or position > self.cells[index].end:
            return None
        return self.cells[index]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _sign_of(line: str, signs: tuple[str, ...]) -> str | None:
    """The sign that parts most cells of the line; quoted parts do not count."""
    plain = _QUOTED.sub("", line) if '"' in line else line
    best, most = None, 0
    for sign in signs:
        if (count := plain.count(sign)) > most:
            best, most = sign, count
    return best


def _split(line: str, sign: str) -> list[tuple[int, int]]:
    """Places of the cells of a line, without spaces and quotes around them."""
    masked = _QUOTED.sub(lambda found: "x" * len(found.group()), line)
    found, at = [], 0
    for part in masked.split(sign):
        raw = line[at : at + len(part)]
        inner = raw.strip(' "')
        start = at + (raw.index(inner) if inner else 0)
        found.append((start, start + len(inner)))
        at += len(part) + 1
    return found


def _is_header(line: str, places: list[tuple[int, int]]) -> bool:
    named = [line[a:b] for a, b in places if b > a]
    return len(named) >= _LEAST_CELLS and all(
        len(name) <= _LONGEST_HEADER and not _SENTENCE.search(name) for name in named
    )


def _cells(text: str, signs: tuple[str, ...]) -> Iterator[Cell]:
    """Cells of every run of lines that the same sign parts, below the first of them."""
    for sign, run in groupby(_lines(text), key=lambda line: _sign_of(line[1], signs)):
        rows = list(run)
        if sign is None or len(rows) < _LEAST_LINES:
            continue
        begin, head = rows[0]
        heads = _split(head, sign)
        if not _is_header(head, heads):
            continue
        for at, line in rows[1:]:
            for (a, b), (c, d) in zip(_split(line, sign), heads, strict=False):
                if b > a:
                    yield Cell(start=at + a, end=at + b, line=at, head=(begin + c, begin + d))
