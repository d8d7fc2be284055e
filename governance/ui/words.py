"""Codes and numbers in the reader's words, as more than one page shows them."""

import re
from typing import Final

from markupsafe import Markup

from governance.core.terms import Lang
from governance.i18n.catalogue import domain

REFERENCE: Final = re.compile(r"(R-[0-9]{4}-[0-9A-Z]{5}-[0-9A-Z]{5})")
WHOLE: Final = Markup('<span class="sk-unbroken">{}</span>')


def encoding_name(name: str, lang: Lang) -> str:
    """The letters of a file as people call them; what has no such name stays as it is written."""
    return domain("customers", lang).get(f"customers.encoding.{name}", name)


def unbroken(words: str) -> Markup:
    """A sentence whose reference of a request stays on one line, to be read out and copied."""
    parts = enumerate(REFERENCE.split(words))  # every second one is a reference
    return Markup("").join(WHOLE.format(part) if place % 2 else part for place, part in parts)
