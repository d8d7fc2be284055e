import csv
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.documents.errors import (
    CellTooLongError,
    FolderUnwritableError,
    RowWidthError,
    TableTooLargeError,
)
from governance.documents.neutralise import restored
from governance.documents.tables import (
    XLSX_ROWS,
    Cell,
    CsvEncoding,
    Place,
    write_csv,
    write_xlsx,
)

HEADER = ("顧客ID", "=メモ")
ATTACKS = ["=1+1", "+81 90", "-2+3", "@handle", "\tx", "=cmd|' /C calc'!A0", "＝1", "'=1", "普通"]
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\t\n"), max_size=20
)
AGAIN = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_csv(path: Path, encoding: CsvEncoding) -> list[list[str]]:
    with path.open(encoding=encoding.value, newline="") as stream:
        return list(csv.reader(stream))


def read_xlsx(path: Path) -> Sequence[Sequence[object]]:
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    book.close()
    return cells


@AGAIN
@given(values=st.lists(TEXT, max_size=5), encoding=st.just(CsvEncoding.UTF8_BOM))
def test_csv_gives_every_text_back(
    tmp_path: Path, values: list[str], encoding: CsvEncoding
) -> None:
    path = tmp_path / "t.csv"
    report = write_csv(path, HEADER, [("1", value) for value in values], encoding=encoding)
    found = [[restored(cell) for cell in row] for row in read_csv(path, encoding)]
    assert found == [list(HEADER), *(["1", value] for value in values)]
    assert report.rows == len(values)


def test_csv_for_spreadsheets_has_a_mark_quotes_and_windows_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    report = write_csv(path, ("a",), [("=1",), (-5,), (Decimal("-1.50"),), (None,), (True,)])
    expected = '\ufeff"a"\r\n"\'=1"\r\n"-5"\r\n"-1.50"\r\n""\r\n"TRUE"\r\n'
    assert path.read_bytes() == expected.encode()
    assert (report.rows, report.neutralised) == (5, 1)


def test_cp932_keeps_what_it_can_and_reports_each_lost_character(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [("髙橋①", "〜−"), ("𠮷野😀", "é")]
    report = write_csv(path, ("氏名", "備考"), rows, encoding=CsvEncoding.CP932)
    assert read_csv(path, CsvEncoding.CP932)[1:] == [["髙橋①", "～－"], ["〓野〓", "〓"]]
    assert report.lossy_characters == 3
    assert report.lossy_places == (Place(row=2, column="氏名"), Place(row=2, column="備考"))


def test_xlsx_holds_no_formula_and_no_link(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    values = [*ATTACKS, "https://example.com/", "mailto:a@example.com"]
    report = write_xlsx(path, HEADER, [("1", value) for value in values])
    assert [row[1] for row in read_xlsx(path)] == ["=メモ", *values]
    assert report.neutralised == len(ATTACKS)  # eight values and the heading
    with ZipFile(path) as book:
        assert b"quotePrefix" in book.read("xl/styles.xml")
        content = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in content
    assert b"hyperlink" not in content


@AGAIN
@given(values=st.lists(TEXT.filter(bool), max_size=5))
def test_xlsx_gives_every_text_back(tmp_path: Path, values: list[str]) -> None:
    path = tmp_path / "t.xlsx"
    write_xlsx(path, ("h",), [(value,) for value in values])
    assert read_xlsx(path) == [["h"], *([value] for value in values)]


def test_xlsx_keeps_kinds_of_values_and_every_digit(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    row: Sequence[Cell] = (
        -5,
        1.5,
        Decimal("1.25"),
        True,
        date(1980, 2, 29),
        date(1890, 1, 1),
        datetime(2026, 3, 10, 3, tzinfo=UTC),
        1234567890123456,
        float("nan"),
        None,
    )
    write_xlsx(path, [str(n) for n in range(len(row))], [row])
    assert read_xlsx(path)[1] == [
        -5,
        1.5,
        1.25,
        True,
        datetime(1980, 2, 29),  # noqa: DTZ001 - a sheet's date has no zone
        "1890-01-01",
        "2026-03-10T03:00:00+00:00",
        "1234567890123456",
        "nan",
        None,
    ]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_failing_table_leaves_the_old_file_and_no_rest(
    tmp_path: Path, write: type[object]
) -> None:
    path = tmp_path / "t.out"
    path.write_text("old")
    rows = [("1", "架空の秘密"), ("2",)]
    with pytest.raises(RowWidthError) as caught:
        write(path, HEADER, rows)  # type: ignore[call-arg] # one of two functions
    assert caught.value.params == {"row": 2, "expected": 2, "found": 1}
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", HEADER, [])
    write_xlsx(tmp_path / "t.xlsx", HEADER, [])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_folder_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FolderUnwritableError):
        write_csv(tmp_path / "none" / "t.csv", HEADER, [])


def test_what_a_sheet_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CellTooLongError) as caught:
        write_xlsx(tmp_path / "t.xlsx", HEADER, [("1", "x" * 32_768)])
    assert caught.value.params == {"row": 1, "column": "=メモ", "limit": 32_767}
    with pytest.raises(TableTooLargeError):
        write_xlsx(tmp_path / "t.xlsx", ["h"] * 16_385, [])
    assert list(tmp_path.iterdir()) == []
    assert XLSX_ROWS == 1_048_576


def test_lone_surrogates_are_reported_and_do_not_stop_a_table(tmp_path: Path) -> None:
    for write, name in ((write_csv, "t.csv"), (write_xlsx, "t.xlsx")):
        assert write(tmp_path / name, ("h",), [("a\ud800",)]).lossy_characters == 1
    assert read_xlsx(tmp_path / "t.xlsx")[1] == ["a〓"]


def test_rows_are_streamed(tmp_path: Path) -> None:
    def rows() -> Iterator[Sequence[Cell]]:
        for number in range(20_000):
            yield (number, "架空の値" * 10)

    tracemalloc.start()
    write_xlsx(tmp_path / "t.xlsx", ("n", "v"), rows())
    write_csv(tmp_path / "t.csv", ("n", "v"), rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


def test_a_sheet_can_be_read_filtered_and_printed_as_it_opens(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    moment = datetime(2026, 3, 10, 12)  # noqa: DTZ001 - a sheet has no zones
    rows: list[Sequence[Cell]] = [("架空商店株式会社", moment, "長い文" * 50), ("-", None, "")]
    write_xlsx(path, ("名称", "日時", "説明"), rows)
    sheet = openpyxl.load_workbook(path)["Sheet1"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:C3")
    assert sheet["B2"].value == moment
    widths = [sheet.column_dimensions[name].width for name in "ABC"]
    assert widths[0] > 2 * len("架空商店株式会社")
    assert widths[2] < 70, "a long text wraps"
    assert sheet["C2"].alignment.wrap_text
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$1")
