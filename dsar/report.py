"""What a person is told: which findings the answer shows, what it leaves out, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from dsar.case import Decision, WithheldItem
from dsar.found import Found, FoundRecord, named
from dsar.information import Section
from dsar.portability import LeftField, NotPortable
from dsar.types import COPYING, Ground, RequestKind
from governance.core.controller import Controller
from governance.core.terms import FieldId, Lang, Law, RowId
from governance.customers.catalogue import catalogue
from governance.i18n.formats import long_day
from policies.types import Label

PROVISIONS: Final = "provision"  # the source of the records that APPI 33(5) opens


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldLine:
    """How often a field was left out, and on which grounds."""

    name: FieldId
    label: Label
    count: int
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaysLine:
    """How often a field stays behind in a portable copy, and why."""

    name: FieldId
    label: Label
    count: int
    reason: NotPortable


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything that the person is told."""

    reference: str
    kinds: tuple[RequestKind, ...]
    created_at: datetime
    decision: Decision
    controller: Controller
    findings: tuple[Found, ...] = field(repr=False)
    withheld: tuple[WithheldLine, ...]
    information: tuple[tuple[Law, tuple[Section, ...]], ...] = field(repr=False)
    stays: tuple[StaysLine, ...] = ()  # of GDPR 20 alone

    def created_on(self, lang: Lang) -> str:
        """The day of the answer in Japan, in words."""
        return long_day(self.created_at, lang)


def disclosed(
    findings: Iterable[Found], decision: Decision, kinds: Iterable[RequestKind]
) -> tuple[tuple[Found, ...], tuple[WithheldLine, ...]]:
    """What the answer shows, and what it leaves out by rule or by the officer's decision."""
    asked = sorted(asked_for(findings, kinds), key=_place)
    shown: list[Found] = []
    left: list[WithheldItem] = []
    for found in asked:
        records, removed = _without(found, decision.items)
        shown.append(replace(found, records=records))
        left += [*found.withheld, *removed]
    return tuple(shown), _lines(left, labels_of(asked))


def _place(found: Found) -> tuple[int, str]:
    """The person first, then what is around them, then other sources by their names."""
    tables = [*catalogue().tables]
    return tables.index(found.source) if found.source in tables else len(tables), found.source


def asked_for(findings: Iterable[Found], kinds: Iterable[RequestKind]) -> tuple[Found, ...]:
    """The sources that these rights open: a copy of all, the records of APPI 33(5), or none."""
    wanted = frozenset(kinds)
    if wanted & COPYING:
        return tuple(findings)
    if RequestKind.PROVISION_RECORDS in wanted:
        return tuple(found for found in findings if found.source == PROVISIONS)
    return ()


def labels_of(findings: Iterable[Found]) -> Mapping[FieldId, Label]:
    """Source and field in words, as the findings name them."""
    return {
        name: named(found.label, label)
        for found in findings
        for name, label in (
            *((value.name, value.label) for record in found.records for value in record.values),
            *found.labels,
        )
    }


def stays(left: Iterable[LeftField], known: Mapping[FieldId, Label]) -> tuple[StaysLine, ...]:
    """The fields of a portable copy that stay behind, by their names for people."""
    return tuple(
        StaysLine(
            name=one.name, label=label_of(one.name, known), count=one.count, reason=one.reason
        )
        for one in left
    )


def _without(
    found: Found, items: tuple[WithheldItem, ...]
) -> tuple[tuple[FoundRecord, ...], list[WithheldItem]]:
    """The records without the items that the officer withheld."""
    grounds = {(item.field, item.row): item.grounds for item in items}
    records: list[FoundRecord] = []
    removed: list[WithheldItem] = []
    for record in found.records:
        kept = []
        for value in record.values:
            why = grounds.get((value.name, record.row)) or grounds.get((value.name, None))
            if why is None:
                kept.append(value)
            else:
                removed.append(WithheldItem(field=value.name, row=record.row, grounds=why))
        records.append(replace(record, values=tuple(kept)))
    return tuple(records), removed


def _lines(
    items: Iterable[WithheldItem], known: Mapping[FieldId, Label]
) -> tuple[WithheldLine, ...]:
    counts: dict[tuple[FieldId, tuple[Ground, ...]], set[RowId | None]] = {}
    for item in items:
        counts.setdefault((item.field, item.grounds), set()).add(item.row)
    return tuple(
        WithheldLine(name=name, label=label_of(name, known), count=len(rows), grounds=grounds)
        for (name, grounds), rows in sorted(counts.items(), key=lambda pair: pair[0][0])
    )


def label_of(name: FieldId, known: Mapping[FieldId, Label]) -> Label:
    """Table and field in words; one that nobody declared as its finding names it, or by its id."""
    entry = catalogue().fields.get(name)
    if entry is None:
        return known.get(name, Label(ja=name, en=name))
    tables = catalogue().tables[entry.table]
    return named(
        Label(ja=tables.label_ja, en=tables.label_en), Label(ja=entry.label_ja, en=entry.label_en)
    )
