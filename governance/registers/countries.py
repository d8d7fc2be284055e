"""Countries as the transfer rules see them, from a file: equivalent, in the EEA, adequate."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

FILE: Final = "countries.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Countries:
    """What a country is to a transfer, by its ISO 3166-1 code."""

    version: str
    home: str
    appi_equivalent: frozenset[str]  # APPI 28(1), Rule 15
    eea: frozenset[str]
    gdpr_adequate: frozenset[str]  # GDPR 45

    def equivalent(self, country: str | None) -> bool:
        """Whether APPI 28(1) treats the country like Japan; an unknown one is not."""
        return country is not None and (country == self.home or country in self.appi_equivalent)

    def adequate(self, country: str | None) -> bool:
        """Whether the GDPR asks for no further ground; an unknown country needs one."""
        return country is not None and (country in self.eea or country in self.gdpr_adequate)


@cache
def countries() -> Countries:
    """The list that this release ships."""
    raw: dict[str, Any] = yaml.safe_load(
        files("governance.registers.data").joinpath(FILE).read_text("utf-8")
    )
    return Countries(
        version=str(raw["version"]),
        home=str(raw["home"]),
        appi_equivalent=frozenset(code for part in raw["appi_equivalent"] for code in part),
        eea=frozenset(raw["eea"]),
        gdpr_adequate=frozenset(raw["gdpr_adequate"]),
    )
