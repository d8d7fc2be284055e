"""R11, transfers abroad (APPI 28, GDPR 44 to 49): country, ground, what was told, yearly looks."""

from collections import Counter

from governance.core.terms import Lang
from governance.i18n.countries import country_name
from governance.registers.countries import countries
from governance.registers.rules import ground_of
from governance.registers.service import Listed
from governance.registers.types import RecipientRole, TransferGround
from governance.reports.recipients import LIST, Recipients
from governance.reports.types import Document, Listing, Made, ReportId, Section
from governance.reports.words import Words

WRONG = frozenset(
    {
        "NO_TRANSFER_BASIS",
        "COUNTRY_NOT_EQUIVALENT",
        "NO_FOREIGN_SYSTEM_INFO",
        "TRANSFER_CHECK_DUE",
        "GDPR_GROUND_MISSING",
    }
)


def write(facts: Recipients, made: Made, lang: Lang) -> Document:
    """The document of everybody outside the country who receives data."""
    words = Words(ReportId.R11, made, lang)
    abroad = tuple(one for one in facts.every if _abroad(one))
    lacking = sum(bool(WRONG & set(one.missing)) for one in abroad)
    key = "finding.lacking" if lacking else "finding.whole"
    return Document(
        id=ReportId.R11,
        lang=lang,
        title=words.say("title"),
        finding=words.say(key, count=f"{len(abroad):,}", lacking=f"{lacking:,}"),
        made=made,
        sections=(
            _recipients(facts, abroad, words),
            _subprocessors(facts, words),
        ),
        complete=True,
    )


def _abroad(one: Listed) -> bool:
    entry = one.recipient
    home = countries().home
    return entry.role is not RecipientRole.SOURCE and entry.country != home


def _recipients(facts: Recipients, abroad: tuple[Listed, ...], words: Words) -> Section:
    grounds = Counter(ground_of(one.recipient) for one in abroad)
    counted = Counter(code for one in abroad for code in one.missing)
    records = [facts.provided.get(one.recipient.id, (0, 0)) for one in abroad]
    rows = tuple(_row(facts, one, words) for one in abroad)
    return Section(
        key="recipients",
        title=words.say("section.recipients"),
        figures=(
            words.figure("abroad", len(abroad), LIST),
            *(
                words.figure(ground.value, grounds[ground], "recipient.transfer_basis")
                for ground in TransferGround
            ),
            words.figure("no_ground", counted["NO_TRANSFER_BASIS"], f"{LIST} --missing"),
            words.figure("check_due", counted["TRANSFER_CHECK_DUE"], f"{LIST} --missing"),
            words.figure("no_gdpr_ground", counted["GDPR_GROUND_MISSING"], f"{LIST} --missing"),
            words.figure("records", sum(one for one, _ in records), "provision.country"),
            words.figure("persons", sum(many for _, many in records), "provision.persons"),
        ),
        listing=Listing(
            columns=words.columns(
                *("recipient", "name", "country", "equivalent", "ground", "system_told"),
                *("gdpr", "gdpr_detail", "checked", "stopped", "records", "persons"),
            ),
            rows=rows,
            total=len(rows),
            source=LIST,
        ),
        remark=words.say("remark.list", version=countries().version),
    )


def _row(facts: Recipients, one: Listed, words: Words) -> tuple[str, ...]:
    entry = one.recipient
    ground = ground_of(entry)
    records, persons = facts.provided.get(entry.id, (0, 0))
    equal = "yes" if countries().equivalent(entry.country) else "no"
    return (
        entry.reference,
        entry.name,
        country_name(entry.country or "-", words.lang),
        words.say(equal),
        words.say(f"ground.{ground.value}") if ground else entry.transfer_basis or "-",
        entry.foreign_system_on.isoformat() if entry.foreign_system_on else "-",
        words.say(f"gdpr.{entry.gdpr_ground}") if entry.gdpr_ground else "-",
        entry.gdpr_detail or "-",
        entry.transfer_checked_on.isoformat() if entry.transfer_checked_on else "-",
        entry.stopped_on.isoformat() if entry.stopped_on else "-",
        f"{records:,}",
        f"{persons:,}",
    )


def _subprocessors(facts: Recipients, words: Words) -> Section:
    """Who works abroad for a recipient, wherever the recipient is."""
    home = countries().home
    rows = tuple(
        (
            one.recipient.reference,
            sub.name,
            country_name(sub.country or "-", words.lang),
            sub.service or "-",
            sub.approved_on.isoformat() if sub.approved_on else "-",
        )
        for one in facts.every
        for sub in one.subprocessors
        if sub.country != home
    )
    return Section(
        key="subprocessors",
        title=words.say("section.subprocessors"),
        figures=(words.figure("subprocessors", len(rows), "recipient_subprocessor.country"),),
        listing=Listing(
            columns=words.columns("recipient", "subprocessor", "country", "service", "approved"),
            rows=rows,
            total=len(rows),
            source="sekisho recipients show KEY",
        ),
    )
