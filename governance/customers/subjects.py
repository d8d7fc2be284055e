"""Pure rules about a person: which laws apply, which age band, what a state allows."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from governance.core.terms import Law

EUROPE = frozenset({"EU", "EEA", "DE", "FR", "IE", "ES", "IT", "NL", "BE", "AT", "PL", "SE", "FI"})
ADULT_AGE = 18  # 民法4条
GUARDIAN_AGE = 16  # GDPR 8(1); 令和8年改正 takes the same age


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
    FROM_13 = "13_15"
    FROM_16 = "16_17"
    ADULT = "adult"
    UNKNOWN = "unknown"


MINORS = frozenset({AgeBand.UNDER_13, AgeBand.FROM_13})  # need a guardian's consent


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
    if age >= GUARDIAN_AGE:
        return AgeBand.FROM_16
    return AgeBand.FROM_13 if age >= 13 else AgeBand.UNDER_13  # noqa: PLR2004 # lowest age in GDPR 8


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
