"""R10, the register of recipients and processors (APPI 25, 27; GDPR 28), with what it lacks."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from governance.core.clock import JST
from governance.core.terms import Lang, RowId
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.keys.vault import FieldVault
from governance.registers.provisions.store import PROVISION, RECORDED
from governance.registers.service import Listed, every_one
from governance.registers.store import CHECK, checks_of
from governance.registers.types import Check, Recipient, RecipientRole
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words

LIST = "sekisho recipients list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """The facts of R10 and R11."""

    every: tuple[Listed, ...]
    checks: dict[RowId, tuple[Check, ...]]
    checked: int  # looks in the period
    provided: dict[RowId, tuple[int, int]]  # records and persons of the period, by recipient
    on: date


def collect(tx: Connection, vault: FieldVault, *, period: Period, at: datetime) -> Recipients:
    """The register as it stands, with looks and provisions of the period."""
    every = every_one(tx, vault, at=at)
    looked = select(func.count()).where(
        CHECK.c.checked_on >= period.first, CHECK.c.checked_on <= period.last
    )
    given = (
        select(PROVISION.c.recipient_id, func.count(), func.sum(PROVISION.c.persons))
        .where(
            PROVISION.c.state == RECORDED,
            PROVISION.c.direction == "provided",
            PROVISION.c.first_on <= period.last,
            PROVISION.c.last_on >= period.first,
        )
        .group_by(PROVISION.c.recipient_id)
    )
    return Recipients(
        every=every,
        checks={one.recipient.id: checks_of(tx, one.recipient.id) for one in every},
        checked=int(tx.execute(looked).scalar_one()),
        provided={RowId(row[0]): (int(row[1]), int(row[2] or 0)) for row in tx.execute(given)},
        on=at.astimezone(JST).date(),
    )


def write(facts: Recipients, made: Made, lang: Lang) -> Document:
    """The document of the whole register."""
    words = Words(ReportId.R10, made, lang)
    lacking = sum(bool(one.missing) for one in facts.every)
    key = "finding.lacking" if lacking else "finding.whole"
    count = {"count": f"{len(facts.every):,}", "lacking": f"{lacking:,}"}
    return Document(
        id=ReportId.R10,
        lang=lang,
        title=words.say("title"),
        finding=words.say(key, **count),
        made=made,
        sections=(_register(facts, words), _missing(facts, words), _supervision(facts, words)),
        complete=True,
    )


def _register(facts: Recipients, words: Words) -> Section:
    roles = Counter(one.recipient.role for one in facts.every)
    ended = sum(bool(one.recipient.ended_on) for one in facts.every)
    rows = tuple(_entry(one, words) for one in facts.every)
    return Section(
        key="register",
        title=words.say("section.register"),
        figures=(
            words.figure("recipients", len(facts.every), LIST),
            *(words.figure(role.value, roles[role], "recipient.role") for role in RecipientRole),
            words.figure("ended", ended, "recipient.ended_on"),
            words.figure(
                "subprocessors",
                sum(len(one.subprocessors) for one in facts.every),
                "recipient_subprocessor",
            ),
        ),
        listing=Listing(
            columns=words.columns(
                *("recipient", "name", "country", "service", "items", "contracted", "until"),
                *("contract", "subprocessors", "safeguards", "checked", "next_check"),
            ),
            rows=rows,
            total=len(rows),
            source=LIST,
        ),
    )


def _entry(one: Listed, words: Words) -> tuple[str, ...]:
    entry = one.recipient
    lang = words.lang
    subs = [f"{sub.name} ({country_name(sub.country or '-', lang)})" for sub in one.subprocessors]
    if entry.subprocessor:
        subs.append(entry.subprocessor)
    return (
        entry.reference,
        entry.name,
        country_name(entry.country or "-", lang),
        entry.service or "-",
        entry.data_items or ", ".join(entry.categories) or "-",
        _day(entry.contracted_on),
        _until(entry, words),
        entry.contract_ref or "-",
        ", ".join(subs) or "-",
        entry.safeguards or "-",
        _day(entry.audited_on),
        _day(entry.check_due_on),
    )


def _until(entry: Recipient, words: Words) -> str:
    if entry.ended_on is not None:
        return words.say("ended_on", day=entry.ended_on.isoformat())
    if entry.auto_renewal:
        return words.say("renews", day=_day(entry.expires_on))
    return _day(entry.expires_on)


def _day(day: date | None) -> str:
    return "-" if day is None else day.isoformat()


def _missing(facts: Recipients, words: Words) -> Section:
    """What is missing about each, a line a recipient."""
    counted = Counter(code for one in facts.every for code in one.missing)
    rows = tuple(
        (
            one.recipient.reference,
            one.recipient.name,
            "、".join(text(f"registers.missing.{code}", words.lang) for code in one.missing),
        )
        for one in facts.every
        if one.missing
    )
    source = f"{LIST} --missing"
    return Section(
        key="missing",
        title=words.say("section.missing"),
        figures=(
            words.figure("lacking", len(rows), source),
            words.figure("contract_expired", counted["CONTRACT_EXPIRED"], source),
            words.figure("contract_missing", counted["CONTRACT_MISSING"], source),
            words.figure("audit_overdue", counted["AUDIT_OVERDUE_2Y"], source),
            words.figure(
                "subprocessor_not_permitted", counted["SUBPROCESSOR_NOT_PERMITTED"], source
            ),
        ),
        listing=Listing(
            columns=words.columns("recipient", "name", "missing"),
            rows=rows,
            total=len(rows),
            source=source,
        ),
    )


def _supervision(facts: Recipients, words: Words) -> Section:
    """Every look that was taken, the newest first for each (APPI 25)."""
    rows = tuple(
        (
            one.recipient.reference,
            check.checked_on.isoformat(),
            words.say(f"kind.{check.kind.value}"),
            words.say(f"method.{check.method.value}"),
            words.say(f"outcome.{check.outcome.value}"),
            check.checked_by,
            _day(check.next_due),
        )
        for one in facts.every
        for check in facts.checks[one.recipient.id]
    )
    return Section(
        key="supervision",
        title=words.say("section.supervision"),
        figures=(
            words.figure("checks", facts.checked, "recipient_check.checked_on"),
            words.figure("checks_ever", len(rows), "recipient_check"),
        ),
        listing=Listing(
            columns=words.columns(
                "recipient", "day", "what", "method", "outcome", "who", "next_check"
            ),
            rows=rows,
            total=len(rows),
            source="sekisho recipients show KEY",
        ),
    )
