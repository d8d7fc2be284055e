"""Rows that were put aside: out as a file, corrected, and back to exactly their places."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from governance.app.wiring import Wiring
from governance.core.terms import Lang
from governance.customers import imports, store
from governance.customers.sources import store as sources
from governance.gateway.intake.corrections import marks
from governance.gateway.intake.errors_file import (
    ErrorsFormatError,
    ErrorsRefusedError,
    NothingWaitsError,
    write_errors,
)
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import (
    CorrectionForeignError,
    ImportOutcome,
    ImportRefusedError,
    ImportRequest,
    RunUnknownError,
)
from tests.installation import (
    AT,
    CONSENTS,
    MANAGER,
    REGISTER,
    customer,
    events,
    import_file,
    register,
    staff,
    write_file,
)

MY_NUMBER, CARD = "123456789018", "4111111111111111"
RUN, ROW, PROBLEM = marks(Lang.JA)
Sheet = list[dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Out:
    """The file of errors of one run, as somebody opens it."""

    path: Path
    rows: Sheet

    def save(self, rows: Sheet, *, name: str = "fixed.csv") -> Path:
        """The rows as that person saves them again, in the format of a spreadsheet."""
        out = StringIO()
        writer = csv.DictWriter(out, list(self.rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)
        path = self.path.with_name(name)
        path.write_bytes(out.getvalue().encode("utf-8-sig"))
        return path


def errors(wiring: Wiring, outcome: ImportOutcome, folder: Path, name: str = "e.csv") -> Out:
    path = folder / name
    write_errors(wiring.ports, MANAGER, outcome.run or "", path, lang=Lang.JA, at=AT)
    if path.suffix == ".xlsx":
        header, *rows = load_workbook(path).active.iter_rows(values_only=True)  # type: ignore[union-attr] # one sheet
        cells = [[str(cell or "") for cell in row] for row in rows]
        return Out(path=path, rows=[dict(zip(map(str, header), row, strict=True)) for row in cells])
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return Out(path=path, rows=list(csv.DictReader(stream)))


def counts(outcome: ImportOutcome) -> tuple[int, ...]:
    found = outcome.counts
    assert found.adds_up()
    return found.read, found.stored, found.merged, found.quarantined, found.refused


def waiting(wiring: Wiring, outcome: ImportOutcome) -> list[int]:
    with wiring.database.read() as tx:
        return [row.row for row in imports.waiting(tx, outcome.run or "")]


def names(wiring: Wiring) -> set[object]:
    with wiring.database.read() as tx:
        rows = store.records_after(tx, "person", after=None, limit=99)
    opened = wiring.vault.open_rows([(row.id, row.sealed) for row in rows])
    return {values[name].value for values in opened for name in values if name == "person.name"}


BAD = [
    customer(1),
    customer(2, 氏名=""),
    customer(3, 氏名="", 備考="=HYPERLINK(1)"),
    customer(4, 氏名="", 備考=f"個人番号{MY_NUMBER} {CARD}"),
    customer(5),
]


@pytest.mark.parametrize("name", ["e.csv", "e.xlsx"])
def test_corrected_rows_come_back_to_their_places_and_the_rest_stays(
    installation: Wiring, tmp_path: Path, name: str
) -> None:
    first = import_file(installation, write_file(tmp_path, register(BAD)))
    assert counts(first) == (5, 2, 0, 3, 0)
    out = errors(installation, first, tmp_path, name)
    assert [(row[ROW], row[RUN] == first.run) for row in out.rows] == [
        *(("2", True), ("3", True), ("4", True)),
    ]
    assert all("氏名" in row[PROBLEM] for row in out.rows)
    fixed = [row | {"氏名": f"架空　直子{row[ROW]}"} for row in out.rows[:2]]
    again = import_file(installation, out.save(fixed))
    assert counts(again) == (2, 2, 0, 0, 0)
    assert (again.corrects, waiting(installation, first)) == (first.run, [4])
    assert {"架空 直子2", "架空 直子3"} <= names(installation)
    with installation.database.read() as tx:
        person = store.TABLES["person"]
        places = tx.execute(select(person.c.source_file, person.c.source_row)).all()
        detail = sources.detail_of(tx, first.run or "")
    assert sorted(places) == [("customers.csv", n) for n in (1, 2, 3, 5)]
    assert detail is not None
    assert detail.resolved == 2
    left = errors(installation, first, tmp_path, "left" + name)
    assert [row[ROW] for row in left.rows] == ["4"]


def test_a_row_that_is_still_wrong_waits_in_the_new_run(on_sqlite: Wiring, tmp_path: Path) -> None:
    first = import_file(on_sqlite, write_file(tmp_path, register(BAD)))
    out = errors(on_sqlite, first, tmp_path)
    second = import_file(on_sqlite, out.save(out.rows[:2]))
    assert counts(second) == (2, 0, 0, 2, 0)
    assert (waiting(on_sqlite, first), waiting(on_sqlite, second)) == ([4], [2, 3])
    later = errors(on_sqlite, second, tmp_path, "f.csv")
    third = import_file(on_sqlite, later.save([r | {"氏名": "架空　良"} for r in later.rows]))
    assert counts(third) == (2, 2, 0, 0, 0)
    assert waiting(on_sqlite, second) == []
    with on_sqlite.database.read() as tx:
        person = store.TABLES["person"]
        rows = tx.execute(select(person.c.source_row).order_by(person.c.source_row)).scalars()
        assert list(rows) == [1, 2, 3, 5]


def test_a_second_correction_of_a_row_changes_it_and_doubles_nobody(
    installation: Wiring, tmp_path: Path
) -> None:
    first = import_file(
        installation, write_file(tmp_path, register([customer(1, 顧客ID="", 氏名="")]))
    )
    out = errors(installation, first, tmp_path)
    (row,) = out.rows
    import_file(installation, out.save([row | {"氏名": "架空　直子"}]))
    outcome = import_file(installation, out.save([row | {"氏名": "架空　尚子"}], name="g.csv"))
    assert (counts(outcome), outcome.counts.updated) == ((1, 0, 1, 0, 0), 1)
    assert names(installation) == {"架空 尚子"}


def test_formulas_are_neutral_and_come_back_as_they_were(on_sqlite: Wiring, tmp_path: Path) -> None:
    first = import_file(
        on_sqlite, write_file(tmp_path, register([customer(1, 氏名="", 備考="-5度で保管")]))
    )
    out = errors(on_sqlite, first, tmp_path)
    assert out.rows[0]["備考"] == "'-5度で保管"
    import_file(on_sqlite, out.save([out.rows[0] | {"氏名": "架空　花子"}]))
    with on_sqlite.database.read() as tx:
        (row,) = store.records_after(tx, "person", after=None, limit=9)
    opened = on_sqlite.vault.open_row(row.id, row.sealed)
    assert "-5度で保管" in {cell.value for cell in opened.values()}


def test_no_number_stands_in_the_file(on_sqlite: Wiring, tmp_path: Path) -> None:
    first = import_file(on_sqlite, write_file(tmp_path, register(BAD)))
    out = errors(on_sqlite, first, tmp_path)
    content = out.path.read_text(encoding="utf-8-sig")
    assert MY_NUMBER not in content
    assert CARD not in content


def test_a_short_row_that_nobody_touched_still_waits(on_sqlite: Wiring, tmp_path: Path) -> None:
    whole = [customer(2).get(name, "") for name in REGISTER]
    shifted = ",".join(whole[:1] + whole[2:]) + "\r\n"
    first = import_file(on_sqlite, write_file(tmp_path, register([customer(1)]) + shifted))
    out = errors(on_sqlite, first, tmp_path)
    assert counts(import_file(on_sqlite, out.save(out.rows))) == (1, 0, 0, 1, 0)
    last = errors(on_sqlite, import_file(on_sqlite, out.save(out.rows)), tmp_path, "h.csv")
    mended = [dict(zip(last.rows[0], [*list(last.rows[0].values())[:3], *whole], strict=True))]
    assert counts(import_file(on_sqlite, last.save(mended))) == (1, 1, 0, 0, 0)


def test_refused_consents_come_back_too(on_sqlite: Wiring, tmp_path: Path) -> None:
    import_file(on_sqlite, write_file(tmp_path, register([customer(1)])))
    cells = ("K1", "C999999", "2026-05-01T10:00:00+09:00", "P02", "同意", "v3.1", "トグル", "e1")
    row = dict(zip(CONSENTS, (*cells, "", ""), strict=True))
    path = write_file(tmp_path, register([row], headers=CONSENTS), name="consents.csv")
    first = import_file(on_sqlite, path)
    assert counts(first) == (1, 0, 0, 0, 1)
    out = errors(on_sqlite, first, tmp_path)
    again = import_file(on_sqlite, out.save([out.rows[0] | {"顧客ID": "C000001"}]))
    assert counts(again) == (1, 1, 0, 0, 0)
    with pytest.raises(NothingWaitsError):
        errors(on_sqlite, first, tmp_path, "none.csv")


def test_rows_of_a_sheet_with_the_same_columns_are_in_it(on_sqlite: Wiring, tmp_path: Path) -> None:
    book = Workbook()
    for title, number in (("今年", 1), ("昨年", 2)):
        sheet = book.active if number == 1 else book.create_sheet(title)
        sheet.title = title  # type: ignore[union-attr] # a new workbook has a sheet
        sheet.append([*REGISTER])  # type: ignore[union-attr] # the same
        sheet.append([customer(number).get(name, "") for name in REGISTER])  # type: ignore[union-attr] # the same
    other = book.create_sheet("別表")
    for line in (["氏名", "電話"], ["架空　三郎", "090-0000-0003"]):
        other.append(line)
    path = tmp_path / "book.xlsx"
    book.save(path)
    first = import_file(on_sqlite, path)
    assert counts(first) == (3, 1, 0, 2, 0)
    target = tmp_path / "e.csv"
    written = write_errors(on_sqlite.ports, MANAGER, first.run or "", target, lang=Lang.JA, at=AT)
    assert (written.rows, written.left) == (1, 1)
    request = ImportRequest(path=path, sheet="別表", columns={"電話": "phone"})
    second = take_in(on_sqlite.ports, MANAGER, request, at=AT)
    assert second.counts.read == 1
    assert len(waiting(on_sqlite, first)) == 1, "the named sheet waits no longer, the other does"


Spoil = Callable[[Sheet], Sheet]
FOREIGN: dict[str, Spoil] = {
    "two runs": lambda rows: [rows[0], rows[1] | {RUN: "x"}],
    "no row": lambda rows: [rows[0], rows[1] | {ROW: ""}],
    "a row beyond numbers": lambda rows: [rows[0], rows[1] | {ROW: "9" * 5_000}],
    "a row twice": lambda rows: [rows[0], rows[0]],
}


@pytest.mark.parametrize("spoil", FOREIGN.values(), ids=FOREIGN)
def test_a_file_of_foreign_rows_is_refused_whole(
    on_sqlite: Wiring, tmp_path: Path, spoil: Spoil
) -> None:
    first = import_file(on_sqlite, write_file(tmp_path, register(BAD)))
    out = errors(on_sqlite, first, tmp_path)
    rows = spoil([row | {"氏名": "架空　花子"} for row in out.rows])
    with pytest.raises(CorrectionForeignError):
        import_file(on_sqlite, out.save(rows))
    assert waiting(on_sqlite, first) == [2, 3, 4]


def test_a_run_that_is_not_there_is_refused(on_sqlite: Wiring, tmp_path: Path) -> None:
    first = import_file(on_sqlite, write_file(tmp_path, register(BAD)))
    out = errors(on_sqlite, first, tmp_path)
    with pytest.raises(RunUnknownError):
        import_file(on_sqlite, out.save([out.rows[0] | {RUN: "x"}]))
    with pytest.raises(RunUnknownError):
        write_errors(on_sqlite.ports, MANAGER, "x", tmp_path / "x.csv", lang=Lang.EN, at=AT)


def test_taking_errors_out_needs_a_right_and_is_on_record(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    first = import_file(on_sqlite, write_file(tmp_path, register(BAD)))
    target = tmp_path / "e.csv"
    for role in ("support", "privacy_officer", "auditor"):
        with pytest.raises((ImportRefusedError, ErrorsRefusedError)):
            write_errors(on_sqlite.ports, staff(role), first.run or "", target, lang=Lang.JA, at=AT)
    with pytest.raises(ErrorsFormatError):
        write_errors(
            on_sqlite.ports, MANAGER, first.run or "", tmp_path / "e.pdf", lang=Lang.JA, at=AT
        )
    with on_sqlite.database.read() as tx:
        assert events(tx, "person.exported") == ()
    assert not target.exists()
    errors(on_sqlite, first, tmp_path)
    assert target.stat().st_mode & 0o077 == 0
    with on_sqlite.database.read() as tx:
        (event,) = events(tx, "person.exported")
    assert (event.object_id, event.outcome) == (first.run, "done")


def test_a_dry_run_of_corrections_settles_nothing(on_sqlite: Wiring, tmp_path: Path) -> None:
    first = import_file(on_sqlite, write_file(tmp_path, register(BAD)))
    out = errors(on_sqlite, first, tmp_path)
    path = out.save([row | {"氏名": "架空　花子"} for row in out.rows])
    dry = take_in(on_sqlite.ports, MANAGER, ImportRequest(path=path, dry_run=True), at=AT)
    assert counts(dry) == (3, 3, 0, 0, 0)
    assert waiting(on_sqlite, first) == [2, 3, 4]
    with on_sqlite.database.read() as tx:
        runs = tx.execute(select(func.count()).select_from(imports.RUN)).scalar_one()
    assert runs == 1
