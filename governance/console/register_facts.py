"""What the pages of the registers show: recipients with what is missing, transfers abroad."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from governance.console.law_words import duty_term, item_labels, rule_words
from governance.core.terms import Lang, RowId
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.i18n.formats import long_day
from governance.registers.countries import countries
from governance.registers.provisions.types import Provision
from governance.registers.rules import ground_of
from governance.registers.service import Listed, Shown
from governance.registers.store import recipient_by_id
from governance.registers.types import GdprGround, Recipient
from governance.ui.parts import Term
from policies.law.in_force import law_in_force
from policies.law.load import rules_of
from policies.purposes import HOME
from policies.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientLine:
    """One recipient in the list."""

    key: str
    name: str
    role: str
    country: str
    until: date | None
    renews: bool
    ended: bool
    missing: tuple[str, ...]  # in words


@dataclass(frozen=True, slots=True, kw_only=True)
class AbroadLine:
    """What stands behind a recipient outside Japan (APPI 28, GDPR 44 to 49)."""

    key: str
    name: str
    country: str
    equivalent: bool
    ground: str
    told_on: date | None  # since when its country's system is told of
    checked_on: date | None
    due_on: date | None
    gdpr: str
    stopped: bool
    missing: tuple[str, ...]


def line_of(one: Listed, lang: Lang, *, on: date) -> RecipientLine:
    """The recipient in words."""
    entry = one.recipient
    return RecipientLine(
        key=entry.source_key,
        name=entry.name,
        role=text(f"reports.R10.role.{entry.role.value}", lang),
        country=entry.country or "",
        until=entry.expires_on,
        renews=entry.auto_renewal,
        ended=entry.ended_on is not None and entry.ended_on <= on,
        missing=_missing(one, lang),
    )


def _missing(one: Listed, lang: Lang) -> tuple[str, ...]:
    return tuple(text(f"registers.missing.{code}", lang) for code in one.missing)


def abroad_lines(listed: tuple[Listed, ...], lang: Lang, *, on: date) -> tuple[AbroadLine, ...]:
    """Every recipient outside Japan that still receives; one without a country is among them."""
    return tuple(
        _abroad(one, lang)
        for one in listed
        if one.recipient.country != HOME
        and (one.recipient.ended_on is None or one.recipient.ended_on > on)
    )


def _abroad(one: Listed, lang: Lang) -> AbroadLine:
    entry = one.recipient
    return AbroadLine(
        key=entry.source_key,
        name=entry.name,
        country=entry.country or "",
        equivalent=countries().equivalent(entry.country),
        ground=ground_words(entry, lang),
        told_on=entry.foreign_system_on,
        checked_on=entry.transfer_checked_on,
        due_on=entry.check_due_on,
        gdpr=_gdpr(entry, lang),
        stopped=entry.stopped_on is not None,
        missing=_missing(one, lang),
    )


def ground_words(entry: Recipient, lang: Lang) -> str:
    """The ground of APPI 28 in words; as the register writes it where no rule reads it."""
    ground = ground_of(entry)
    if ground is None:
        return entry.transfer_basis or ""
    return text(f"reports.R11.ground.{ground.value}", lang)


def _gdpr(entry: Recipient, lang: Lang) -> str:
    if not entry.gdpr_ground:
        return ""
    known = entry.gdpr_ground in {one.value for one in GdprGround}
    said = text(f"reports.R11.gdpr.{entry.gdpr_ground}", lang) if known else entry.gdpr_ground
    return f"{said} ({entry.gdpr_detail})" if entry.gdpr_detail else said


def recipient_terms(shown: Shown, policy: PolicySnapshot, lang: Lang) -> tuple[Term, ...]:
    """Every member of the register that says something."""
    entry, person = shown.listed.recipient, shown.contact
    purposes = [
        one.label[lang] if (one := policy.purpose(name)) else name for name in entry.purposes
    ]
    said: tuple[tuple[str, object], ...] = (
        ("key", entry.source_key),
        ("role", text(f"reports.R10.role.{entry.role.value}", lang)),
        ("country", country_name(entry.country or "", lang)),
        ("address", entry.address),
        ("representative", person.representative),
        ("contact", " ".join(filter(None, (person.contact_name, person.contact_email)))),
        ("service", entry.service),
        ("data_items", entry.data_items),
        ("purposes", " / ".join(purposes)),
        ("contract", entry.contract_ref),
        ("contracted_on", entry.contracted_on),
        ("expires_on", entry.expires_on),
        ("ended_on", entry.ended_on),
        ("stopped_on", entry.stopped_on),
        ("safeguards", entry.safeguards),
        ("subprocessing", entry.subprocessing),
        ("ground", ground_words(entry, lang)),
        ("gdpr", _gdpr(entry, lang)),
        ("clauses", ", ".join(entry.gdpr_clauses)),
        ("audited_on", entry.audited_on),
        ("transfer_checked_on", entry.transfer_checked_on),
        ("check_due_on", entry.check_due_on),
        ("notes", entry.notes),
    )
    return tuple(_terms(said, lang))


def _terms(said: tuple[tuple[str, object], ...], lang: Lang) -> Iterator[Term]:
    for name, value in said:
        if value:
            shown = long_day(value, lang) if isinstance(value, date) else str(value)
            yield Term(term=text(f"console.recipients.term.{name}", lang), text=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionLine:
    """One provision record in the list."""

    provision: Provision
    party: str  # by its present name in the register
    party_key: str
    ground: str
    purpose: str
    abroad: bool


def provision_lines(
    tx: Connection, found: tuple[Provision, ...], policy: PolicySnapshot, lang: Lang
) -> tuple[ProvisionLine, ...]:
    """The records in words."""
    known: dict[RowId, Recipient | None] = {}
    for one in found:
        if one.recipient not in known:
            known[one.recipient] = recipient_by_id(tx, one.recipient)
    return tuple(_provision(one, known[one.recipient], policy, lang) for one in found)


def _provision(
    one: Provision, party: Recipient | None, policy: PolicySnapshot, lang: Lang
) -> ProvisionLine:
    purpose = policy.purpose(one.purpose) if one.purpose else None
    return ProvisionLine(
        provision=one,
        party="" if party is None else party.name,
        party_key="" if party is None else party.source_key,
        ground=text(f"reports.R09.ground.{one.recorded.ground.value}", lang),
        purpose=purpose.label[lang] if purpose else str(one.purpose or ""),
        abroad=one.country != HOME,
    )


def provision_terms(
    line: ProvisionLine, party: Any, acquisition: str, lang: Lang, *, by: str
) -> tuple[Term, ...]:
    """One record with the other side as it was at the time (Rules 20, 24), recorded by whom."""
    one = line.provision
    first, last = (long_day(day, lang) for day in (one.first_on, one.last_on))
    rules = rules_of(law_in_force(), one.last_on)
    said: tuple[tuple[str, str, str], ...] = (
        ("direction", text(f"cli.provision.direction.{one.direction.value}", lang), ""),
        ("party", party.name, ""),
        ("party_address", party.address or "", ""),
        ("party_representative", party.representative or "", ""),
        ("country", country_name(one.country or "", lang), ""),
        ("days", first if first == last else f"{first} - {last}", ""),
        ("purpose", line.purpose, ""),
        ("ground", line.ground, ""),
        ("duty", one.recorded.duty, ""),
        ("acquisition", acquisition, ""),
        ("fields", item_labels(one.fields, lang), ""),
        ("persons", f"{one.persons:,}", ""),
        ("kept_until", long_day(one.keeping.until, lang), ""),
        ("rule", rule_words(one.keeping.rule, rules, lang), ""),
        ("recorded_by", by, ""),
    )
    terms = {
        name: Term(term=_label(name, lang), text=value, note=note)
        for name, value, note in said
        if value
    }
    terms["duty"] = duty_term(_label("duty", lang), one.recorded.duty, lang, on=one.last_on)
    if one.event_id:
        terms["event"] = Term(term=_label("event", lang), text=one.event_id, mono=True)
    return tuple(terms.values())


def _label(name: str, lang: Lang) -> str:
    return text(f"console.provisions.term.{name}", lang)
