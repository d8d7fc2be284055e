"""The matrix of a policy as people read it: rows, sheets by purpose, a page, a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from io import StringIO
from pathlib import Path

from governance.core.terms import Lang, PurposeId, Treatment
from governance.documents.neutralise import neutralised
from governance.documents.tables import CsvEncoding, write_csv, write_xlsx
from governance.i18n.catalogue import text
from policies.admin.wording import field_name
from policies.matrix import MatrixCell
from policies.snapshot import PolicySnapshot

COLUMNS = ("purpose", "role", "action", "field", "category", "shown", "conditional", "rule")
STYLE = """\
body{font-family:"Noto Sans JP",sans-serif;margin:2rem;color:#1a1a1c}
table{border-collapse:collapse;margin:0 0 2rem}
caption{text-align:left;font-weight:700;padding:.5rem 0}
th,td{border:1px solid #b3b3b3;padding:.25rem .5rem;font-size:.8rem;text-align:left}
.clear{background:#c2e5d1}.masked{background:#fff3c2}.withheld{color:#767676}
"""


class MatrixFormat(StrEnum):
    """Forms of the matrix."""

    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"
    HTML = "html"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One purpose: a row for each field, a column for each role, of what is open to somebody."""

    purpose: PurposeId
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kinds: tuple[tuple[Treatment, ...], ...]


def shown_word(cell: MatrixCell, lang: Lang) -> str:
    """What the cell shows: clear, how it is masked, or a dash."""
    if cell.treatment is Treatment.WITHHELD:
        return "-"
    if cell.method is not None:
        words = text(f"policies.mask.{cell.method.value}", lang)
    else:
        words = text(f"policies.treatment.{cell.treatment.value}", lang)
    return f"{words}*" if cell.conditional else words


def rows(
    snapshot: PolicySnapshot, cells: Iterable[MatrixCell], *, lang: Lang
) -> Iterator[tuple[str, ...]]:
    """A heading and a row for each cell that is open."""
    yield tuple(text(f"policies.matrix.{name}", lang) for name in COLUMNS)
    labels = _labels(snapshot, lang)
    for cell in cells:
        if cell.treatment is not Treatment.WITHHELD:
            yield (
                labels.get(f"purpose:{cell.purpose}", cell.purpose),
                labels.get(f"role:{cell.role}", cell.role),
                cell.action,
                labels.get(f"field:{cell.field}", cell.field),
                labels.get(f"category:{snapshot.categories.get(cell.field, '')}", ""),
                shown_word(cell, lang),
                "*" if cell.conditional else "",
                cell.rule_id or "",
            )


def sheets(snapshot: PolicySnapshot, cells: Iterable[MatrixCell], *, lang: Lang) -> Iterator[Sheet]:
    """One sheet for each purpose that opens something, without the roles that get nothing."""
    by_purpose: dict[PurposeId, list[MatrixCell]] = {}
    for cell in cells:
        if cell.treatment is not Treatment.WITHHELD:
            by_purpose.setdefault(cell.purpose, []).append(cell)
    labels = _labels(snapshot, lang)
    for purpose, found in by_purpose.items():
        yield _sheet(purpose, found, labels, lang=lang)


def _sheet(
    purpose: PurposeId, cells: Sequence[MatrixCell], labels: dict[str, str], *, lang: Lang
) -> Sheet:
    at = {(cell.field, cell.role): cell for cell in cells}
    roles = tuple(dict.fromkeys(cell.role for cell in cells))
    fields = tuple(dict.fromkeys(cell.field for cell in cells))
    grid = tuple(tuple(at.get((field, role)) for role in roles) for field in fields)
    heading = text("policies.matrix.field", lang)
    return Sheet(
        purpose=purpose,
        title=labels.get(f"purpose:{purpose}", purpose),
        columns=(heading, *(labels.get(f"role:{role}", role) for role in roles)),
        rows=tuple(
            (
                field_name(field, labels.get(f"field:{field}", field), lang),
                *("-" if cell is None else shown_word(cell, lang) for cell in line),
            )
            for field, line in zip(fields, grid, strict=True)
        ),
        kinds=tuple(
            tuple(Treatment.WITHHELD if cell is None else cell.treatment for cell in line)
            for line in grid
        ),
    )


def _labels(snapshot: PolicySnapshot, lang: Lang) -> dict[str, str]:
    policy = snapshot.policy
    if policy is None:
        return {}
    return {
        **{f"purpose:{one.id}": one.label[lang] for one in policy.purposes},
        **{f"role:{one.id}": one.label[lang] for one in policy.roles},
        **{f"field:{one.id}": one.label[lang] for one in policy.fields()},
        **{f"category:{one.id}": one.label[lang] for one in policy.categories},
    }


def html(snapshot: PolicySnapshot, cells: Iterable[MatrixCell], *, lang: Lang) -> str:
    """The sheets as one page that needs nothing else."""
    title = "" if snapshot.policy is None else snapshot.policy.title[lang]
    head = f"{escape(title)} {escape(snapshot.version)}"
    parts = [_table(sheet) for sheet in sheets(snapshot, cells, lang=lang)]
    return (
        f'<!doctype html><html lang="{lang.value}"><meta charset="utf-8"><title>{head}</title>'
        f"<style>{STYLE}</style><h1>{head}</h1>{''.join(parts)}</html>"
    )


def _table(sheet: Sheet) -> str:
    heading = "".join(f'<th scope="col">{escape(name)}</th>' for name in sheet.columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(
            f'<td class="{kind.value}">{escape(word)}</td>'
            for kind, word in zip(kinds, row[1:], strict=True)
        )
        + "</tr>"
        for row, kinds in zip(sheet.rows, sheet.kinds, strict=True)
    )
    return f"<table><caption>{escape(sheet.title)}</caption><tr>{heading}</tr>{body}</table>"


def csv_text(lines: Iterable[Sequence[str]]) -> str:
    """The rows as CSV text in which no spreadsheet finds a formula."""
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [neutralised(part) for part in row] for row in lines
    )
    return out.getvalue()


def written(
    snapshot: PolicySnapshot,
    cells: Iterable[MatrixCell],
    path: Path,
    *,
    form: MatrixFormat,
    lang: Lang,
) -> None:
    """The open cells stand in a new spreadsheet or CSV file."""
    heading, *lines = rows(snapshot, cells, lang=lang)
    if form is MatrixFormat.XLSX:
        write_xlsx(path, heading, lines)
    else:
        write_csv(path, heading, lines, encoding=CsvEncoding.UTF8_BOM)
