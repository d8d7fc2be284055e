"""What the registers lack for the information page, told before a package is built; pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from dsar.found import Found
from dsar.information import (
    Facts,
    found_fields,
    information,
    line,
    receiving,
    third_countries,
)
from governance.core.terms import Law
from governance.registers.countries import countries
from policies.types import Label


class GapKind(StrEnum):
    """Something that the page would have to say and no register says; the value is API."""

    PURPOSE = "purpose"  # no purpose with a basis under the law: GDPR 15(1)(a), APPI 32(1)(ii)
    PERIOD = "period"  # GDPR 15(1)(d)
    RECIPIENT_ITEMS = "recipient_items"  # which data a recipient gets: GDPR 15(1)(b), (c)
    RECIPIENT_COUNTRY = "recipient_country"  # GDPR 15(1)(c), (2), APPI 28
    SAFEGUARD = "safeguard"  # GDPR 15(2), 46
    TRANSFER_BASIS = "transfer_basis"  # APPI 28
    ORIGIN = "origin"  # GDPR 15(1)(g)
    AUTOMATED = "automated"  # GDPR 15(1)(h)
    MEASURES = "measures"  # APPI 32(1)(iv), Order 10(i)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that is missing, and about what: a class, a recipient; never a person."""

    kind: GapKind
    about: str = ""

    @property
    def code(self) -> str:
        """How the gap is named in JSON and on record."""
        return f"{self.kind.value}:{self.about}" if self.about else self.kind.value

    @property
    def sentence(self) -> Label:
        """What is missing and where it is entered."""
        return line(f"dsar.gap.{self.kind.value}", about=self.about)


def gaps(laws: Collection[Law], findings: Iterable[Found], facts: Facts) -> tuple[Gap, ...]:
    """Everything that is missing for the pages of these laws; empty when nothing is."""
    found = tuple(findings)
    told = [*_periods(found, facts), *_recipients(found, facts)]
    if Law.GDPR in laws:
        told += _gdpr(found, facts)
    if Law.APPI in laws and facts.measures is None:
        told.append(Gap(kind=GapKind.MEASURES))
    return tuple(dict.fromkeys([*_purposes(laws, found, facts), *told]))


def _purposes(laws: Collection[Law], found: tuple[Found, ...], facts: Facts) -> list[Gap]:
    held = found_fields(found)
    known = tuple(facts.policy.purposes.values())
    return [
        Gap(kind=GapKind.PURPOSE, about=law.value)
        for law in sorted(laws)
        if held
        and not any(
            law in record.basis and record.id in entry.purposes
            for record in known
            for entry in held
        )
    ]


def _periods(found: tuple[Found, ...], facts: Facts) -> list[Gap]:
    classes = dict.fromkeys(entry.retention for entry in found_fields(found))
    return [Gap(kind=GapKind.PERIOD, about=name) for name in classes if name not in facts.periods]


def _recipients(found: tuple[Found, ...], facts: Facts) -> list[Gap]:
    told: list[Gap] = []
    for one in receiving(found, facts):
        if not one.categories and not one.data_items:
            told.append(Gap(kind=GapKind.RECIPIENT_ITEMS, about=one.source_key))
        if one.country is None:
            told.append(Gap(kind=GapKind.RECIPIENT_COUNTRY, about=one.source_key))
        elif not countries().equivalent(one.country) and not one.transfer_basis:
            told.append(Gap(kind=GapKind.TRANSFER_BASIS, about=one.source_key))
    return told


def _gdpr(found: tuple[Found, ...], facts: Facts) -> list[Gap]:
    told = [
        Gap(kind=GapKind.SAFEGUARD, about=one.source_key)
        for one in third_countries(found, facts)
        if one.gdpr_ground is None and not countries().adequate(one.country)
    ]
    controller = facts.controller
    if not controller.automated_decisions_ja or not controller.automated_decisions_en:
        told.append(Gap(kind=GapKind.AUTOMATED))
    sections = {one.code: one for one in information(Law.GDPR, found, facts)}
    nothing = (line("dsar.information.none"),)
    if found_fields(found) and sections["gdpr.g"].lines == nothing:
        told.append(Gap(kind=GapKind.ORIGIN))
    return told
