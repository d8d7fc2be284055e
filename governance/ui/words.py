"""Codes in the reader's words where more than one page shows them: countries, who acted."""

from functools import cache

from babel import Locale

from governance.core.terms import Lang
from governance.i18n.catalogue import domain


@cache
def _countries(lang: Lang) -> dict[str, str]:
    return dict(Locale.parse(lang.value).territories)


def country_name(code: str, lang: Lang) -> str:
    """The country by its ISO 3166-1 code; what is no such code stays as it is written."""
    return _countries(lang).get(code, code)


def encoding_name(name: str, lang: Lang) -> str:
    """The letters of a file as people call them; what has no such name stays as it is written."""
    return domain("customers", lang).get(f"customers.encoding.{name}", name)
