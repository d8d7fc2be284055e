"""How a listing stands on a page: what stays on one line, what is a number, and which way it lies.

Widths are counted in half-width characters of the printed size; a column never gets narrower than
a day or a receipt number where the sheet has the room, and a sheet on its side has more of it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from governance.documents.width import width
from governance.reports.types import Listing

UPRIGHT, ACROSS = 92, 150  # characters of a row on A4
WHOLE = 30  # up to here a cell may stay on one line
TEXT = 16  # what a column of sentences needs at least
HEAD = 12  # a heading up to here does not break
BETWEEN = 2  # characters between two columns
NUMBER: Final = re.compile(r"-|-?[\d,]+(\.\d+)?%?")
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CODE: Final = re.compile(r"[0-9a-f]{40,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A listing on its page."""

    classes: tuple[str, ...]  # of each column
    heads: tuple[str, ...]  # of its heading, which stays on one line where it is short
    across: bool  # on a sheet on its side


def laid(listing: Listing, read: Callable[[str], str]) -> Laid:
    """Where each column may break, and whether the sheet lies on its side."""
    cells = [[read(row[place]) for row in listing.rows] for place in range(len(listing.columns))]
    kinds = [_kind(column) for column in cells]
    needs = [
        max(min(width(head), HEAD), *(_need(cell, kind) for cell in column), 1) + BETWEEN
        for head, column, kind in zip(listing.columns, cells, kinds, strict=True)
    ]
    least = [min(need, TEXT) for need in needs]
    across = sum(min(need, WHOLE) for need in needs) > UPRIGHT
    whole = _whole(needs, least, ACROSS if across else UPRIGHT)
    classes = tuple(
        " ".join(filter(None, (kind, "whole" if place in whole else "")))
        for place, kind in enumerate(kinds)
    )
    heads = tuple(
        " ".join(dict.fromkeys((*kind.split(), "whole"))) if width(head) <= HEAD else kind
        for head, kind in zip(listing.columns, classes, strict=True)
    )
    return Laid(classes=classes, heads=heads, across=across)


def _kind(column: Sequence[str]) -> str:
    said = [cell for cell in column if cell not in {"", "-"}]
    if said and all(NUMBER.fullmatch(cell) for cell in said):
        return "number"
    if said and all(UUID.fullmatch(cell) or CODE.fullmatch(cell) for cell in said):
        return "code"
    return ""


def _need(cell: str, kind: str) -> int:
    """A code is set small, and a digest in three lines."""
    return min(width(cell), 36) * 3 // 4 if kind == "code" else width(cell)


def _whole(needs: Sequence[int], least: Sequence[int], room: int) -> frozenset[int]:
    """Columns that stay on one line: the narrow ones first, as long as all others find room."""
    found: set[int] = set()
    taken = sum(least)
    for place in sorted(range(len(needs)), key=needs.__getitem__):
        taken += needs[place] - least[place]
        if needs[place] > WHOLE or taken > room:
            break
        found.add(place)
    return frozenset(found)
