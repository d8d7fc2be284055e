"""The answer to a person as pages, JSON and CSV; every value is text, never markup or formula."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from dsar.case import Decision, WithheldItem
from dsar.found import Found, FoundRecord
from dsar.information import Controller, Section
from dsar.types import COPYING, Ground, RequestKind
from governance.core.clock import JST
from governance.core.terms import FieldId, Lang, Law, RowId
from governance.customers.catalogue import catalogue
from governance.documents.neutralise import neutralised
from governance.i18n.catalogue import text
from governance.pii.redaction import Placeholders
from policies.types import Label

SCHEMA: Final = "sekisho-dsar/1"
BOM: Final = "\ufeff"  # so that a Japanese spreadsheet reads UTF-8


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldLine:
    """How often a field was left out, and on which grounds."""

    name: FieldId
    label: Label
    count: int
    grounds: tuple[Ground, ...]


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

    @property
    def created_on(self) -> str:
        """The day of the answer in Japan."""
        return self.created_at.astimezone(JST).date().isoformat()


def disclosed(
    findings: Iterable[Found], decision: Decision, kinds: Iterable[RequestKind]
) -> tuple[tuple[Found, ...], tuple[WithheldLine, ...]]:
    """What the answer shows, and what it leaves out by rule or by the officer's decision."""
    if COPYING.isdisjoint(kinds):
        return (), ()
    shown: list[Found] = []
    left: list[WithheldItem] = []
    for found in findings:
        records, removed = _without(found, decision.items)
        shown.append(replace(found, records=records))
        left += [*found.withheld, *removed]
    return tuple(shown), _lines(left)


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


def _lines(items: Iterable[WithheldItem]) -> tuple[WithheldLine, ...]:
    counts: dict[tuple[FieldId, tuple[Ground, ...]], set[RowId | None]] = {}
    for item in items:
        counts.setdefault((item.field, item.grounds), set()).add(item.row)
    return tuple(
        WithheldLine(name=name, label=_label(name), count=len(rows), grounds=grounds)
        for (name, grounds), rows in sorted(counts.items(), key=lambda pair: pair[0][0])
    )


def _label(name: FieldId) -> Label:
    entry = catalogue().fields.get(name)
    if entry is None:
        return Label(ja=name, en=name)
    tables = catalogue().tables[entry.table]
    return Label(
        ja=f"{tables.label_ja}: {entry.label_ja}", en=f"{tables.label_en}: {entry.label_en}"
    )


def files_of(answer: Answer) -> dict[str, bytes]:
    """Every file of the answer by its name in the package; one numbering of others in all."""
    placeholders = Placeholders(Lang.JA)
    files = {f"report.{lang.value}.html": page(answer, lang).encode() for lang in Lang}
    files["data.json"] = document(answer, placeholders)
    for found in answer.findings:
        if found.records:
            files[f"csv/{found.source}.csv"] = table(found, placeholders).encode()
    return files


def page(answer: Answer, lang: Lang) -> str:
    """The answer as one page that needs nothing else and runs nothing."""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            answer=answer,
            lang=lang,
            t=lambda key: text(f"dsar.package.{key}", lang),
            placeholders=Placeholders(lang),
            words=lambda key: text(f"dsar.{key}", lang),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("dsar", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )


def document(answer: Answer, placeholders: Placeholders) -> bytes:
    """The answer for machines (GDPR 20: structured, commonly used, machine-readable)."""
    body = {
        "schema": SCHEMA,
        "reference": answer.reference,
        "created_at": answer.created_at.isoformat(),
        "rights": [kind.value for kind in answer.kinds],
        "decision": {
            "outcome": answer.decision.outcome.value,
            "grounds": [_ground(ground) for ground in answer.decision.grounds],
        },
        "sources": [_source(found, placeholders) for found in answer.findings],
        "withheld": [
            {
                "field": line.name,
                "label": _both(line.label),
                "count": line.count,
                "grounds": [_ground(ground) for ground in line.grounds],
            }
            for line in answer.withheld
        ],
        "information": {
            law.value: [
                {
                    "code": section.code,
                    "title": _both(section.title),
                    "lines": [_both(line) for line in section.lines],
                }
                for section in sections
            ]
            for law, sections in answer.information
        },
    }
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _source(found: Found, placeholders: Placeholders) -> dict[str, object]:
    return {
        "source": found.source,
        "label": _both(found.label),
        "records": [
            [
                {
                    "field": value.name,
                    "label": _both(value.label),
                    "value": value.shown(placeholders),
                }
                for value in record.values
            ]
            for record in found.records
        ],
    }


def _ground(ground: Ground) -> dict[str, str]:
    key = f"dsar.ground.{ground.value}"
    return {"code": ground.value, "ja": text(key, Lang.JA), "en": text(key, Lang.EN)}


def _both(label: Label) -> dict[str, str]:
    return {"ja": label.ja, "en": label.en}


def table(found: Found, placeholders: Placeholders) -> str:
    """A source as CSV with one line per record; a text that a spreadsheet would run is marked."""
    columns = {
        value.name: f"{value.label.ja} / {value.label.en}"
        for record in found.records
        for value in record.values
    }
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([neutralised(label) for label in columns.values()])
    writer.writerows(_cells(found, tuple(columns), placeholders))
    return BOM + stream.getvalue()


def _cells(
    found: Found, columns: tuple[FieldId, ...], placeholders: Placeholders
) -> Iterator[list[str]]:
    for record in found.records:
        values = {value.name: value.shown(placeholders) for value in record.values}
        yield [neutralised(values.get(column, "")) for column in columns]
