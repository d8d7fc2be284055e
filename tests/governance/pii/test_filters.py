"""Filters: the outside contract, bad lines, constant memory."""

import json
import tracemalloc
from pathlib import Path

import pytest

from governance.pii.columns import classify_column
from governance.pii.engine import Analyzer
from governance.pii.errors import PiiFileError
from governance.pii.filters import Tally, analyze_lines, column_lines, scan_file
from governance.pii.types import Entity, Reason, Span


def nothing(_text: str, _lang: str) -> tuple[Span, ...]:
    return ()


def one(text: str, _lang: str) -> tuple[Span, ...]:
    return (Span(start=0, end=len(text), entity=Entity.PERSON, score=0.5, reason=Reason.LABEL),)


def test_analyze_gives_the_contract(analyzer: Analyzer) -> None:
    lines = ['{"id": "a", "lang": "ja", "text": "糖尿病で治療中の山田太郎様"}\n']
    found = json.loads(next(analyze_lines(lines, analyzer.analyze, Tally())))
    assert found["id"] == "a"
    assert [(s["start"], s["end"], s["label"]) for s in found["spans"]] == [
        (0, 7, "SENSITIVE:MEDICAL_HISTORY"),
        (8, 12, "PERSON"),
    ]
    assert all(0 < s["score"] <= 1 for s in found["spans"])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "not_json"),
        ("[]", "not_an_object_with_id"),
        ('{"text": "a"}', "not_an_object_with_id"),
        ('{"id": 1, "text": 5}', "text_is_not_a_string"),
        ('{"id": 1}', "text_is_not_a_string"),
        ('{"id": 1, "text": "a", "lang": "xx"}', "unknown_language"),
        ('{"id": 1, "text": "a", "lang": 3}', "unknown_language"),
        ("[" * 100_000, "not_json"),
    ],
)
def test_bad_line_is_an_error_record_and_the_rest_goes_on(line: str, code: str) -> None:
    tally = Tally()
    good = '{"id": 2, "lang": "en", "text": "a"}'
    found = [json.loads(out) for out in analyze_lines([good, "", line, good], nothing, tally)]
    assert found[1] == {"error": {"code": code, "line": 3}}
    assert [record.get("id") for record in found] == [2, None, 2]
    assert (tally.lines, tally.bad, tally.exit_code) == (3, 1, 1)


def test_lone_surrogate_is_written_as_an_escape() -> None:
    line = '{"id": "\\ud800", "lang": "ja", "text": "\\ud800"}'
    out = next(analyze_lines([line], one, Tally()))
    assert json.loads(out.encode())["spans"][0]["end"] == 1


def test_columns_give_the_contract() -> None:
    lines = [
        '{"id": 1, "column": "mail", "values": ["a@example.com", null]}',
        '{"id": 2, "column": "金額", "values": ["1円"]}',
        '{"id": 3, "column": "x", "values": "no list"}',
    ]
    tally = Tally()
    found = [json.loads(out) for out in column_lines(lines, classify_column, tally)]
    assert found[:2] == [{"id": 1, "label": "EMAIL"}, {"id": 2, "label": None}]
    assert found[2]["error"]["line"] == 3
    assert tally.exit_code == 1


def test_scan_names_the_line_and_no_text(analyzer: Analyzer, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("一行目\r\n担当は佐藤です\r\n".encode("cp932"))
    tally = Tally()
    found = [json.loads(out) for out in scan_file(path, analyzer.analyze, tally)]
    assert [(record["line"], record["spans"][0]["start"]) for record in found] == [(2, 3)]
    assert tally.found == {"PERSON": 1}


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_scan_refuses_what_is_no_text(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    if kind == "binary":
        path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(PiiFileError):
        next(scan_file(path, nothing, Tally()))


def test_empty_file_has_no_findings(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert list(scan_file(path, one, Tally())) == []


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(("あ" * 3_000_000) + "\n" + "い\n" * 200_000, encoding="utf-8")
    tracemalloc.start()
    for _ in scan_file(path, nothing, Tally()):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
