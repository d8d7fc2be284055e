"""Countries by their codes, in the reader's words."""

from functools import cache

from babel import Locale

from governance.core.terms import Lang


@cache
def _countries(lang: Lang) -> dict[str, str]:
    return dict(Locale.parse(lang.value).territories)


def country_name(code: str, lang: Lang) -> str:
    """The country by its ISO 3166-1 code; what is no such code stays as it is written."""
    return _countries(lang).get(code, code)


def country_names(code: str) -> str:
    """The country in both languages, as an answer's data says it; nothing for none."""
    return " / ".join(country_name(code, lang) for lang in Lang) if code else ""
