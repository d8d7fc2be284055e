"""A document as Markdown, HTML, JSON or CSV; every figure carries its source in each of them."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from governance.core.clock import JST
from governance.documents.neutralise import neutralised
from governance.documents.tables import Sheet, write_sheets
from governance.i18n.catalogue import text
from governance.reports.reading import with_days
from governance.reports.types import Document, Listing, Section

SCHEMA: Final = "sekisho-report/1"
SHORT_KEY: Final = 200  # characters; an ML-DSA key fills a page and stands in JSON alone
BOM: Final = "\ufeff"  # a spreadsheet then reads UTF-8


class ReportFormat(StrEnum):
    """The forms of a report."""

    MD = "md"
    HTML = "html"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


MEDIA: Final = {  # the type of each form
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.MD: "text/markdown; charset=utf-8",
    ReportFormat.JSON: "application/json",
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def rendered(document: Document, form: ReportFormat) -> bytes:
    """The document in this form."""
    if form is ReportFormat.XLSX:
        return workbook(document)
    forms: dict[ReportFormat, Callable[[Document], str]] = {
        ReportFormat.MD: markdown,
        ReportFormat.HTML: html,
        ReportFormat.JSON: as_json,
        ReportFormat.CSV: table,
    }
    return forms[form](document).encode()


def head_lines(document: Document) -> tuple[tuple[str, str], ...]:
    """What a reader must know of the report as a whole, in words."""
    made = document.made
    clock = "%Y-%m-%d %H:%M:%S (JST)"
    said = (
        ("controller", made.controller),
        ("period", f"{made.period.first.isoformat()} – {made.period.last.isoformat()}"),
        ("made_at", made.at.astimezone(JST).strftime(clock)),
        ("made_by", made.by),
        ("log", made.origin),
        ("checkpoint", f"{made.head.size:,}"),
        ("root", made.head.root),
        ("signed_at", made.head.signed_at.astimezone(JST).strftime(clock)),
        *(("key", key) for key in made.head.keys if len(key) <= SHORT_KEY),
    )
    return tuple((text(f"reports.head.{name}", document.lang), value) for name, value in said)


def shape(document: Document) -> dict[str, object]:
    """The JSON value: values as numbers, words beside them."""
    made = document.made
    return {
        "schema": SCHEMA,
        "report": document.id.value,
        "lang": document.lang.value,
        "title": document.title,
        "finding": document.finding,
        "period": {
            "from": made.period.first.isoformat(),
            "to": made.period.last.isoformat(),
        },
        "made_at": made.at.isoformat(),
        "made_by": made.by,
        "controller": made.controller,
        "checkpoint": {
            "log": made.origin,
            "size": made.head.size,
            "root": made.head.root,
            "signed_at": made.head.signed_at.isoformat(),
            "keys": list(made.head.keys),
        },
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> dict[str, object]:
    figures = [
        {
            "key": figure.key,
            "label": figure.label,
            "value": figure.value,
            "shown": figure.shown,
            "source": figure.source,
        }
        for figure in section.figures
    ]
    found: dict[str, object] = {"key": section.key, "title": section.title, "figures": figures}
    if section.listing is not None:
        found["listing"] = {
            "columns": list(section.listing.columns),
            "rows": [list(row) for row in section.listing.rows],
            "total": section.listing.total,
            "source": section.listing.source,
        }
    return found | ({"remark": section.remark} if section.remark else {})


def as_json(document: Document) -> str:
    """One JSON value."""
    return json.dumps(shape(document), ensure_ascii=False, indent=1) + "\n"


def markdown(document: Document) -> str:
    """Headings, tables and sentences."""

    def column(name: str) -> str:
        return text(f"reports.column.{name}", document.lang)

    def read(words: str) -> str:
        return with_days(words, document.lang)

    head = [(name, read(value)) for name, value in head_lines(document)]
    parts = [
        f"# {document.id.value} {document.title}\n",
        f"**{_plain(read(document.finding))}**\n",
    ]
    parts.append(_md_table((column("what"), column("value")), head))
    for section in document.sections:
        parts.append(f"## {section.title}\n")
        rows = [(one.label, read(one.shown), f"`{one.source}`") for one in section.figures]
        parts.append(_md_table((column("figure"), column("value"), column("source")), rows))
        if section.remark:
            parts.append(f"{_plain(read(section.remark))}\n")
        if section.listing is not None and section.listing.rows:
            rows_read = [[read(cell) for cell in row] for row in section.listing.rows]
            parts.append(_md_table(section.listing.columns, rows_read))
            parts.append(f"{shown_of(document, section.listing)}\n")
    return "\n".join(parts)


def shown_of(document: Document, listing: Listing) -> str:
    """How many rows are shown, and where all of them are found."""
    return text(
        "reports.shown",
        document.lang,
        shown=f"{len(listing.rows):,}",
        total=f"{listing.total:,}",
        source=listing.source,
    )


def _md_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(columns)
    lines = ["| " + " | ".join(map(_plain, heads)) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(map(_plain, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _plain(words: str) -> str:
    """Words that mean nothing to Markdown or to HTML in it."""
    return " ".join(words.replace("|", "\\|").replace("<", "&lt;").split())


def table(document: Document) -> str:
    """Section, figure, value, source; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("report", "section", "figure", "label", "value", "source"))
    for section in document.sections:
        for one in section.figures:
            value = "" if one.value is None else str(one.value)
            cells = (document.id.value, section.key, one.key, one.label, value, one.source)
            writer.writerow(map(neutralised, cells))
    for section in document.sections if document.complete else ():
        if section.listing is not None:
            writer.writerow(())
            writer.writerow(map(neutralised, section.listing.columns))
            writer.writerows(map(neutralised, row) for row in section.listing.rows)
    return BOM + out.getvalue()


def workbook(document: Document) -> bytes:
    """A sheet of the head and the figures, then a sheet for each listing; no cell is a formula."""

    def column(name: str) -> str:
        return text(f"reports.column.{name}", document.lang)

    head = [(name, value, "") for name, value in head_lines(document)]
    figures = [
        (one.label, one.value if isinstance(one.value, int | float) else one.shown, one.source)
        for section in document.sections
        for one in section.figures
    ]
    first = Sheet(
        name=document.id.value,
        header=(column("figure"), column("value"), column("source")),
        rows=[(document.title, document.finding, ""), *head, *figures],
    )
    listed = [
        Sheet(name=section.title, header=section.listing.columns, rows=section.listing.rows)
        for section in document.sections
        if section.listing is not None and section.listing.rows
    ]
    with TemporaryDirectory(prefix="sekisho-report-") as folder:
        path = Path(folder) / "report.xlsx"
        write_sheets(path, (first, *listed))
        return path.read_bytes()


def html(document: Document) -> str:
    """One page that needs nothing beside itself, made to be printed."""

    def say(name: str, **params: object) -> str:
        return text(f"reports.{name}", document.lang, **params)

    return _page().render(
        document=document,
        head=head_lines(document),
        say=say,
        read=lambda words: with_days(words, document.lang),
        shown_of=lambda listing: shown_of(document, listing),
    )


@cache
def _page() -> Template:
    source = files("governance.reports").joinpath("templates", "report.html").read_text("utf-8")
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(source)
