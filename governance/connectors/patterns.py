"""Names of files that carry a customer number; pure.

Between the number and the rest stands the end of the name or a mark that no number has, so that
`C1_*.pdf` can never take the files of customer C10.
"""

import re
from collections.abc import Iterable
from typing import Final

CUSTOMER: Final = "{customer}"
MARKS: Final = "_. -"  # what may stand beside the number
PART: Final = re.compile(r"[^/\\\x00-\x1f]+")
NUMBER: Final = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")


def pattern_of(written: str) -> tuple[str, ...] | None:
    """The steps of the path; None when it could lead out, or to another customer's files."""
    parts = tuple(written.split("/"))
    holders = [part for part in parts if CUSTOMER in part]
    if len(holders) != 1 or holders[0].count(CUSTOMER) != 1:
        return None
    if any(not PART.fullmatch(part) or part in {".", ".."} for part in parts):
        return None
    before, _, after = holders[0].partition(CUSTOMER)
    closed = (not before or before[-1] in MARKS) and (not after or after[0] in MARKS)
    return parts if closed and not re.search(r"[{}\[\]?]", before + after) else None


def fits(pattern: Iterable[str], number: str) -> bool:
    """Whether files of this number can be told from those of every other number."""
    holder = next(part for part in pattern if CUSTOMER in part)
    before, _, after = holder.partition(CUSTOMER)
    beside = before[-1:] + after[:1]
    return bool(NUMBER.fullmatch(number)) and not any(mark in number for mark in beside)


def step_of(part: str, number: str) -> re.Pattern[str]:
    """What a name of this step of the path looks like for this number."""
    pieces = re.split(r"(\*|\{customer\})", part)
    words = {"*": r"[^/]*", CUSTOMER: re.escape(number)}
    return re.compile("".join(words.get(piece, re.escape(piece)) for piece in pieces))
