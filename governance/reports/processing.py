"""R02, the record of processing (GDPR 30(1)) and the map of personal data, from registers alone.

Purposes stand as the policy says them, stores and fields as the catalogue and the connected systems
declare them, recipients as the register has them, periods as the schedule in force. It names nobody
whose data is held.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from governance.connectors.specs import ConnectorSpec, DatabaseSpec
from governance.core.controller import Controller
from governance.core.terms import Lang, Law
from governance.customers.catalogue import (
    Catalogue,
    CatalogueField,
    CatalogueTable,
    Sensitivity,
    Storage,
)
from governance.customers.subjects import SubjectKind
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.identity.access.words import categories_named, purposes_named
from governance.registers.rules import ground_of
from governance.registers.service import Listed
from governance.registers.types import GdprGround
from governance.reports.recipients import LIST, Recipients
from governance.reports.retention import SCHEDULE, Retention, schedule_rows
from governance.reports.transfers import WRONG
from governance.reports.types import Document, Figure, Listing, Made, ReportId, Section, Value
from governance.reports.words import Words
from policies.purposes import INTERNAL, PurposeRecord, recipient_class
from policies.snapshot import PolicySnapshot

FIELDS, MATRIX, SYSTEMS = (
    *("sekisho catalogue show TABLE", "sekisho policy matrix", "connectors_file"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """The facts of R02."""

    controller: Controller
    policy: PolicySnapshot
    catalogue: Catalogue
    systems: tuple[ConnectorSpec, ...]
    recipients: Recipients
    retention: Retention
    notices: Mapping[tuple[str, str], str] = field(default_factory=dict)  # title by id and version

    @property
    def purposes(self) -> tuple[PurposeRecord, ...]:
        """Purposes in the order of their names."""
        return tuple(sorted(self.policy.purposes.values(), key=lambda one: one.id))


def write(facts: Processing, made: Made, lang: Lang) -> Document:
    """The document of these facts; its listings hold every purpose, store, field and recipient."""
    words = Words(ReportId.R02, made, lang)
    lacking = sum(bool(WRONG & set(one.missing)) for one in facts.recipients.every)
    count = {
        "purposes": f"{len(facts.policy.purposes):,}",
        "fields": f"{len(facts.catalogue.fields):,}",
        "recipients": f"{len(facts.recipients.every):,}",
        "lacking": f"{lacking:,}",
    }
    return Document(
        id=ReportId.R02,
        lang=lang,
        title=words.say("title"),
        finding=words.say("finding.lacking" if lacking else "finding.whole", **count),
        made=made,
        sections=(
            _controller(facts, words),
            _purposes(facts, words),
            _stores(facts, words),
            _fields(facts, words),
            _recipients(facts, words),
            _retention(facts, words),
            _security(facts, words),
        ),
        complete=True,
    )


def _section(
    words: Words,
    key: str,
    figures: Iterable[tuple[str, Value, str]],
    listing: tuple[tuple[str, ...], Iterable[tuple[str, ...]], str] | None = None,
    remark: str = "",
) -> Section:
    told: tuple[Figure, ...] = tuple(words.figure(*one) for one in figures)
    table = None
    if listing is not None:
        columns, found, source = listing
        rows = tuple(found)
        table = Listing(columns=words.columns(*columns), rows=rows, total=len(rows), source=source)
    return Section(
        key=key, title=words.say(f"section.{key}"), figures=told, listing=table, remark=remark
    )


def _controller(facts: Processing, words: Words) -> Section:
    """Who answers for it (30(1)(a)), about whom it is (c)."""
    house, lang = facts.controller, words.lang
    kinds = (text(f"retention.kind.{one.value}", lang) for one in SubjectKind)
    figures = (
        ("controller", house.company(lang), f"company_{lang.value}"),
        ("address", house.address(lang), f"company_address_{lang.value}"),
        ("representative", house.representative(lang), f"company_representative_{lang.value}"),
        ("contact", _joined((house.contact_phone, house.contact_mail), lang), "contact_phone"),
        ("dpo", house.dpo_contact or words.say("none_named"), "dpo_contact"),
        (
            "eu_representative",
            house.eu_representative or words.say("none_named"),
            "eu_representative",
        ),
        ("persons", _joined(kinds, lang), "subject.kind"),
    )
    return _section(words, "controller", figures)


def _purposes(facts: Processing, words: Words) -> Section:
    """Each purpose with its bases, data, recipients and countries (30(1)(b) to (e))."""
    every = facts.purposes
    figures = (
        ("version", facts.policy.version, MATRIX),
        ("digest", facts.policy.digest, MATRIX),
        ("purposes", len(every), MATRIX),
        ("gdpr", sum(Law.GDPR in one.basis for one in every), MATRIX),
        ("outside", sum(any(to != INTERNAL for to in one.recipients) for one in every), MATRIX),
    )
    columns = ("purpose", "legal_basis", "categories", "recipients", "countries", "notice")
    return _section(
        words,
        "purposes",
        figures,
        (columns, (_purpose(one, facts, words) for one in every), MATRIX),
    )


def _purpose(one: PurposeRecord, facts: Processing, words: Words) -> tuple[str, ...]:
    lang = words.lang
    bases = (
        words.say(
            "basis",
            law=text(f"consent.law.{law.value}", lang),
            basis=text(f"policies.basis.{one.basis[law].value}", lang),
        )
        for law in Law
        if law in one.basis
    )
    return (
        one.label[lang],
        _joined(bases, lang),
        categories_named(facts.policy, one.categories, lang),
        _joined((_goes_to(to, words) for to in one.recipients), lang),
        _joined((_country(code, words) for code in sorted(one.countries)), lang),
        _notice(one, facts, words),
    )


def _notice(one: PurposeRecord, facts: Processing, words: Words) -> str:
    """The notice that tells of it by title and version; by its number where none is published."""
    id_, version = one.notice or "", one.notice_version or ""
    title = facts.notices.get((id_, version))
    if title is None:
        return " ".join(filter(None, (id_, version))) or "-"
    return words.say("notice", title=title, version=version)


def _goes_to(recipient: str, words: Words) -> str:
    """Inside the company, every recipient of a class, or a certain one by its number."""
    if recipient == INTERNAL:
        return words.say("internal")
    role = text(f"reports.R10.role.{recipient_class(recipient)}", words.lang)
    number = recipient.partition(":")[2]
    if number == "*":
        return role
    return text("reports.reference", words.lang, role=role, id=number)


def _country(code: str, words: Words) -> str:
    return words.say("any_country") if code == "*" else country_name(code, words.lang)


def _stores(facts: Processing, words: Words) -> Section:
    """Where data lies: each table of our own store, each place of a connected system."""
    own = facts.catalogue.tables.values()
    figures = (
        ("tables", len(own), FIELDS),
        ("systems", len(facts.systems), SYSTEMS),
    )
    rows = (
        *(_table(one, facts, words) for one in own),
        *(row for one in facts.systems for row in _system(one, words)),
    )
    columns = ("store", "store_kind", "data", "fields", "sealed", "at_erasure")
    return _section(words, "stores", figures, (columns, rows, FIELDS))


def _table(one: CatalogueTable, facts: Processing, words: Words) -> tuple[str, ...]:
    held = {field.category for field in one.fields}
    return (
        one.label(words.lang),
        words.say("store.own"),
        categories_named(facts.policy, held, words.lang),
        f"{len(one.fields):,}",
        f"{sum(field.storage is Storage.SEALED for field in one.fields):,}",
        words.say(f"erase.{one.on_erase.value}"),
    )


def _system(one: ConnectorSpec, words: Words) -> Iterator[tuple[str, ...]]:
    lang, kind = words.lang, words.say(f"store.{one.kind.value}")
    if not isinstance(one, DatabaseSpec):
        ends = getattr(one, "on_erase", None)
        end = words.say(f"erase.{ends.value}") if ends else words.say("erase.asked")
        yield one.label[lang], kind, "-", "-", "-", end
        return
    for table in one.tables:
        yield (
            f"{one.label[lang]} / {table.label[lang]}",
            kind,
            _joined((column.label[lang] for column in table.columns), lang),
            f"{len(table.columns):,}",
            "-",
            words.say(f"erase.{table.on_erase.value}"),
        )


def _fields(facts: Processing, words: Words) -> Section:
    """The map: every field of our own store with what it serves."""
    every = [field for table in facts.catalogue.tables.values() for field in table.fields]
    figures = (
        ("fields", len(every), FIELDS),
        *(
            (f"is_{one.value}", sum(field.sensitivity is one for field in every), FIELDS)
            for one in Sensitivity
        ),
    )
    columns = ("store", "field", "category", "purposes", "sensitivity", "storage")
    return _section(
        words, "fields", figures, (columns, (_field(one, facts, words) for one in every), FIELDS)
    )


def _field(one: CatalogueField, facts: Processing, words: Words) -> tuple[str, ...]:
    lang = words.lang
    return (
        facts.catalogue.tables[one.table].label(lang),
        one.label(lang),
        categories_named(facts.policy, (one.category,), lang),
        purposes_named(facts.policy, one.purposes, lang) or "-",
        words.say(f"sensitivity.{one.sensitivity.value}"),
        words.say(f"storage.{one.storage.value}"),
    )


def _recipients(facts: Processing, words: Words) -> Section:
    """Who receives data, where, and on what a transfer rests (30(1)(d), (e))."""
    every = facts.recipients.every
    lacking = sum(bool(WRONG & set(one.missing)) for one in every)
    figures = (
        ("recipients", len(every), LIST),
        ("transfer_lacking", lacking, f"{LIST} --missing"),
    )
    columns = ("recipient", "name", "country", "service", "items", "ground", "gdpr", "safeguards")
    rows = (_recipient(one, facts, words) for one in every)
    return _section(words, "recipients", figures, (columns, rows, LIST))


def _recipient(one: Listed, facts: Processing, words: Words) -> tuple[str, ...]:
    entry, lang = one.recipient, words.lang
    ground = ground_of(entry)
    known = entry.gdpr_ground in {each.value for each in GdprGround}
    return (
        entry.reference,
        entry.name,
        country_name(entry.country or "-", lang),
        entry.service or "-",
        entry.data_items or categories_named(facts.policy, entry.categories, lang) or "-",
        text(f"reports.R11.ground.{ground.value}", lang) if ground else entry.transfer_basis or "-",
        text(f"reports.R11.gdpr.{entry.gdpr_ground}", lang) if known else entry.gdpr_ground or "-",
        entry.safeguards or "-",
    )


def _retention(facts: Processing, words: Words) -> Section:
    """How long data is kept (30(1)(f))."""
    held = facts.retention
    figures = (
        ("schedule_version", held.version, SCHEDULE),
        ("schedule_digest", held.schedule.digest, SCHEDULE),
    )
    rows = schedule_rows(held, words.lang)
    columns = ("line", "data", "period", "then", "basis")
    return _section(words, "retention", figures, (columns, rows, SCHEDULE))


def _security(facts: Processing, words: Words) -> Section:
    """A general description of the measures (30(1)(g)), each counted."""
    every = facts.catalogue.fields.values()
    sealed = sum(one.storage is Storage.SEALED for one in every)
    separations = () if facts.policy.policy is None else facts.policy.policy.separations
    figures = (
        ("sealed", sealed, FIELDS),
        ("clear", len(every) - sealed, FIELDS),
        ("roles", len(facts.policy.roles), MATRIX),
        ("separations", len(separations), "sekisho policy check"),
        ("log", words.made.head.size, "sekisho audit verify"),
    )
    return _section(words, "security", figures, remark=words.say("remark.security"))


def _joined(said: Iterable[str], lang: Lang) -> str:
    return ("、" if lang is Lang.JA else ", ").join(said)
