"""The files of an answer: pages, JSON under published schemas, CSV per source, all values inert."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from dsar.answer_page import Download, page
from dsar.found import Found
from dsar.report import Answer
from dsar.types import Ground, RequestKind
from governance.core.controller import Controller
from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.documents.neutralise import UNSEEN, neutralised, visible
from governance.i18n.catalogue import text
from governance.pii.redaction import Placeholders
from policies.types import Label

SCHEMA: Final = "sekisho-dsar/1"
PORTABILITY_SCHEMA: Final = "sekisho-portability/1"
SCHEMAS: Final[Mapping[str, str]] = {
    SCHEMA: "sekisho-dsar-1.json",
    PORTABILITY_SCHEMA: "sekisho-portability-1.json",
    "sekisho-dsar-manifest/1": "sekisho-dsar-manifest-1.json",
}  # the schema of a document -> its file in dsar/data/schemas, at /schemas, in a package
DATA, PORTABLE_DATA = "data.json", "portability.json"
MOST_INSIDE: Final = 5_000_000  # octets of handed files that a page carries too
BOM: Final = "\ufeff"  # so that a Japanese spreadsheet reads UTF-8


def files_of(answer: Answer) -> dict[str, bytes]:
    """Every file of the answer by its name in the package; one numbering of others in all."""
    placeholders = Placeholders(Lang.JA)
    data = {DATA: document(answer, placeholders)}
    if RequestKind.PORTABILITY in answer.kinds:
        data[PORTABLE_DATA] = portability(answer, placeholders)
    for found in answer.findings:
        if found.records:
            data[f"csv/{found.source}.csv"] = table(found, placeholders).encode()
    handed = handed_files(answer.findings)
    inside = [Download(name=name.rpartition("/")[2], content=data[name]) for name in data]
    if sum(map(len, handed.values())) <= MOST_INSIDE:
        inside += [Download(name=_flat(name), content=handed[name]) for name in handed]
    pages = {page_name(lang): page(answer, lang, inside).encode() for lang in Lang}
    schemas = {f"schemas/{name}": schema_file(name) for name in SCHEMAS.values()}
    return {**pages, **data, **handed, **schemas}


def handed_files(findings: Iterable[Found]) -> dict[str, bytes]:
    """Files of connected systems that an officer looked at and hands over, by their place."""
    return {
        f"files/{found.source}/{file.name}": file.content
        for found in findings
        for record in found.records
        if (file := record.handed) is not None
    }


def _flat(name: str) -> str:
    """The name under which a phone saves a file of the package."""
    return name.removeprefix("files/").replace("/", "-")


def page_name(lang: Lang) -> str:
    """The name of the page in a package."""
    return f"report.{lang.value}.html"


@cache
def schema_file(name: str) -> bytes:
    """A published schema (JSON Schema 2020-12) as shipped."""
    return files("dsar.data").joinpath("schemas", name).read_bytes()


def document(answer: Answer, placeholders: Placeholders) -> bytes:
    """The answer for machines (APPI 33(2) 電磁的記録, GDPR 15(3)), after its schema."""
    return _json(
        {
            "schema": SCHEMA,
            "reference": answer.reference,
            "created_at": answer.created_at.isoformat(),
            "controller": _controller(answer.controller),
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
            "stays": _stays(answer),
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
    )


def portability(answer: Answer, placeholders: Placeholders) -> bytes:
    """What may be taken elsewhere (GDPR 20(1)): records with plain members, and what each means."""
    names = dict.fromkeys(
        value.name for found in answer.findings for rec in found.records for value in rec.values
    )
    return _json(
        {
            "schema": PORTABILITY_SCHEMA,
            "reference": answer.reference,
            "created_at": answer.created_at.isoformat(),
            "controller": _controller(answer.controller),
            "fields": {name: _meaning(name) for name in names},
            "records": {
                found.source: [
                    {value.name: value.shown(placeholders) for value in record.values}
                    for record in found.records
                ]
                for found in answer.findings
                if found.records
            },
            "stays": _stays(answer),
        }
    )


def _meaning(name: FieldId) -> dict[str, Any]:
    entry = catalogue().fields[name]
    return {
        "label": {"ja": entry.label_ja, "en": entry.label_en},
        "category": entry.category,
        "term": entry.dpv,
    }


def _stays(answer: Answer) -> list[dict[str, object]]:
    return [
        {
            "field": line.name,
            "label": _both(line.label),
            "count": line.count,
            "reason": line.reason.value,
        }
        for line in answer.stays
    ]


def _json(body: Mapping[str, Any]) -> bytes:
    """JSON whose values are exact, and whose unseen characters stand as escapes."""
    told = _escaped(json.dumps(body, ensure_ascii=False, sort_keys=True))
    try:
        return msgspec.json.format(told.encode(), indent=1)
    except msgspec.DecodeError:  # a lone surrogate is JSON, yet nothing that it sets in lines
        return told.encode()


def _escaped(told: str) -> str:
    """Outside ASCII such a character stands only inside a string, so an escape means the same."""
    return UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], told)


def _controller(controller: Controller) -> dict[str, Any]:
    return {
        "name": {"ja": controller.company_ja, "en": controller.company_en},
        "contact": controller.contact_mail,
    }


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
    writer.writerow([_cell(label) for label in columns.values()])
    writer.writerows(_cells(found, tuple(columns), placeholders))
    return BOM + stream.getvalue()


def _cells(
    found: Found, columns: Iterable[FieldId], placeholders: Placeholders
) -> Iterator[list[str]]:
    for record in found.records:
        values = {value.name: value.shown(placeholders) for value in record.values}
        yield [_cell(values.get(column, "")) for column in columns]


def _cell(value: str) -> str:
    return neutralised(visible(value))
