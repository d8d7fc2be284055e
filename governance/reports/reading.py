"""What people read where a file for machines has codes: days in words, names of who and what.

2026-11-22 is 2026年11月22日(日), u:tanaka is 田中 花子（tanaka）, processor:V001 is 委託先 V001.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from governance.core.terms import Lang
from governance.i18n.actors import called
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.registers.types import RecipientRole
from governance.reports.types import Document

DAY: Final = re.compile(r"(?<![\w/-])\d{4}-\d{2}-\d{2}(?![\w/-]|\.\d)", re.ASCII)
ACTOR: Final = re.compile(r"(?:u|svc):[A-Za-z0-9._@-]+")
REFERENCE: Final = re.compile(f"({'|'.join(RecipientRole)}):(.+)")


def with_days(words: str, lang: Lang) -> str:
    """The same words with each day written out; what is no day of the calendar stays."""

    def told(found: re.Match[str]) -> str:
        try:
            return long_day(date.fromisoformat(found[0]), lang)
        except ValueError:
            return found[0]

    return DAY.sub(told, words)


def read(document: Document, words: str) -> str:
    """A cell or a sentence of the document as people read it."""
    lang = document.lang
    if ACTOR.fullmatch(words):
        return called(words, document.made.names, lang)
    if named := REFERENCE.fullmatch(words):
        return text(
            "reports.reference",
            lang,
            role=text(f"reports.R10.role.{named[1]}", lang),
            id=named[2],
        )
    return with_days(words, lang)


def actors_of(document: Document) -> frozenset[str]:
    """Who is named in the document by an account."""
    return frozenset(filter(ACTOR.fullmatch, _cells(document)))


def _cells(document: Document) -> Iterator[str]:
    yield document.made.by
    for section in document.sections:
        for row in section.listing.rows if section.listing else ():
            yield from row
