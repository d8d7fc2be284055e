"""Injection, swept over the whole code and over every file that a spreadsheet opens.

Markup stands at named places alone, every template escapes, no template is made of data, and no
cell of any report or list begins like a formula.
"""

import ast
import csv
import io
import re
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from governance.core.terms import ActorId, Lang
from governance.db.types import table_of
from governance.documents.neutralise import is_dangerous, restored
from governance.documents.tables import write_csv, write_xlsx
from governance.identity.models import StaffRow
from governance.reports import rendering
from governance.reports.rendering import ReportFormat
from governance.reports.types import Document, Head, Listing, Made, Period, ReportId, Section
from governance.ui.lists.exporting import FileForm, file_of
from governance.ui.lists.types import Cell, ListColumn, ListOf, Row
from policies.admin.sheets import csv_text
from tests.installation import AT
from tests.security.ground import Ground

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("governance", "policies", "consent", "retention", "audit", "dsar")
STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", " =", "'=")
HOSTILE: Final = tuple(f"{start}1+1|' /C calc'!A0" for start in STARTS)
TEMPLATE: Final = "{{ 7 * 7 }}{% for a in b %}${7*7}<%= 7*7 %>"

# Octets that were made by us and hold nothing of anybody: pictures as SVG, our own style sheets.
SAFE: Final = {
    "governance/app/templates/checkpoint_sheet.html": {"code"},
    "governance/console/templates/account.html": {"picture"},
}
MARKUP: Final = {
    "dsar/answer_page.py",
    "dsar/execution/certificate_paper.py",
    "governance/ui/words.py",  # a span of ours; whatever stands in it is escaped
}
# Sources of these templates are files of ours, read from the package.
FROM_STRING: Final = {
    "governance/app/checkpoint_copies.py",
    "governance/discovery/report.py",
    "governance/reports/rendering.py",
}
# Whoever writes CSV or workbooks marks formulas, but for two that no spreadsheet sees.
TABLES: Final = {
    "governance/documents/tables.py",
    "governance/reports/rendering.py",
    "dsar/answer_files.py",
    "policies/admin/sheets.py",
}
INNER_TABLES: Final = {
    "governance/app/bench/intake.py",  # made rows for a measurement
    "retention/datasets/building.py",  # sealed parts, read back and written by documents/tables.py
}


@cache
def sources(suffix: str) -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob(f"*{suffix}"))
    }


def calls(name: str) -> dict[str, list[ast.Call]]:
    """Calls of this function or method, by file."""
    found: dict[str, list[ast.Call]] = {}
    for place, source in sources(".py").items():
        if name not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", 1)[-1] == name:
                found.setdefault(place, []).append(node)
    return found


def test_markup_stands_at_named_places_alone() -> None:
    unescaped = {
        place: set(re.findall(r"\{\{-?\s*([\w.]+)[^}]*\|\s*safe\b", source))
        for place, source in sources(".html").items()
        if re.search(r"\|\s*safe\b|autoescape", source)
    }
    assert unescaped == SAFE
    assert set(calls("Markup")) == MARKUP
    assert not {"mark_safe", "__html__"} & {
        word for source in sources(".py").values() for word in re.findall(r"\w+", source)
    }


def test_every_environment_of_templates_escapes() -> None:
    made = calls("Environment")
    assert len(made) >= 6
    for place, found in made.items():
        for call in found:
            given = {word.arg: ast.unparse(word.value) for word in call.keywords}
            assert given.get("autoescape") == "True", place
            assert "StrictUndefined" in given.get("undefined", ""), place


def test_no_template_is_made_of_data() -> None:
    assert set(calls("from_string")) == FROM_STRING
    imported = r"^from string\b.*\bTemplate\b"
    assert not [
        one for one, source in sources(".py").items() if re.search(imported, source, re.MULTILINE)
    ]
    for name in ("eval", "exec", "compile"):
        bare = {
            place
            for place, found in calls(name).items()
            if any(isinstance(call.func, ast.Name) for call in found)
        }
        assert not bare, (name, bare)


def test_whoever_writes_tables_marks_formulas() -> None:
    writers = set(calls("writer")) | set(calls("DictWriter")) | set(calls("Workbook"))
    assert writers == TABLES | INNER_TABLES
    for place in TABLES:
        assert "neutralised" in sources(".py")[place], place


def cells_of(content: bytes, form: str) -> list[str]:
    """Every text of the file as a spreadsheet would take it; a formula of a workbook is one."""
    if form == "csv":
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return [cell for row in rows for cell in row]
    book = load_workbook(io.BytesIO(content))
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in found if cell.data_type == "f"]
    assert all(cell.quotePrefix for cell in found if is_dangerous(str(cell.value or "")))
    return [str(cell.value) for cell in found if cell.value is not None]


