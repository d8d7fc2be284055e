"""A scan's report as JSON, as one HTML page and as a workbook; kinds and counts, no values."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template

from governance.core.terms import Lang
from governance.discovery.types import (
    ColumnFinding,
    NotRead,
    NotReadReason,
    Place,
    ScanReport,
    ScanReportError,
)
from governance.documents.files import whole_file
from governance.documents.tables import Sheet, write_sheets
from governance.i18n.catalogue import text
from governance.i18n.formats import moment
from governance.pii.types import Tie

SCHEMA: Final = "sekisho-scan/1"
FORMS: Final = (".json", ".html", ".xlsx")
_HEADS: Final = (
    "place", "kind", "column", "label", "confidence", "rows", "sampled", "found", "special_care",
    "at_most", "examples", "lines",
)  # fmt: skip
LINES: Final = 20  # numbers of rows in a cell; the JSON has more
Row = tuple[str, ...]


def shape(report: ScanReport) -> dict[str, object]:
    """The JSON value."""
    return {
        "schema": SCHEMA,
        "target": report.target,
        "began": report.began.isoformat(),
        "ended": report.ended.isoformat(),
        "complete": report.complete,
        "sample": report.sample,
        "confidence": report.confidence,
        "found": report.found,
        "places": [_place(place) for place in report.places],
        "not_read": [{"name": n.name, "reason": n.reason.value} for n in report.not_read],
    }


def _place(place: Place) -> dict[str, object]:
    return {
        "name": place.name,
        "kind": place.kind,
        "rows": place.rows,
        "sampled": place.sampled,
        "columns": [_column(column) for column in place.columns],
        "proposal": place.proposal,
    }


def _column(column: ColumnFinding) -> dict[str, object]:
    return {
        "name": column.name,
        "label": column.label,
        "confidence": column.confidence,
        "filled": column.filled,
        "sampled": column.sampled,
        "counts": dict(column.counts),
        "at_most": round(column.at_most, 6),
        "special_care": list(column.special_care),
        "examples": list(column.examples),
        "lines": list(column.lines),
        "tie": column.tie,
    }


def reported(document: Mapping[str, Any]) -> ScanReport:
    """The report whose JSON value this is."""
    return ScanReport(
        target=document["target"],
        began=datetime.fromisoformat(document["began"]),
        ended=datetime.fromisoformat(document["ended"]),
        complete=document["complete"],
        sample=document["sample"],
        confidence=document["confidence"],
        places=tuple(
            Place(**{**place, "columns": tuple(_found(one) for one in place["columns"])})
            for place in document["places"]
        ),
        not_read=tuple(
            NotRead(name=one["name"], reason=NotReadReason(one["reason"]))
            for one in document["not_read"]
        ),
    )


def _found(column: Mapping[str, Any]) -> ColumnFinding:
    lists = {name: tuple(column[name]) for name in ("special_care", "examples", "lines")}
    return ColumnFinding(**{**column, **lists})


def narrowed(report: ScanReport) -> ScanReport:
    """The report with those columns alone that hold personal data or wait for a person's look."""
    places = (
        replace(place, columns=tuple(one for one in place.columns if one.personal or one.review))
        for place in report.places
    )
    return replace(report, places=tuple(places))


def kind_name(label: str, lang: Lang) -> str:
    """A label in words: 氏名, 自由記述, 病歴."""
    if label == "FREE_TEXT":
        return text("discovery.free_text", lang)
    entity, _, kind = label.partition(":")
    return text(f"pii.kind.{kind.lower()}" if kind else f"pii.entity.{entity.lower()}", lang)


def rows_of(report: ScanReport, lang: Lang, *, all_columns: bool = False) -> Iterable[Row]:
    """One row of words for each column that is personal or to be checked, or for every one."""
    for place in report.places:
        for column in place.columns:
            if all_columns or column.personal or column.review:
                yield row_of(place, column, lang)


def row_of(place: Place, column: ColumnFinding, lang: Lang) -> Row:
    """What was found of one column, in words; one cell for each heading."""
    found = (f"{kind_name(label, lang)} {n:,}" for label, n in column.counts.items())
    care = (kind_name(f":{kind}", lang) for kind in column.special_care)
    return (
        place.name,
        text(f"discovery.kind.{place.kind}", lang),
        column.name or "-",
        _kind(column, lang),
        f"{column.confidence:.2f}",
        f"{place.rows:,}",
        f"{column.sampled:,}",
        ", ".join(found) or "-",
        ", ".join(care) or "-",
        _share(column.at_most, lang),
        " / ".join(column.examples) or "-",
        _numbers(column.lines),
    )


