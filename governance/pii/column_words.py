"""Words in names of columns and what each announces, in Japanese, romaji and English.

Where several words stand in one name the last decides, and of those that end together the
longest: 注文者氏名, order_email, 会社電話フラグ. The words stand in `data/columns.tsv`.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from governance.pii.types import Entity, Tie

_DEFINE: Final = "DEFINE"
_FREE: Final = "FREE"
_STRONG: Final = "!"
_VAGUE: Final = "?"
_LIFE: Final = "~"
_REGISTER: Final = "+"


class Word(NamedTuple):
    """Forms of words and what a column is whose name ends with one."""

    form: str
    means: Entity | Tie  # Tie.NONE: nothing of a person
    strong: bool  # the name alone says so, unless the values prove that it is otherwise
    vague: bool = False  # id, code: of what is not said
    life: bool = False  # beside names it tells of a person: position, class, date of entry
    register: bool = False  # the same, in a register of persons alone: title, score


@lru_cache(maxsize=1)
def _rows() -> tuple[tuple[str, str, str], ...]:
    source = files("governance.pii").joinpath("data", "columns.tsv").read_text(encoding="utf-8")
    return tuple(
        (kind, mark, form)
        for line in source.splitlines()
        if line and not line.startswith("#")
        for kind, mark, form in (line.split("\t"),)
    )


def _joined(kind: str, mark: str) -> str:
    return "|".join(form for one, name, form in _rows() if (one, name) == (kind, mark))


def _meant(kind: str) -> Entity | Tie:
    return Tie[kind] if kind in Tie.__members__ else Entity[kind]


@lru_cache(maxsize=1)
def _parts() -> tuple[tuple[str, str], ...]:
    marks = dict.fromkeys(mark for kind, mark, _ in _rows() if kind == _DEFINE)
    return tuple((f"<{mark}>", f"(?:{_joined(_DEFINE, mark)})") for mark in marks)


def filled(form: str) -> str:
    """The form with the words of DEFINE lines put in."""
    for part, meaning in _parts():
        form = form.replace(part, meaning)
    return form


def words() -> Iterator[Word]:
    """All words, in the order in which one goes before another of its length."""
    for kind, mark, form in _rows():
        if kind not in {_DEFINE, _FREE}:
            whole = filled(form)
            yield Word(
                whole,
                _meant(kind),
                mark == _STRONG,
                mark == _VAGUE,
                mark == _LIFE,
                mark == _REGISTER,
            )


def free_words() -> str:
    """Words of columns whose values are texts."""
    return _joined(_FREE, "")