def inert(content: bytes, form: str) -> list[str]:
    """The cells; none of a CSV begins like a formula."""
    cells = cells_of(content, form)
    if form == "csv":
        executed = [one for one in cells if is_dangerous(one) and not one.startswith("'")]
        assert executed == []
    return cells


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_keeps_every_hostile_value_and_runs_none(tmp_path: Path, form: str) -> None:
    write, path = {"csv": write_csv, "xlsx": write_xlsx}[form], tmp_path / f"a.{form}"
    write(path, ["a"], [[value] for value in HOSTILE])  # type: ignore[operator] # both take these
    found = inert(path.read_bytes(), form)
    if form == "csv":
        assert [restored(one) for one in found[1:]] == list(HOSTILE)


@pytest.mark.parametrize("form", FileForm)
def test_a_list_of_the_console_runs_nothing(form: FileForm) -> None:
    column = ListColumn(key="a", label="ui.table.empty")
    declared = ListOf(id="x", path="/x", title="ui.table.empty", columns=(column,))
    rows = [
        *(Row(key=value, cells={"a": Cell(value=value)}) for value in HOSTILE),
        *(Row(key=value, cells={"a": Cell(value="a", note=value)}) for value in HOSTILE),
        *(Row(key=value, cells={"a": Cell(lines=(value, value))}) for value in HOSTILE),
    ]
    content = file_of(declared, (column,), rows, form=form, lang=Lang.JA)
    assert len(inert(content, form.value)) == 1 + len(rows)


def test_sheets_of_the_policy_run_nothing() -> None:
    assert inert(csv_text([[value] for value in HOSTILE]).encode(), "csv")


@pytest.fixture
def named(town: Ground) -> Any:
    """Somebody of staff whom a directory named like a formula and like a template."""
    staff, database = table_of(StaffRow), town.wiring.database
    with database.read() as tx:
        rows = tx.execute(select(staff.c.id, staff.c.display_name))
        before = {row.id: row.display_name for row in rows}

    def name(tx: Any, names: dict[str, str]) -> None:
        for id_, shown in names.items():
            tx.execute(update(staff).where(staff.c.id == id_).values(display_name=shown))

    hostile = {id_: HOSTILE[number % len(HOSTILE)] + TEMPLATE for number, id_ in enumerate(before)}
    database.write(partial(name, names=hostile))
    yield hostile
    database.write(partial(name, names=before))


def test_every_report_runs_nothing_as_a_table(town: Ground, named: dict[str, str]) -> None:
    del named
    day = date(2026, 11, 1).isoformat()
    for report in ReportId:
        for form in (ReportFormat.CSV, ReportFormat.XLSX):
            asked = {"format": form.value, "lang": "en", "from": "2026-01-01", "to": day}
            more = {"json": asked, "headers": {"sec-fetch-site": "same-origin"}}
            answers = town.ask(
                [(who, "POST", f"/v1/reports/{report.value}", dict(more))
                 for who in ("privacy_officer", "auditor")]
            )  # fmt: skip
            made = [answer.content for answer in answers if answer.status_code == 200]
            assert made, (report, [answer.text for answer in answers])
            assert inert(made[0], form.value), report


def hostile_report() -> Document:
    """A report in which everything that could be somebody's words is hostile."""
    day = date(2026, 11, 1)
    lines = (*HOSTILE, TEMPLATE)
    listing = Listing(
        columns=("a",), rows=tuple((one,) for one in lines), total=len(lines), source=HOSTILE[0]
    )
    made = Made(
        at=AT,
        by=ActorId("u:a"),
        period=Period(first=day, last=day),
        head=Head(size=1, root="a", signed_at=AT, keys=()),
        controller=HOSTILE[1],
        origin="x",
    )
    return Document(
        id=ReportId.R07,
        lang=Lang.JA,
        title=HOSTILE[2],
        finding=HOSTILE[3],
        made=made,
        sections=(Section(key="a", title=HOSTILE[4], figures=(), listing=listing),),
        complete=True,
    )


@pytest.mark.parametrize("form", [ReportFormat.CSV, ReportFormat.XLSX])
def test_a_hostile_report_runs_nothing_as_a_table(form: ReportFormat) -> None:
    found = inert(rendering.rendered(hostile_report(), form), form.value)
    assert sum("calc'!A0" in one for one in found) >= len(HOSTILE)


@pytest.mark.parametrize("form", [ReportFormat.HTML, ReportFormat.MD])
def test_a_hostile_report_shows_a_template_as_it_is(form: ReportFormat) -> None:
    page = rendering.rendered(hostile_report(), form).decode()
    assert "{{ 7 * 7 }}" in page
    assert "<%= 7*7" not in page


def test_pages_show_a_hostile_name_as_it_is(town: Ground, named: dict[str, str]) -> None:
    (answer,) = town.ask([("it_operator", "GET", "/console/staff", {})])
    assert answer.status_code == 200
    assert "{{ 7 * 7 }}" in answer.text
    assert "${7*7}&lt;%= 7*7 %&gt;" in answer.text
    assert named