def _kind(column: ColumnFinding, lang: Lang) -> str:
    if column.tie == Tie.THING and column.label is not None:
        return text("discovery.tie.thing", lang, kind=kind_name(column.label, lang))
    if column.label is not None:
        return kind_name(column.label, lang)
    return text(f"discovery.tie.{column.tie}", lang) if column.tied else "-"


def _numbers(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:LINES])) or "-"
    return f"{shown} ..." if len(lines) > LINES else shown


def _share(share: float, lang: Lang) -> str:
    return text("discovery.at_most", lang, share=f"{100 * share:.2f}") if share else "0 %"


def heads(lang: Lang) -> tuple[str, ...]:
    """Headings of the rows."""
    return tuple(text(f"discovery.head.{name}", lang, most=LINES) for name in _HEADS)


def missed(report: ScanReport, lang: Lang) -> tuple[Row, ...]:
    """What was not read, and why."""
    return tuple(
        (one.name, text(f"discovery.reason.{one.reason.value}", lang)) for one in report.not_read
    )


def summary(report: ScanReport, lang: Lang) -> tuple[tuple[str, str], ...]:
    """What a reader must know of the scan as a whole."""
    state = "complete" if report.complete else "partial"
    columns = [column for place in report.places for column in place.columns]
    facts = (
        ("target", report.target),
        ("state", text(f"discovery.state.{state}", lang)),
        ("began", moment(report.began, lang)),
        ("ended", moment(report.ended, lang)),
        ("places", f"{len(report.places):,}"),
        ("columns", f"{sum(column.personal for column in columns):,}"),
        ("review", f"{sum(column.review for column in columns):,}"),
        ("missed", f"{len(report.not_read):,}"),
        ("method", _method(report, lang)),
    )
    return tuple((text(f"discovery.fact.{name}", lang), value) for name, value in facts)


def _method(report: ScanReport, lang: Lang) -> str:
    if report.sample is None:
        return text("discovery.method_all", lang)
    return text(
        "discovery.method", lang, sample=f"{report.sample:,}", confidence=f"{report.confidence:.0%}"
    )


def write(report: ScanReport, path: Path, *, lang: Lang, every_column: bool = False) -> None:
    """The report stands in the file, whole, in the form of its name's end.

    A page names the columns with personal data, or every one; the other forms name all.
    """
    suffix = path.suffix.lower()
    check_form(path)
    if suffix == ".xlsx":
        _workbook(report, path, lang)
        return
    if suffix == ".html":
        words = html(report, lang, every_column=every_column)
    else:
        words = json.dumps(shape(report), ensure_ascii=False, indent=1) + "\n"
    with whole_file(path) as part:
        part.write_text(words, encoding="utf-8")


def check_form(path: Path) -> None:
    """Raises ScanReportError where the name ends in no form that is written."""
    if path.suffix.lower() not in FORMS:
        raise ScanReportError(suffix=path.suffix[:10] or "-")


def _workbook(report: ScanReport, path: Path, lang: Lang) -> None:
    def name(sheet: str) -> str:
        return text(f"discovery.sheet.{sheet}", lang)

    columns: Sequence[Row] = list(rows_of(report, lang, all_columns=True))
    write_sheets(
        path,
        (
            Sheet(name=name("summary"), header=("", ""), rows=summary(report, lang)),
            Sheet(name=name("columns"), header=heads(lang), rows=columns),
            Sheet(
                name=name("not_read"),
                header=(heads(lang)[0], text("discovery.head.reason", lang)),
                rows=missed(report, lang),
            ),
        ),
    )


def html(report: ScanReport, lang: Lang, *, every_column: bool = False) -> str:
    """One page that needs nothing beside itself, made to be printed."""

    def say(name: str, **params: object) -> str:
        return text(f"discovery.{name}", lang, **params)

    return _page().render(
        lang=lang,
        say=say,
        summary=summary(report, lang),
        heads=heads(lang),
        rows=list(rows_of(report, lang, all_columns=every_column)),
        missed=missed(report, lang),
        proposals=[place.proposal for place in report.places if place.proposal],
        complete=report.complete,
    )


@cache
def _page() -> Template:
    source = files("governance.discovery").joinpath("templates", "scan.html").read_text("utf-8")
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(source)
