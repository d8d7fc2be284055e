"""A document as Markdown, HTML, JSON or CSV; every figure carries its source in each of them."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from governance.core.clock import JST
from governance.documents.neutralise import neutralised
from governance.documents.tables import Cell, Sheet, write_sheets
from governance.i18n.catalogue import text
from governance.i18n.formats import moment
from governance.reports.layout import laid
from governance.reports.reading import read
from governance.reports.types import Document, Figure, Listing, Section

SCHEMA: Final = "sekisho-report/1"
SHORT_KEY: Final = 200  # characters; an ML-DSA key fills a page and stands in JSON alone
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?", re.ASCII)
NUMBER: Final = re.compile(r"0|[1-9]\d{0,2}(?:,\d{3})*|[1-9]\d{0,8}", re.ASCII)
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
    return tuple((label, value) for _, label, value in _head_of(document))


def _head_of(document: Document) -> Iterator[tuple[str, str, str]]:
    """The same with the name of each line."""
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
    for name, value in said:
        yield name, text(f"reports.head.{name}", document.lang), value


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

    said = partial(read, document)
    head = [(name, said(value)) for name, value in head_lines(document)]
    parts = [
        f"# {document.id.value} {document.title}\n",
        f"**{_plain(said(document.finding))}**\n",
    ]
    parts.append(_md_table((column("what"), column("value")), head))
    for section in document.sections:
        parts.append(f"## {section.title}\n")
        rows = [(one.label, said(one.shown), f"`{one.source}`") for one in section.figures]
        parts.append(_md_table((column("figure"), column("value"), column("source")), rows))
        if section.remark:
            parts.append(f"{_plain(said(section.remark))}\n")
        if section.listing is not None and section.listing.rows:
            rows_read = [[said(cell) for cell in row] for row in section.listing.rows]
            parts.append(_md_table(section.listing.columns, rows_read))
            parts.append(f"{shown_of(document, section.listing)}\n")
    return "\n".join(parts)


def shown_of(document: Document, listing: Listing) -> str:
    """How many rows are shown, and where all of them are found."""
    return text(
        "reports.shown" if len(listing.rows) < listing.total else "reports.whole",
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
    for name, label, value in _head_of(document):
        writer.writerow(map(neutralised, (document.id.value, "head", name, label, value, "")))
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

    said = partial(read, document)
    head = [(name, said(value), "") for name, value in head_lines(document)]
    figures = [
        (one.label, one.value if _counts(one) else said(one.shown), one.source)
        for section in document.sections
        for one in section.figures
    ]
    first = Sheet(
        name=document.id.value,
        header=(column("figure"), column("value"), column("source")),
        rows=[(document.title, said(document.finding), ""), *head, *figures],
    )
    listed = [
        Sheet(
            name=section.title,
            header=section.listing.columns,
            rows=[[_cell(said, one) for one in row] for row in section.listing.rows],
        )
        for section in document.sections
        if section.listing is not None and section.listing.rows
    ]
    with TemporaryDirectory(prefix="sekisho-report-") as folder:
        path = Path(folder) / "report.xlsx"
        write_sheets(path, (first, *listed))
        return path.read_bytes()


def _counts(figure: Figure) -> bool:
    """Whether its value is a number, and not the 1 of a yes."""
    return isinstance(figure.value, int | float) and any(map(str.isdigit, figure.shown))


def _cell(said: Callable[[str], str], words: str) -> Cell:
    """A day as a day and a number as a number, so that a sheet can sort them; else words."""
    if MOMENT.fullmatch(words):
        with suppress(ValueError):  # no day of the calendar
            found = datetime.fromisoformat(words)  # in Japan's time, as everywhere in a report
            return found if " " in words else found.date()
    if NUMBER.fullmatch(words):
        return int(words.replace(",", ""))
    return said(words)


def html(document: Document) -> str:
    """One page that needs nothing beside itself, made to be printed."""

    def say(name: str, **params: object) -> str:
        return text(f"reports.{name}", document.lang, **params)

    said = partial(read, document)
    return _page().render(
        document=document,
        head=head_lines(document),
        say=say,
        read=said,
        shown_of=partial(shown_of, document),
        laid=lambda listing: laid(listing, said),
        foot=_foot(document),
    )


def _foot(document: Document) -> str:
    """What stands at the foot of each page; a string of CSS, so nothing a company writes."""
    at = moment(document.made.at, document.lang)
    return text("reports.foot", document.lang, report=document.id.value, at=at)


@cache
def _page() -> Template:
    source = files("governance.reports").joinpath("templates", "report.html").read_text("utf-8")
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(source)
