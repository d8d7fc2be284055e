"""What a controller must say beside the copy: GDPR 15(1)(a)-(h), (2) and APPI 32, 33; from data.

Purposes come from the policy in force, recipients from the register, provisions from their records,
periods from the schedule, sources from what was found, security measures from the published notice.
Nothing here is written by hand for one person; what no register says, the page says so of
(`gaps.py` tells the officer before).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from dsar.answer_words import in_words
from dsar.found import Found
from governance.core.controller import Controller
from governance.core.terms import FieldId, Lang, Law
from governance.customers.catalogue import CatalogueField, catalogue
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.registers.countries import countries
from governance.registers.rules import ground_of
from governance.registers.types import GdprGround, Recipient, RecipientRole
from policies.purposes import PurposeRecord
from policies.snapshot import PolicySnapshot
from policies.types import Label

ORIGINS = ("source", "origin", "acquired_from", "acquisition_method", "provider")
PARTY, DIRECTION = FieldId("provision.party"), FieldId("provision.direction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One item of the information page."""

    code: str  # a..h of GDPR 15(1), or the APPI item
    title: Label
    lines: tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the registers say, from which the information is made."""

    policy: PolicySnapshot = field(repr=False)
    recipients: tuple[Recipient, ...]
    controller: Controller
    periods: Mapping[str, Label]  # retention class of the catalogue -> how long, by the schedule
    measures: Label | None = None  # 安全管理措置 as published (APPI 32(1)(iv), Order 10(i))
    on: date | None = None


def information(law: Law, findings: Iterable[Found], facts: Facts) -> tuple[Section, ...]:
    """The sections that this law asks for, about the fields that were found."""
    found = tuple(findings)
    match law:
        case Law.GDPR:
            return _gdpr(found, facts)
        case Law.APPI | Law.MYNUMBER:
            return _appi(found, facts)


def _gdpr(found: tuple[Found, ...], facts: Facts) -> tuple[Section, ...]:
    said = (
        facts.controller.automated_decisions(Lang.JA),
        facts.controller.automated_decisions(Lang.EN),
    )
    automated = (Label(ja=said[0], en=said[1]),) if said[0] and said[1] else ()
    return (
        section("controller", _controller(facts.controller)),
        section("gdpr.a", _purposes(found, facts, Law.GDPR)),
        section("gdpr.b", _categories(found, facts)),
        section("gdpr.c", (*_recipients(found, facts), *_provided(found))),
        section("gdpr.d", _periods(found, facts)),
        section("gdpr.e", (line("dsar.information.rights_gdpr"),)),
        section("gdpr.f", (line("dsar.information.complaint_gdpr"),)),
        section("gdpr.g", _origins(found)),
        section("gdpr.h", automated),
        section("gdpr.transfer", tuple(map(_safeguard, third_countries(found, facts)))),
    )


def _appi(found: tuple[Found, ...], facts: Facts) -> tuple[Section, ...]:
    return (
        section("appi.name", _controller(facts.controller)),
        section("appi.purposes", _purposes(found, facts, Law.APPI)),
        section("appi.items", _categories(found, facts)),
        section("appi.recipients", (*_recipients(found, facts), *_provided(found))),
        section("appi.abroad", tuple(map(_abroad, foreign(found, facts)))),
        section("appi.periods", _periods(found, facts)),
        section("appi.origins", _origins(found)),
        section("appi.rights", _rights(facts.controller)),
        section("appi.measures", (facts.measures,) if facts.measures else ()),
        section("appi.complaint", _complaint(facts.controller)),
    )


def section(code: str, lines: tuple[Label, ...]) -> Section:
    """A section that says so when there is nothing to say."""
    return Section(
        code=code,
        title=line(f"dsar.information.{code}"),
        lines=lines or (line("dsar.information.none"),),
    )


def line(key: str, **params: str) -> Label:
    """The sentence in both languages."""
    return Label(ja=text(key, Lang.JA, **params), en=text(key, Lang.EN, **params))


def _both(key: str, ja: Mapping[str, str], en: Mapping[str, str]) -> Label:
    return Label(ja=text(key, Lang.JA, **ja), en=text(key, Lang.EN, **en))


def found_fields(found: Iterable[Found]) -> tuple[CatalogueField, ...]:
    """Fields of the catalogue in which something was found, in the catalogue's order."""
    names = {value.name for part in found for record in part.records for value in record.values}
    return tuple(entry for entry in catalogue().fields.values() if entry.id in names)


