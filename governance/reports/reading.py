"""Days in what people read: 2026年11月22日(日) where a file for machines has 2026-11-22."""

import re
from datetime import date
from typing import Final

from governance.core.terms import Lang
from governance.i18n.formats import long_day

DAY: Final = re.compile(r"(?<![\w/-])\d{4}-\d{2}-\d{2}(?![\w/-])", re.ASCII)


def with_days(words: str, lang: Lang) -> str:
    """The same words with each day written out; what is no day of the calendar stays."""

    def told(found: re.Match[str]) -> str:
        try:
            return long_day(date.fromisoformat(found[0]), lang)
        except ValueError:
            return found[0]

    return DAY.sub(told, words)
