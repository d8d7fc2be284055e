"""Ages from which a person consents alone, by law and country, as shipped data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from governance.core.terms import Law
from governance.core.yamls import read_yaml

DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeTable:
    """The ages of every law and country."""

    consent: Mapping[Law, Mapping[str, int]]
    contract: int
    reconfirm_months: int

    def of_consent(self, laws: Iterable[Law], country: str | None) -> int:
        """The highest age of the laws that apply: each of them must permit (GDPR 8; APPI)."""
        ages = [self.consent[law] for law in laws]
        return max(table.get(country or DEFAULT, table[DEFAULT]) for table in ages)


@cache
def age_table() -> AgeTable:
    """The shipped ages."""
    text = files("consent.data").joinpath("ages.yaml").read_text("utf-8")
    found: Mapping[str, Any] = read_yaml(text)
    return AgeTable(
        consent=MappingProxyType({Law(law): dict(ages) for law, ages in found["consent"].items()}),
        contract=int(found["contract"][DEFAULT]),
        reconfirm_months=int(found["reconfirm_months"]),
    )


RECONFIRM_MONTHS: Final = age_table().reconfirm_months