def _categories(found: tuple[Found, ...], facts: Facts) -> tuple[Label, ...]:
    names = dict.fromkeys(entry.category for entry in found_fields(found))
    labels = _labels(facts)
    return tuple(labels.get(name, Label(ja=name, en=name)) for name in names)


def _labels(facts: Facts) -> dict[str, Label]:
    policy = facts.policy.policy
    return {entry.id: entry.label for entry in policy.categories} if policy else {}


def _purposes(found: tuple[Found, ...], facts: Facts, law: Law) -> tuple[Label, ...]:
    """Purposes of the fields that were found, with their basis under this law."""
    serving = {purpose for entry in found_fields(found) for purpose in entry.purposes}
    return tuple(
        _purpose(record, law)
        for record in facts.policy.purposes.values()
        if record.id in serving and law in record.basis
    )


def _purpose(record: PurposeRecord, law: Law) -> Label:
    basis = f"policies.basis.{record.basis[law].value}"
    article = record.law_refs.get(law, Label(ja="", en=""))
    return _both(
        "dsar.information.purpose",
        {"purpose": record.label.ja, "basis": text(basis, Lang.JA), "article": article.ja},
        {"purpose": record.label.en, "basis": text(basis, Lang.EN), "article": article.en},
    )


def receiving(found: Iterable[Found], facts: Facts) -> tuple[Recipient, ...]:
    """Companies of the register that may hold what was found; what only gives is no recipient."""
    held = {entry.category for entry in found_fields(found)}
    return tuple(
        one
        for one in facts.recipients
        if one.role is not RecipientRole.SOURCE
        and not (one.ended_on and facts.on and one.ended_on < facts.on)
        and (not one.categories or held & set(one.categories))
    )


def foreign(found: Iterable[Found], facts: Facts) -> tuple[Recipient, ...]:
    """Those of them in a foreign country (APPI 28)."""
    home = countries().home
    return tuple(one for one in receiving(found, facts) if one.country and one.country != home)


def third_countries(found: Iterable[Found], facts: Facts) -> tuple[Recipient, ...]:
    """Those of them outside the EEA, our own country left out (GDPR 15(2))."""
    return tuple(one for one in foreign(found, facts) if one.country not in countries().eea)


def _recipients(found: tuple[Found, ...], facts: Facts) -> tuple[Label, ...]:
    labels = _labels(facts)
    return tuple(_recipient(one, labels) for one in receiving(found, facts))


def _recipient(one: Recipient, labels: Mapping[str, Label]) -> Label:
    held = [labels.get(name, Label(ja=name, en=name)) for name in one.categories]
    items = {
        Lang.JA: "、".join(label.ja for label in held) or one.data_items or "",
        Lang.EN: ", ".join(label.en for label in held) or one.data_items or "",
    }

    def told(lang: Lang) -> dict[str, str]:
        role = text(f"consent.recipient.{one.role.value}", lang)
        parts = [role, one.service, country_name(one.country or "", lang), items[lang]]
        between = "、" if lang is Lang.JA else ", "
        return {"name": one.name, "about": between.join(part for part in parts if part)}

    return _both("dsar.information.recipient", told(Lang.JA), told(Lang.EN))


def _provided(found: tuple[Found, ...]) -> tuple[Label, ...]:
    """Who got this person's data by the provision records (APPI 29, 33(5))."""
    names = _parties(found, line("dsar.provision.direction.provided"))
    return tuple(line("dsar.information.provided", name=name) for name in names)


