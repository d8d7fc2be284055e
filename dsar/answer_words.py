"""How people read a value of the answer: one language, days, moments and numbers in words.

The files for machines keep every value as it is held, and a code with both of its meanings.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Final

from governance.core.terms import Lang
from governance.customers.written import written
from governance.i18n.catalogue import domain
from governance.i18n.formats import long_day, moment

BETWEEN: Final = " / "
OURS: Final = frozenset(
    {
        "consent.purpose",
        "consent.notice",
        "collection.point",
        "collection.lang",
        "provision.country",
    }
)  # always our own label, in both languages
LISTS: Final = frozenset({"provision.items", "collection.items"})  # fields, in both languages
LINES: Final = frozenset({"collection.notices"})  # a title in both languages on each line
MEANT: Final[Mapping[str, tuple[str, ...]]] = {
    "customers": ("customers.code.", "customers.said.", "customers.acquired."),
    "dsar": ("dsar.consent.", "dsar.provision."),
}  # where the meaning of a code is written, by domain
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT: Final = re.compile(rf"{DAY.pattern}[ T]\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:\d\d")


def in_words(name: str, value: str, lang: Lang) -> str:
    """The value as it is read; what is neither ours nor a day stays letter for letter."""
    if name in LISTS:
        return ("、" if lang is Lang.JA else ", ").join(
            _half(one, lang) for one in value.split("、")
        )
    if name in LINES:
        return "\n".join(_half(one, lang) for one in value.splitlines())
    if (number := written(name, value, lang)) is not None:
        return number
    if name in OURS or value in _meanings():
        return _half(value, lang)
    return _time(value, lang)


def _time(value: str, lang: Lang) -> str:
    try:
        if DAY.fullmatch(value):
            return long_day(date.fromisoformat(value), lang)
        if MOMENT.fullmatch(value):
            return moment(datetime.fromisoformat(value), lang)
    except ValueError:  # looks like a day and is none
        return value
    return value


def _half(value: str, lang: Lang) -> str:
    japanese, between, english = value.partition(BETWEEN)
    return english if between and lang is Lang.EN else japanese


@cache
def _meanings() -> frozenset[str]:
    """Every code of ours with both of its meanings, as the answer's data says it."""
    return frozenset(_pairs())


def _pairs() -> Iterator[str]:
    for name, starts in MEANT.items():
        japanese, english = domain(name, Lang.JA), domain(name, Lang.EN)
        for key, words in japanese.items():
            if key.startswith(starts):
                yield f"{words}{BETWEEN}{english[key]}"
