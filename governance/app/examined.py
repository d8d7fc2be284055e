"""One thing that the doctor looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at."""

    check: str
    state: str  # good, attention, bad
    key: str  # catalogue key under cli
    params: Mapping[str, str | int | date] = field(default_factory=dict)

    def words(self, lang: Lang) -> str:
        """The finding in a sentence, its days as people write them."""
        said = {
            name: long_day(value, lang) if isinstance(value, date) else value
            for name, value in self.params.items()
        }
        return text(f"cli.{self.key}", lang, **said)
