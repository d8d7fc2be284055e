"""Rows of delimited files and workbooks: none lost, none invented."""

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import jaconv
import pytest
from openpyxl import Workbook

from governance.customers.columns import Reason, guess_kind, mapping, suggest
from governance.customers.tables import (
    SourceFormatUnsupportedError,
    SourceHeaderMissingError,
    TableFormat,
    TableReader,
    inspect,
)
from governance.customers.types import ProblemKind, SourceKind
from governance.customers.workbooks import (
    SourceMalformedError,
    SourceSheetMissingError,
    SourceTooLargeError,
    sheets_of,
)


def read(path: Path, **options: Any) -> Any:
    reader = TableReader(inspect(path), **options)
    return reader, list(reader)


def written(tmp_path: Path, text: str, name: str = "a.csv", encoding: str = "cp932") -> Any:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def book(tmp_path: Path, rows: Any, name: str = "a.xlsx", **sheets: Any) -> Any:
    workbook = Workbook()
    workbook.active.title = "名簿"
    for row in rows:
        workbook.active.append(row)
    for title, content in sheets.items():
        sheet = workbook.create_sheet(title)
        sheet.sheet_state = "hidden"
        for row in content:
            sheet.append(row)
    path = tmp_path / name
    workbook.save(path)
    return path


def test_embedded_newlines_and_quotes_stay_in_their_cell(tmp_path: Path) -> None:
    path = written(
        tmp_path, '氏名,備考\r\n架空花子,"一行目\r\n二""行""目\n三行目"\r\n架空太郎,なし\r\n'
    )
    _, rows = read(path)
    assert [r.number for r in rows] == [1, 2]
    assert rows[0].cells[1] == '一行目\r\n二"行"目\n三行目'


def test_wrong_column_counts_are_reported_with_both_numbers(tmp_path: Path) -> None:
    _, rows = read(
        written(tmp_path, "氏名,住所,備考\n花子,東京都\n太郎,東京都,a,b\n次郎,東京都,a\n")
    )
    found = [(p.kind, dict(p.params)) for r in rows for p in r.problems]
    assert found == [
        (ProblemKind.COLUMN_COUNT_SHORT, {"expected": 3, "found": 2}),
        (ProblemKind.COLUMN_COUNT_LONG, {"expected": 3, "found": 4}),
    ]


@pytest.mark.parametrize(
    ("sign", "form"), [("\t", TableFormat.TSV), (";", TableFormat.CSV), (",", TableFormat.CSV)]
)
def test_the_delimiter_is_found(tmp_path: Path, sign: str, form: Any) -> None:
    path = written(tmp_path, f"氏名{sign}住所\n花子{sign}東京都\n")
    assert inspect(path).format is form
    assert read(path)[1][0].cells == ("花子", "東京都")


def test_blank_lines_are_no_records_and_totals_are_counted_as_skipped(tmp_path: Path) -> None:
    reader, rows = read(
        written(tmp_path, "氏名,金額,備考\n花子,1,\n\n小計,1,\n太郎,2,\n合計　2名,,\n")
    )
    assert [r.cells[0] for r in rows] == ["花子", "太郎"]
    assert [s.reason for s in reader.skipped] == ["total", "total"]
    assert reader.read == 2


def test_a_header_below_a_title_is_found(tmp_path: Path) -> None:
    rows = [
        ["支店　顧客名簿"],
        ["", "作成日：令和8年9月30日"],
        ["Ｎｏ．", "氏　名", "ＴＥＬ"],
        [1, "花子", "03-1234-5679"],
    ]
    reader, found = read(book(tmp_path, rows))
    assert (reader.header_line, reader.headers) == (3, ("Ｎｏ．", "氏　名", "ＴＥＬ"))
    assert [(r.number, r.cells) for r in found] == [(4, ("1", "花子", "03-1234-5679"))]


def test_workbook_cells_become_the_text_a_person_would_type(tmp_path: Path) -> None:
    rows = [["氏名", "生年月日", "携帯", "金額"], ["花子", datetime(1954, 7, 16), 9012345679, 12.5]]  # noqa: DTZ001 -- cells have no zone
    _, found = read(book(tmp_path, rows))
    assert found[0].cells == ("花子", "1954-07-16", "9012345679", "12.5")


