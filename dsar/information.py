"""What a controller must say beside the copy: GDPR 15(1)(a)-(h), (2) and APPI 32, 33; from data.

Purposes come from the policy in force, recipients from the register, sources and periods from the
catalogue of what was found. Nothing here is written by hand for one person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dsar.found import Found
from governance.core.terms import Lang, Law
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from governance.registers.types import Recipient, RecipientRole
from policies.purposes import PurposeRecord
from policies.snapshot import PolicySnapshot
from policies.types import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """The company that answers (事業者)."""

    name: Label
    contact: str
    automated_decisions: tuple[Label, ...] = ()  # GDPR 15(1)(h); empty: none is registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One item of the information page."""

    code: str  # a..h of GDPR 15(1), or the APPI item
    title: Label
    lines: tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the information is made from."""

    policy: PolicySnapshot = field(repr=False)
    recipients: tuple[Recipient, ...]
    controller: Controller
    periods: Mapping[str, Label]  # retention class of the catalogue -> how long, by the schedule


def information(
    law: Law, findings: Iterable[Found], facts: Facts, *, countries: frozenset[str] = frozenset()
) -> tuple[Section, ...]:
    """The sections that this law asks for, about the fields that were found."""
    found = tuple(findings)
    match law:
        case Law.GDPR:
            return _gdpr(found, facts, countries)
        case Law.APPI | Law.MYNUMBER:
            return _appi(found, facts)


def _gdpr(found: tuple[Found, ...], facts: Facts, countries: frozenset[str]) -> tuple[Section, ...]:
    abroad = [
        recipient
        for recipient in facts.recipients
        if recipient.country and recipient.country not in countries
    ]
    return (
        _section("gdpr.a", _purposes(found, facts, Law.GDPR)),
        _section("gdpr.b", _categories(found, facts)),
        _section("gdpr.c", _recipients(facts.recipients)),
        _section("gdpr.d", _periods(found, facts)),
        _section("gdpr.e", (_line("dsar.information.rights_gdpr"),)),
        _section("gdpr.f", (_line("dsar.information.complaint_gdpr"),)),
        _section("gdpr.g", _origins(found)),
        _section("gdpr.h", facts.controller.automated_decisions),
        _section("gdpr.transfer", tuple(_transfer(recipient) for recipient in abroad)),
        _section("controller", _controller(facts.controller)),
    )


def _appi(found: tuple[Found, ...], facts: Facts) -> tuple[Section, ...]:
    return (
        _section("appi.name", _controller(facts.controller)),
        _section("appi.purposes", _purposes(found, facts, Law.APPI)),
        _section("appi.items", _categories(found, facts)),
        _section("appi.recipients", _recipients(facts.recipients)),
        _section("appi.periods", _periods(found, facts)),
        _section("appi.rights", (_line("dsar.information.rights_appi"),)),
        _section("appi.complaint", (_line("dsar.information.complaint_appi"),)),
    )


def _section(code: str, lines: tuple[Label, ...]) -> Section:
    """A section that says so when there is nothing to say."""
    return Section(
        code=code,
        title=_line(f"dsar.information.{code}"),
        lines=lines or (_line("dsar.information.none"),),
    )


def _line(key: str, **params: str) -> Label:
    return Label(ja=text(key, Lang.JA, **params), en=text(key, Lang.EN, **params))


def _both(key: str, ja: Mapping[str, str], en: Mapping[str, str]) -> Label:
    return Label(ja=text(key, Lang.JA, **ja), en=text(key, Lang.EN, **en))


def _found_categories(found: tuple[Found, ...]) -> tuple[str, ...]:
    """Categories of the catalogue in which something was found, in the catalogue's order."""
    names = {value.name for part in found for record in part.records for value in record.values}
    declared = catalogue().fields.values()
    return tuple(dict.fromkeys(entry.category for entry in declared if entry.id in names))


def _categories(found: tuple[Found, ...], facts: Facts) -> tuple[Label, ...]:
    policy = facts.policy.policy
    labels = {entry.id: entry.label for entry in policy.categories} if policy else {}
    return tuple(labels.get(name, Label(ja=name, en=name)) for name in _found_categories(found))


def _purposes(found: tuple[Found, ...], facts: Facts, law: Law) -> tuple[Label, ...]:
    """Purposes of the fields that were found, with their basis under this law."""
    names = {value.name for part in found for record in part.records for value in record.values}
    serving = {
        purpose
        for entry in catalogue().fields.values()
        if entry.id in names
        for purpose in entry.purposes
    }
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


def _recipients(recipients: tuple[Recipient, ...]) -> tuple[Label, ...]:
    """Companies that receive data; where data only comes from is no recipient."""
    return tuple(
        _both(
            "dsar.information.recipient",
            {"name": one.name, "role": _role(one.role, Lang.JA), "service": one.service or "-"},
            {"name": one.name, "role": _role(one.role, Lang.EN), "service": one.service or "-"},
        )
        for one in recipients
        if one.role is not RecipientRole.SOURCE
    )


def _role(role: RecipientRole, lang: Lang) -> str:
    return text(f"dsar.information.role.{role.value}", lang)


def _transfer(recipient: Recipient) -> Label:
    return _line(
        "dsar.information.transfer",
        name=recipient.name,
        country=recipient.country or "-",
        safeguard=recipient.transfer_basis or "-",
    )


def _periods(found: tuple[Found, ...], facts: Facts) -> tuple[Label, ...]:
    """Periods of the retention classes in which something was found."""
    names = {value.name for part in found for record in part.records for value in record.values}
    classes = dict.fromkeys(
        entry.retention for entry in catalogue().fields.values() if entry.id in names
    )
    return tuple(
        facts.periods.get(name, _line("dsar.information.period", name=name)) for name in classes
    )


def _origins(found: tuple[Found, ...]) -> tuple[Label, ...]:
    """Where the data came from, as the records themselves say."""
    origins = dict.fromkeys(
        value.text
        for part in found
        for record in part.records
        for value in record.values
        if value.name in {"person.source", "person.origin"}
    )
    return tuple(Label(ja=origin, en=origin) for origin in origins)


def _controller(controller: Controller) -> tuple[Label, ...]:
    return (
        controller.name,
        _line("dsar.information.contact", contact=controller.contact),
    )
