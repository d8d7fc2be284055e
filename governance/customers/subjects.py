"""Pure rules about a person: which laws apply, which age band, what a state allows."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from governance.core.terms import Law

STATES = frozenset(  # where the GDPR applies: Member States and the EEA
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
EUROPE = STATES | {"EU", "EEA"}
ADULT_AGE = 18  # 民法4条


class SubjectState(StrEnum):
    """What may be done with a person's data at all."""

    ACTIVE = "active"
    RESTRICTED = "restricted"
    ERASING = "erasing"
    ERASED = "erased"


class SubjectKind(StrEnum):
    """How the person came to be known."""

    CUSTOMER = "customer"
    CONTACT = "contact"  # a contact person of a company
    INQUIRER = "inquirer"  # wrote to us and is linked to no customer


class AgeBand(StrEnum):
    """Age as far as consent needs it."""

    UNDER_13 = "under_13"
    FROM_13 = "13_15"  # which of the three years is not known
    AT_13 = "13"
    AT_14 = "14"
    AT_15 = "15"
    FROM_16 = "16_17"
    ADULT = "adult"
    UNKNOWN = "unknown"


LOWEST: Mapping[AgeBand, int] = MappingProxyType(  # the least age of each band that is known
    {
        AgeBand.UNDER_13: 0,
        AgeBand.FROM_13: 13,
        AgeBand.AT_13: 13,
        AgeBand.AT_14: 14,
        AgeBand.AT_15: 15,
        AgeBand.FROM_16: 16,
        AgeBand.ADULT: ADULT_AGE,
    }
)
YEARS = {13: AgeBand.AT_13, 14: AgeBand.AT_14, 15: AgeBand.AT_15}


def age_at(birth: date, *, on: date) -> int:
    """Completed years; they rise on the birthday."""
    before = (on.month, on.day) < (birth.month, birth.day)
    return on.year - birth.year - int(before)


def age_band(birth: date | None, *, on: date) -> AgeBand:
    """The band of a person on a day; unknown without a readable birth date."""
    if birth is None or birth > on:
        return AgeBand.UNKNOWN
    age = age_at(birth, on=on)
    if age >= ADULT_AGE:
        return AgeBand.ADULT
    if age >= LOWEST[AgeBand.FROM_16]:
        return AgeBand.FROM_16
    return YEARS.get(age, AgeBand.UNDER_13)


def below(band: AgeBand, age: int) -> bool:
    """Whether somebody of this band may be younger; of whom nothing is known, nothing is said."""
    return band in LOWEST and LOWEST[band] < age


def country_of(origin: str | None) -> str | None:
    """The state whose age of consent applies, when the origin names one (GDPR 8(1))."""
    mark = (origin or "").strip().upper()
    return mark if mark in STATES else None


def laws_of(*, origin: str | None) -> dict[Law, str]:
    """Laws that apply to a person kept by a Japanese controller, each with its evidence.

    APPI applies to every person (Art. 166 and the controller's seat); the GDPR to data moved
    from the EU (adequacy decision, Supplementary Rules). An origin nobody can read means both.
    """
    mark = (origin or "").strip().upper()
    if mark in {"", "JP"}:
        return {Law.APPI: "controller"}
    evidence = "origin" if mark in EUROPE else "unknown"
    return {Law.APPI: "controller", Law.GDPR: evidence}


def known_laws(found: Iterable[Law]) -> frozenset[Law]:
    """The laws that apply; unknown means all of them (design.md 3.3)."""
    laws = frozenset(found)
    return laws or frozenset({Law.APPI, Law.GDPR})
