"""Scans of folders: every form that is read, what is not read, nothing that is shown."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from governance.core.terms import Lang
from governance.discovery.report import check_form, shape, write
from governance.discovery.scan import Scan
from governance.discovery.types import (
    ColumnFinding,
    NotReadReason,
    ScanReport,
    ScanReportError,
    ScanTargetError,
)
from governance.pii.errors import PiiWorkerError
from governance.pii.types import Span

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
Look = Callable[[Path | str], ScanReport]
ROWS = [
    ("佐藤花子", "hanako@example.com", "東京都千代田区丸の内1-2-3", "糖尿病のため食事に注意。"),
    ("鈴木一郎", "ichiro@example.com", "大阪府大阪市北区梅田2-4-9", "折り返しの電話を希望。"),
    ("高橋美咲", "misaki@example.com", "福岡県福岡市博多区博多駅前3-2-1", "次回は火曜に訪問する。"),
]
HEADS = ("氏名", "メール", "住所", "備考")
SECRETS = ("佐藤花子", "hanako", "丸の内", "090-1234-5678", "123456789018", "糖尿病")


def csv_of(rows: Iterable[Iterable[str]]) -> str:
    return "\n".join(",".join(row) for row in rows) + "\n"


def column(report: ScanReport, place: str, name: str) -> ColumnFinding:
    found = next(one for one in report.places if one.name == place)
    return next(one for one in found.columns if one.name == name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "files"
    (root / "deep").mkdir(parents=True)
    (root / "customers.csv").write_bytes(csv_of([HEADS, *ROWS]).encode("cp932"))
    (root / "no_heads.csv").write_text(csv_of(ROWS), encoding="utf-8")
    (root / "notes.txt").write_text("一行目\n担当は佐藤花子様 090-1234-5678\n", encoding="utf-8")
    (root / "deep" / "log.jsonl").write_text(
        '{"user": {"mail": "hanako@example.com"}, "n": 1}\nno json 090-1234-5678\n',
        encoding="utf-8",
    )
    (root / "by_mail.json").write_text('{"hanako@example.com": {"tel": "03-1234-5678"}}')
    (root / "a.eml").write_bytes(
        b"From: hanako@example.com\nSubject: x\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n'
        b"Content-Type: text/html; charset=utf-8\n\n<p>090-1234-5678<script>1</script></p>\n--b\n"
        b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\nx\n"
        b"--b--\n"
    )
    (root / "x.bin").write_bytes(bytes(range(256)))
    (root / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    (root / "empty.txt").touch()
    (root / "link.txt").symlink_to(root / "notes.txt")
    book = Workbook()
    assert book.active is not None
    book.active.append(HEADS)
    for row in ROWS:
        book.active.append(row)
    hidden = book.create_sheet("隠し")
    hidden.sheet_state = "hidden"
    hidden.append(("個人番号",))
    hidden.append(("123456789018",))
    book.save(root / "book.xlsx")
    return root


@pytest.fixture
def report(folder: Path, look: Look) -> ScanReport:
    return look(folder)


def test_every_form_is_read(report: ScanReport) -> None:
    labels = [column(report, "customers.csv", name).label for name in HEADS]
    assert labels == ["PERSON", "EMAIL", "ADDRESS", "FREE_TEXT"]
    assert column(report, "customers.csv", "備考").special_care == ("MEDICAL_HISTORY",)
    assert column(report, "book.xlsx#Sheet", "氏名").label == "PERSON"
    assert column(report, "book.xlsx#隠し", "個人番号").label == "MY_NUMBER"
    assert column(report, "deep/log.jsonl", "user.mail").label == "EMAIL"
    assert column(report, "deep/log.jsonl", "(line)").personal
    assert column(report, "notes.txt", "").lines == (2,)
    assert column(report, "a.eml", "").counts == {"EMAIL": 1, "PHONE": 1}
    assert report.complete
    assert report.found


def test_parquet_is_read_where_its_part_is_there(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "people.parquet"
    people = [{"name": name, "contact": {"mail": mail}} for name, mail, *_ in ROWS]
    pq.write_table(pa.Table.from_pylist(people), path)
    assert column(look(path), "people.parquet", "contact.mail").label == "EMAIL"
    path.write_bytes(b"PAR1 and nothing more")
    assert [one.reason for one in look(path).not_read] == [NotReadReason.BROKEN]
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert [one.reason for one in look(path).not_read] == [NotReadReason.PART_MISSING]


def test_what_was_not_read_is_named_with_its_reason(report: ScanReport) -> None:
    assert {one.name: one.reason for one in report.not_read} == {
        "a.eml#1": NotReadReason.ATTACHMENT,
        "broken.xlsx": NotReadReason.BROKEN,
        "link.txt": NotReadReason.LINK,
        "x.bin": NotReadReason.BINARY,
    }


def test_values_that_stand_for_names_are_not_taken_for_names(report: ScanReport) -> None:
    headless = next(one for one in report.places if one.name == "no_heads.csv")
    assert [one.name for one in headless.columns] == ["列1", "列2", "列3", "列4"]
    assert (headless.rows, headless.columns[0].label) == (3, "PERSON")
    assert column(report, "by_mail.json", "*").label == "EMAIL"
    assert column(report, "by_mail.json", "*.tel").label == "PHONE"


@pytest.mark.parametrize("suffix", [".json", ".html", ".xlsx"])
def test_no_report_holds_a_value_or_a_formula(
    report: ScanReport, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"report{suffix}"
    write(report, path, lang=Lang.JA)
    if suffix == ".xlsx":
        sheets = load_workbook(path).worksheets
        cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row]
        assert all(cell.data_type != "f" for cell in cells)
        words = "\n".join(str(cell.value) for cell in cells)
    else:
        words = path.read_text(encoding="utf-8")
    assert "customers.csv" in words
    assert not [secret for secret in SECRETS if secret in words]


def test_columns_that_are_counted_and_not_named_lose_no_row(look: Look, tmp_path: Path) -> None:
    rows = [(name, mail, "水戸 500 あ 12-34") for name, mail, *_ in ROWS]
    (tmp_path / "t.csv").write_text(csv_of([("col1", "col2", "col3"), *rows]), encoding="utf-8")
    report = look(tmp_path)
    assert column(report, "t.csv", "col1").counts == {"PERSON": len(ROWS)}
    assert column(report, "t.csv", "col3").tie == "points"


def test_what_points_to_a_person_or_describes_one_is_told_beside_names(
    look: Look, tmp_path: Path
) -> None:
    named = [("氏名", "年齢", "雰囲気"), *((row[0], "34", "にぎやか") for row in ROWS)]
    (tmp_path / "named.csv").write_text(csv_of(named), encoding="utf-8")
    (tmp_path / "alone.csv").write_text(csv_of([("年齢", "市区町村"), ("34", "水戸市")]))
    report = look(tmp_path)
    assert column(report, "named.csv", "年齢").tie == "describes"
    assert column(report, "named.csv", "年齢").personal
    assert column(report, "named.csv", "雰囲気").tie == "beside"
    assert not column(report, "named.csv", "雰囲気").personal
    assert not column(report, "alone.csv", "年齢").personal


def test_report_of_another_form_is_refused() -> None:
    with pytest.raises(ScanReportError):
        check_form(Path("x.pdf"))


def test_columns_become_a_proposal_that_a_person_must_complete(report: ScanReport) -> None:
    proposal = next(one for one in report.places if one.name == "customers.csv").proposal
    assert "customers:" in proposal
    assert "purposes: []" in proposal
    assert "special_care" in proposal
    assert all(name in proposal for name in HEADS)


def test_scan_that_was_broken_off_is_a_true_part(folder: Path) -> None:
    asked = 0

    def until_stopped(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[Span, ...]]:
        nonlocal asked
        for _ in texts:
            asked += 1
            if asked > 3:
                raise KeyboardInterrupt
            yield ()

    scan = Scan(
        target=str(folder),
        analyse=until_stopped,
        sample=None,
        began=NOW,
        progress=lambda _done, _of: None,
    )
    with pytest.raises(KeyboardInterrupt):
        scan.run()
    report = scan.report(at=NOW)
    assert shape(report)["complete"] is False
    names = [one.name for one in report.places] + [one.name for one in report.not_read]
    named = {name.partition("#")[0] for name in names}
    assert len(named) == len([path for path in folder.rglob("*") if not path.is_dir()])
    json.dumps(shape(report))


def test_place_without_an_answer_is_not_called_clean(folder: Path) -> None:
    def unable(_texts: Iterable[tuple[str, str]]) -> Iterator[tuple[Span, ...]]:
        raise PiiWorkerError

    scan = Scan(
        target=str(folder / "notes.txt"),
        analyse=unable,
        sample=None,
        began=NOW,
        progress=lambda _done, _of: None,
    )
    scan.run()
    assert [one.reason for one in scan.not_read] == [NotReadReason.FAILED]
    assert scan.places == []


def test_nothing_at_the_path_is_wrong_use(look: Look, tmp_path: Path) -> None:
    with pytest.raises(ScanTargetError):
        look(tmp_path / "nowhere")