def _parties(found: tuple[Found, ...], direction: Label) -> tuple[str, ...]:
    told = [
        {value.name: value.text for value in record.values}
        for part in found
        for record in part.records
        if any(value.name == PARTY for value in record.values)
    ]
    wanted = f"{direction.ja} / {direction.en}"
    return tuple(dict.fromkeys(one[PARTY] for one in told if one.get(DIRECTION) == wanted))


def _abroad(one: Recipient) -> Label:
    """Who, where, on which ground, with which measures (APPI 28, Rules 17, 18)."""
    ground = ground_of(one)
    key = f"reports.R11.ground.{ground}" if ground else "dsar.information.not_registered"
    return _transfer(one, key, one.safeguards)


def _safeguard(one: Recipient) -> Label:
    """The safeguard of GDPR 45, 46 or 49; an adequate country needs none beside the decision."""
    adequate = GdprGround.ADEQUACY.value if countries().adequate(one.country) else None
    ground = one.gdpr_ground or adequate
    key = f"reports.R11.gdpr.{ground}" if ground else "dsar.information.not_registered"
    return _transfer(one, key, one.gdpr_detail)


def _transfer(one: Recipient, key: str, detail: str | None) -> Label:
    said = {lang: _with(text(key, lang), detail) for lang in Lang}
    where = {lang: country_name(one.country or "-", lang) for lang in Lang}
    told = [{"name": one.name, "country": where[x], "safeguard": said[x]} for x in Lang]
    return _both("dsar.information.transfer", told[0], told[1])


def _with(ground: str, detail: str | None) -> str:
    return f"{ground}: {detail}" if detail else ground


def _periods(found: tuple[Found, ...], facts: Facts) -> tuple[Label, ...]:
    """Periods of the retention classes in which something was found."""
    classes = dict.fromkeys(entry.retention for entry in found_fields(found))
    known = (
        facts.periods.get(name, line("dsar.information.period", name=name)) for name in classes
    )
    return tuple(dict.fromkeys(known))


def _origins(found: tuple[Found, ...]) -> tuple[Label, ...]:
    """Where the data came from, as the records say, and who gave it by the records of APPI 30."""
    wanted = {f"{table}.{column}" for table in catalogue().tables for column in ORIGINS}
    told = dict.fromkeys(
        Label(
            ja=f"{value.label.ja}: {in_words(value.name, value.text, Lang.JA)}",
            en=f"{value.label.en}: {in_words(value.name, value.text, Lang.EN)}",
        )
        for part in found
        for record in part.records
        for value in record.values
        if value.name in wanted
    )
    names = _parties(found, line("dsar.provision.direction.received"))
    return (*told, *(line("dsar.information.received", name=name) for name in names))


def _controller(one: Controller) -> tuple[Label, ...]:
    """Who answers (APPI 32(1)(i), GDPR 15(1), 13(1)(a), (b))."""
    more = [
        line(f"dsar.information.{name}", contact=contact)
        for name, contact in (("dpo", one.dpo_contact), ("eu", one.eu_representative))
        if contact
    ]
    return (
        Label(ja=one.company_ja, en=one.company_en),
        Label(ja=one.company_address_ja, en=one.company_address_en),
        Label(ja=one.company_representative_ja, en=one.company_representative_en),
        line("dsar.information.contact", contact=f"{one.contact_mail}, {one.contact_phone}"),
        *more,
    )


def _rights(one: Controller) -> tuple[Label, ...]:
    """What can be asked, and for what fee (APPI 32(1)(iii), 38)."""
    fee = one.disclosure_fee
    told = line("dsar.information.fee", yen=f"{fee:,}") if fee else line("dsar.information.no_fee")
    return (line("dsar.information.rights_appi"), told)


def _complaint(one: Controller) -> tuple[Label, ...]:
    """Where complaints go (APPI 32(1)(iv), Order 10)."""
    body = one.accredited_body_ja, one.accredited_body_en
    more = (
        (_both("dsar.information.accredited", {"body": body[0]}, {"body": body[1]}),)
        if body[0] and body[1]
        else ()
    )
    return (line("dsar.information.complaint_appi"), *more)