def test_hidden_sheets_are_named_and_readable(tmp_path: Path) -> None:
    path = book(tmp_path, [["氏名"], ["花子"]], 旧名簿=[["氏名", "電話"], ["太郎", "03-1234-5679"]])
    assert [(s.name, s.hidden) for s in sheets_of(path)] == [("名簿", False), ("旧名簿", True)]
    assert read(path)[1][0].cells == ("花子",)
    assert read(path, sheet="旧名簿")[1][0].cells == ("太郎", "03-1234-5679")
    with pytest.raises(SourceSheetMissingError):
        read(path, sheet="なし")


def test_furigana_is_not_joined_to_the_name(demo_path: Path) -> None:
    reader = TableReader(inspect(demo_path / "customers_branch.xlsx"))
    name, reading = (reader.headers.index(header) for header in ("氏　名", "ふりがな"))
    rows = [row.cells for row in reader]
    assert len(rows) == 400
    joined = [c for c in rows if c[reading] and jaconv.hira2kata(c[reading])[:3] in c[name][2:]]
    assert not joined
    assert len(reader.skipped) == 8  # seven 小計 and one 合計


def test_workbooks_that_unpack_to_too_much_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    with pytest.raises(SourceTooLargeError):
        inspect(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "b">]><workbook/>')
    with pytest.raises(SourceMalformedError):
        inspect(path)


def test_broken_archives_and_other_formats_are_typed_errors(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04broken")
    with pytest.raises(SourceMalformedError):
        inspect(tmp_path / "a.xlsx")
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(SourceFormatUnsupportedError):
        inspect(tmp_path / "a.xls")


def test_other_archives_are_named_unsupported(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    with pytest.raises(SourceFormatUnsupportedError):
        inspect(path)


def test_unicode_text_of_excel_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\xfe" + "氏名\t住所\r\n𠮷田　花子\t東京都\r\n".encode("utf-16-le"))
    assert inspect(path).format is TableFormat.TSV
    assert read(path)[1][0].cells == ("𠮷田　花子", "東京都")


def test_an_endless_quote_is_an_error_not_a_lost_file(tmp_path: Path) -> None:
    path = written(tmp_path, '氏名,備考\n花子,"' + "あ" * 1_100_000)
    with pytest.raises(SourceMalformedError):
        read(path)


def test_a_file_of_blanks_has_no_header(tmp_path: Path) -> None:
    with pytest.raises(SourceHeaderMissingError):
        read(written(tmp_path, "\n \n\n"))


def test_headers_are_mapped_with_reasons() -> None:
    found = suggest(
        ("Ｎｏ．", "氏　名", "ふりがな", "〒", "ご自宅のメールアドレス", "謎"), SourceKind.CUSTOMERS
    )
    assert [(s.column, s.reason) for s in found] == [
        ("line_number", Reason.EXACT), ("name", Reason.FOLDED), ("kana", Reason.EXACT),
        ("postal_code", Reason.EXACT), ("email", Reason.CONTAINS), (None, Reason.NONE),
    ]  # fmt: skip


def test_english_headers_are_mapped() -> None:
    headers = ("Customer ID", "Full Name", "Date of Birth", "E-Mail", "Phone Number")
    assert set(mapping(headers, SourceKind.CUSTOMERS)) == {
        "customer_id", "name", "birth_date", "email", "phone",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("customers.csv", "customers"),
        ("companies.csv", "companies"),
        ("purchases.csv", "purchases"),
        ("inquiries.csv", "inquiries"),
        ("deals.csv", "deals"),
        ("consents.csv", "consents"),
        ("optin_web.csv", "optin"),
        ("vendors.csv", "vendors"),
        ("customers_branch.xlsx", "customers"),
    ],
)
def test_the_kind_of_a_file_is_guessed_and_every_header_is_known(
    demo_path: Path, file: str, kind: Any
) -> None:
    reader = TableReader(inspect(demo_path / file))
    assert guess_kind(reader.headers) is SourceKind(kind)
    assert len(mapping(reader.headers, SourceKind(kind))) == len(reader.headers)


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("customers.csv", 3_180),
        ("companies.csv", 200),
        ("purchases.csv", 12_000),
        ("inquiries.csv", 2_500),
        ("deals.csv", 600),
        ("consents.csv", 6_000),
        ("optin_web.csv", 800),
        ("vendors.csv", 25),
    ],
)
def test_no_record_of_the_demo_files_is_lost(demo_path: Path, file: str, rows: Any) -> None:
    reader = TableReader(inspect(demo_path / file))
    numbers = [row.number for row in reader]
    assert numbers == list(range(1, rows + 1))
