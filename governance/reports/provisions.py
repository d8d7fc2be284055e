"""R09, provisions to and receipts from third parties (APPI 29 to 31), as of one checkpoint.

A record is in the report when the event that vouches for it stands in the tree of the checkpoint.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, exists, select

from audit.models import LEAVES
from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.keys.vault import FieldVault
from governance.registers.provisions.service import ShownProvision, opened
from governance.registers.provisions.store import PROVISION, RECORDED, provision_of
from governance.registers.provisions.types import Direction, ProvisionGround
from governance.reports.types import Document, Listing, Made, Period, ReportId, Section
from governance.reports.words import Words

LIST = "sekisho provision list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisions:
    """The facts of R09."""

    provided: tuple[ShownProvision, ...]
    received: tuple[ShownProvision, ...]
    kept: int  # records that are kept at the checkpoint, of every period
    ended: int  # of these, whose keeping is over


def collect(
    tx: Connection, vault: FieldVault, *, period: Period, size: int, on: date
) -> Provisions:
    """The records of the period in the tree of this size."""
    inside = exists().where(LEAVES.c.event_id == PROVISION.c.event_id, LEAVES.c.seq < size)
    wanted = select(PROVISION).where(PROVISION.c.state == RECORDED, inside)
    every = [provision_of(row) for row in tx.execute(wanted.order_by(PROVISION.c.id))]
    found = [
        opened(vault, one)
        for one in every
        if one.first_on <= period.last and one.last_on >= period.first
    ]
    return Provisions(
        provided=tuple(one for one in found if one.provision.direction is Direction.PROVIDED),
        received=tuple(one for one in found if one.provision.direction is Direction.RECEIVED),
        kept=len(every),
        ended=sum(one.keeping.purge_from <= on for one in every),
    )


def write(facts: Provisions, made: Made, lang: Lang) -> Document:
    """The document of these facts; it names every record and nobody in it."""
    words = Words(ReportId.R09, made, lang)
    persons = sum(one.provision.persons for one in facts.provided)
    finding = words.say(
        "finding",
        provided=f"{len(facts.provided):,}",
        received=f"{len(facts.received):,}",
        persons=f"{persons:,}",
    )
    return Document(
        id=ReportId.R09,
        lang=lang,
        title=words.say("title"),
        finding=finding,
        made=made,
        sections=(
            _section(words, "provided", facts.provided),
            _section(words, "received", facts.received),
            _keeping(words, facts),
        ),
        complete=True,
    )


def _section(words: Words, key: str, records: tuple[ShownProvision, ...]) -> Section:
    period = words.made.period
    source = f"{LIST} --from {period.first.isoformat()} --to {period.last.isoformat()}"
    grounds = Counter(one.provision.recorded.ground for one in records)
    abroad = sum(one.provision.country not in (None, "JP") for one in records)
    by_ground = tuple(
        words.figure(f"{key}_{ground.value}", grounds[ground], "provision.ground")
        for ground in ProvisionGround
    )
    rows = tuple(_row(words, one) for one in records)
    return Section(
        key=key,
        title=words.say(f"section.{key}"),
        figures=(
            words.figure(key, len(records), source),
            words.figure(
                f"{key}_persons", sum(one.provision.persons for one in records), "provision.persons"
            ),
            words.figure(f"{key}_abroad", abroad, "provision.country"),
            *by_ground,
        ),
        listing=Listing(
            columns=words.columns(
                *("day", "party", "address", "representative", "persons", "items", "ground"),
                *("country", "acquisition", "kept_until", "record", "event"),
            ),
            rows=rows,
            total=len(rows),
            source=source,
        ),
    )


def _row(words: Words, one: ShownProvision) -> tuple[str, ...]:
    record = one.provision
    days = f"{record.first_on}"
    if record.last_on != record.first_on:
        days = f"{record.first_on} - {record.last_on}"
    declared = catalogue().fields
    items = (
        declared[FieldId(name)].label(words.lang) if name in declared else name
        for name in record.fields
    )
    return (
        days,
        one.party.name,
        one.party.address,
        one.party.representative,
        f"{record.persons:,}",
        ", ".join(items),
        words.say(f"ground.{record.recorded.ground.value}"),
        country_name(record.country or "-", words.lang),
        one.acquisition or "-",
        words.say(
            "kept_until",
            day=record.keeping.until,
            rule=text(f"law.rule.{record.keeping.rule}", words.lang),
        ),
        record.id,
        record.event_id or "-",
    )


def _keeping(words: Words, facts: Provisions) -> Section:
    return Section(
        key="keeping",
        title=words.say("section.keeping"),
        figures=(
            words.figure("kept", facts.kept, LIST),
            words.figure("ended", facts.ended, "provision.purge_from"),
        ),
        remark=words.say("remark.keeping"),
    )
