"""What a person typed into the one search box, as questions to fields. Pure.

The box recognises what each word can be by how it is written; words that are of one kind belong
together, and a row must answer all groups: 山田 太郎 渋谷区 090-… is a name, an address, a number.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from governance.core.terms import FieldId
from governance.customers.normalise.chars import fold_width, hyphenated
from governance.customers.search_terms import Asked, Form, asked

PARTS_MOST: Final = 4  # groups of one query
TEXT_MOST: Final = 200  # characters of one query


class _Kind(StrEnum):
    """How a word is written."""

    EMAIL = "email"
    NUMBER = "number"
    CODE = "code"  # letters and digits
    LATIN = "latin"
    KANA = "kana"
    ADDRESS = "address"
    KANJI = "kanji"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One field and what is asked of it."""

    field: FieldId
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Alternatives of which a row must answer one; the best one counts."""

    questions: tuple[Question, ...]


_NUMBER: Final = re.compile(r"^[〒〶+()\d.\-]*\d[()\d.\-]*$")
_KANA: Final = re.compile(r"^[ぁ-ゟァ-ヿ゛゜ー・]+$")
_LATIN: Final = re.compile(r"^[^\W\d_][^\W\d_.'\-]*[.'\-\w]*$")
_PLACE: Final = re.compile(r"(?:[都道府県市区町村郡]|丁目|番地?|号|\d)")
_FORMS: Final[Mapping[_Kind, tuple[Form, ...]]] = {
    _Kind.EMAIL: (Form.EMAIL,),
    _Kind.NUMBER: (Form.PHONE, Form.POSTAL, Form.CORPORATE, Form.WORD),
    _Kind.CODE: (Form.WORD, Form.EMAIL, Form.COMPANY, Form.CORPORATE),
    _Kind.LATIN: (Form.NAME, Form.COMPANY, Form.READING, Form.EMAIL, Form.WORD),
    _Kind.KANA: (Form.READING, Form.NAME, Form.COMPANY),
    _Kind.ADDRESS: (Form.ADDRESS, Form.NAME, Form.COMPANY),
    _Kind.KANJI: (Form.NAME, Form.COMPANY, Form.ADDRESS),
}


def recognised(text: str, fields: Mapping[FieldId, Form]) -> tuple[Part, ...]:
    """The groups of the text with the fields that each can be about; none for no question."""
    groups = _groups(text[:TEXT_MOST].split())
    found = (
        _part(" ".join(words), [(form, name) for form in _FORMS[kind] for name in of[form]])
        for of in (_by_form(fields),)
        for kind, words in groups
    )
    return tuple(part for part in found if part.questions)


def named(
    values: Mapping[str, str],
    names: Mapping[str, tuple[FieldId, ...]],
    fields: Mapping[FieldId, Form],
) -> tuple[Part, ...]:
    """One group for each named value, about the fields that its name means."""
    found = (
        _part(value[:TEXT_MOST], [(fields[one], one) for one in names[name] if one in fields])
        for name, value in values.items()
        if name in names and value.strip()
    )
    return tuple(part for part in found if part.questions)


def _by_form(fields: Mapping[FieldId, Form]) -> dict[Form, list[FieldId]]:
    found: dict[Form, list[FieldId]] = {form: [] for form in Form}
    for name, form in fields.items():
        found[form].append(name)
    return found


def _part(text: str, about: Iterable[tuple[Form, FieldId]]) -> Part:
    """The text as a question to each of these fields; one of a form that it cannot be has none."""
    questions = []
    said: dict[Form, Asked | None] = {}
    for form, name in about:
        if form not in said:
            said[form] = asked(form, text)
        what = said[form]
        if what is not None and what.lookups:
            questions.append(Question(field=name, asked=what))
    return Part(questions=tuple(questions))


def _groups(words: Iterable[str]) -> list[tuple[_Kind, list[str]]]:
    """Words of one kind that stand together; the last group takes what is too much."""
    found: list[tuple[_Kind, list[str]]] = []
    for word in words:
        kind = _kind(word)
        if found and (found[-1][0] is kind or len(found) == PARTS_MOST):
            found[-1][1].append(word)
        else:
            found.append((kind, [word]))
    return found


def _kind(word: str) -> _Kind:
    plain = fold_width(word)
    if "@" in plain:
        return _Kind.EMAIL
    if _NUMBER.match(hyphenated(word)):
        return _Kind.NUMBER
    if _KANA.match(plain):
        return _Kind.KANA
    if plain.isascii() and any(c.isdigit() for c in plain):
        return _Kind.CODE
    if _LATIN.match(plain) and all(c < "\u0250" for c in plain if c.isalpha()):
        return _Kind.LATIN
    return _Kind.ADDRESS if len(plain) > 2 and _PLACE.search(plain) else _Kind.KANJI  # noqa: PLR2004 -- 市川, 町田 are names
