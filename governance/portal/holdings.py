"""What is held of one person, kind by kind: why, who got it, how long. Nothing sealed is opened.

Kinds come from the rows that there are, purposes from the policy in force, companies from the
register and from the records of what was handed over (APPI 29), periods from the schedule.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection

from governance.core.terms import FieldId, Lang, SubjectId
from governance.customers.catalogue import CatalogueField, catalogue
from governance.customers.store import TABLES, records_of
from governance.customers.upkeep.merges import circle
from governance.i18n.catalogue import text
from governance.registers.provisions.store import of_person
from governance.registers.provisions.types import Direction
from governance.registers.store import all_recipients
from governance.registers.types import Recipient, RecipientRole
from policies.snapshot import PolicySnapshot
from retention.periods import lines_for, long
from retention.store import in_force
from retention.types import Duty, Part, Period, Schedule

OURS: Final = frozenset({"record_keeping", "company"})  # says nothing of the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One kind of data that is held."""

    what: str
    why: tuple[str, ...]
    handed: tuple[str, ...]  # to whom it was given, by the records; how often
    entrusted: tuple[str, ...]  # who works with it for us, by the register
    until: tuple[str, ...]


def holdings(
    tx: Connection,
    policy: PolicySnapshot,
    subject: SubjectId,
    lang: Lang,
    *,
    refused: Container[str],
    on: date,
) -> tuple[Holding, ...]:
    """Every kind that is held of the person, in the order of the policy.

    `refused`: purposes that rest on the person's consent and have none; nothing is held for them.
    """
    present = _present(tx, subject)
    kinds: dict[str, list[CatalogueField]] = {}
    for field in present:
        kinds.setdefault(field.category, []).append(field)
    known = () if policy.policy is None else policy.policy.categories
    labels = {one.id: one.label[lang] for one in known}
    order = [*labels, *sorted(set(kinds) - set(labels))]
    companies = [one for one in all_recipients(tx) if _works_for_us(one, on=on)]
    handed = _handed(tx, subject)
    schedule = in_force(tx)
    found = (
        Holding(
            what=labels.get(kind, kind),
            why=_purposes(policy, kinds[kind], refused, lang),
            handed=tuple(
                text("portal.home.handed", lang, name=name, count=count)
                for name, count in _received(handed, kind).items()
            ),
            entrusted=tuple(one.name for one in companies if kind in one.categories),
            until=tuple(
                dict.fromkeys(line for f in kinds[kind] for line in _lines(f, schedule, lang))
            ),
        )
        for kind in order
        if kind in kinds
    )
    return alike(found, text("portal.collect.comma", lang))


def alike(found: Iterable[Holding], comma: str) -> tuple[Holding, ...]:
    """Kinds of which the same is said are one line, in the place of the first."""
    names: dict[Holding, list[str]] = {}
    for one in found:
        names.setdefault(replace(one, what=""), []).append(one.what)
    return tuple(replace(one, what=comma.join(whats)) for one, whats in names.items())


def _present(tx: Connection, subject: SubjectId) -> tuple[CatalogueField, ...]:
    """Fields of which any row of the person holds something, in the order of the catalogue."""
    names: set[FieldId] = set()
    for table in TABLES:
        for record in records_of(tx, subject, table):
            names |= {name for name, cell in record.sealed.items() if cell}
            names |= {FieldId(f"{table}.{c}") for c, v in record.clear.items() if v is not None}
    found = (field for field in catalogue().fields.values() if field.id in names)
    return tuple(field for field in found if field.category not in OURS)


def _purposes(
    policy: PolicySnapshot,
    fields: Iterable[CatalogueField],
    refused: Container[str],
    lang: Lang,
) -> tuple[str, ...]:
    serving = {purpose for field in fields for purpose in field.purposes}
    return tuple(
        one.label[lang]
        for one in policy.purposes.values()
        if one.id in serving and one.id not in refused
    )


def _works_for_us(one: Recipient, *, on: date) -> bool:
    """Whether the company works with data for us or with us now."""
    ours = one.role in {RecipientRole.PROCESSOR, RecipientRole.JOINT}
    return ours and (one.ended_on is None or one.ended_on >= on)


def _handed(tx: Connection, subject: SubjectId) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Who got data of the person by the records, and of which kinds, the oldest first."""
    names = {one.id: one.name for one in all_recipients(tx)}
    given = (
        provision
        for provision, _ in of_person(tx, circle(tx, subject))
        if provision.direction is Direction.PROVIDED
    )
    return [(names[one.recipient], one.categories) for one in given if one.recipient in names]


def _received(handed: Iterable[tuple[str, tuple[str, ...]]], kind: str) -> Mapping[str, int]:
    """How often each company got data of this kind."""
    found: dict[str, int] = {}
    for name, kinds in handed:
        if kind in kinds:
            found[name] = found.get(name, 0) + 1
    return found


def _lines(field: CatalogueField, schedule: Schedule, lang: Lang) -> Iterator[str]:
    """How long the field is kept, a line for each case of the schedule that can be its own."""
    for line in lines_for(field.retention, schedule):
        if isinstance(line, Duty):
            yield line.label.of(lang)
        elif (not isinstance(line, Part) or _meant(line, field)) and line.period:
            what, length = line.label.of(lang), long(line.period, lang)
            if line.period != Period():
                told = text("portal.home.until", lang, what=what, long=length)
                yield what if length in what else told


def _meant(part: Part, field: CatalogueField) -> bool:
    """Whether a line about rows or fields of one table is about this field."""
    return part.table == field.table and (not part.fields or field.id in part.fields)
