"""What the rows of a table are about: persons, organisations and things, or events of either.

A register of persons tells something of a person in every column that is not of the register
itself (APPI Art. 2(1): 個人に関する情報); the address of a shop in a list of shops is nobody's.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Final

from governance.pii.column_readings import spelled
from governance.pii.column_words import filled

_TAIL: Final = "TAIL"
_ASIDE: Final = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_JOINS: Final = re.compile(r"[\s\-.・_＿]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLACE: Final = re.compile(r"[/\\#]")
_ENDING: Final = re.compile(
    r"\.(?:csv|tsv|txt|xlsx?|xlsm|jsonl?|parquet|db|sqlite3?|dat)\Z", re.IGNORECASE
)
_SHORT: Final = re.compile(
    r"(?<=[a-z]{2})(?:(?:mst|mas|tbl)[a-z]?|マスタ)\Z|_[a-z]\Z", re.IGNORECASE
)
_KANA: Final = re.compile("[ァ-ヺー]+\\Z")
_LONGEST: Final = 100  # signs of a table's name that are read


class Subject(StrEnum):
    """What one row of a table is."""

    PERSONS = "persons"
    THINGS = "things"  # organisations: a clinic's table may be of its patients all the same
    GOODS = "goods"  # goods, animals, machines, accounts: no column is of a person by its word
    ANIMALS = "animals"  # birth, sex and illness are theirs, the keeper's name is not
    EVENTS = "events"  # an order, a call, a contract


@lru_cache(maxsize=1)
def _forms() -> tuple[re.Pattern[str], tuple[tuple[Subject, re.Pattern[str]], ...]]:
    source = files("governance.pii").joinpath("data", "tables.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in source.splitlines() if line and not line.startswith("#")]
    tail = "|".join(form for kind, form in rows if kind == _TAIL)
    ends = (
        (
            Subject[kind],
            re.compile(rf"(?:(?:\A|(?<=[^a-z])|(?=[^a-z]))(?:{filled(form)})s?)\Z", re.IGNORECASE),
        )
        for kind, form in rows
        if kind != _TAIL
    )
    return re.compile(rf"(?:(?<=.)(?:(?<=[^a-z])|(?=[^a-z]))(?:{tail}))\Z", re.IGNORECASE), tuple(
        ends
    )


def _bare(table: str) -> str:
    """The table's own name without its place, its ending and words that say nothing of it."""
    plain = _ASIDE.sub("", unicodedata.normalize("NFKC", table)) or table
    name = _ENDING.sub("", _PLACE.split(plain.strip("/\\# "))[-1][-_LONGEST:])
    name = _JOINS.sub("_", _HUMP.sub("_", name)).strip("_")
    tail, before = _forms()[0], ""
    while name != before:
        before, name = name, tail.sub("", name).strip("_") or name
    return name


@lru_cache(maxsize=1_024)
def subject_of(table: str) -> Subject | None:
    """What the table's name says of its rows; of several words the longest at its end decides.

    None where it says nothing.
    """
    name = _bare(table)
    if name.isascii() or _KANA.match(name):
        name = spelled(_SHORT.sub("", name)) or name
    while name:
        found = ((len(hit.group()), subject) for subject, hit in _ends(name))
        if (best := max(found, default=None, key=lambda one: one[0])) is not None:
            return best[1]
        name = name.rpartition("_")[0]  # payroll_us
    return None


def _ends(name: str) -> Iterator[tuple[Subject, re.Match[str]]]:
    for subject, form in _forms()[1]:
        if (hit := form.search(name)) is not None:
            yield subject, hit
