"""Filters: the outside contract, bad lines, constant memory."""

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from functools import partial
from io import StringIO
from itertools import starmap

import pytest

from governance.pii.column_tables import side_by_side
from governance.pii.columns import classify_column
from governance.pii.engine import Analyzer
from governance.pii.filters import Tally, analyze_lines, column_lines
from governance.pii.types import Entity, Reason, Span

Texts = Iterable[tuple[str, str]]


def given(lines: Iterable[str]) -> StringIO:
    return StringIO("".join(line.rstrip("\n") + "\n" for line in lines))


def nothing(texts: Texts) -> Iterator[tuple[Span, ...]]:
    return (() for _ in texts)


def one(texts: Texts) -> Iterator[tuple[Span, ...]]:
    for text, _ in texts:
        size = len(text)
        yield (Span(start=0, end=size, entity=Entity.PERSON, score=0.5, reason=Reason.LABEL),)


def unable(texts: Texts) -> Iterator[tuple[Span, ...] | None]:
    return (None if number == 0 else () for number, _ in enumerate(texts))


def test_analyze_gives_the_contract(analyzer: Analyzer) -> None:
    lines = ['{"id": "a", "lang": "ja", "text": "糖尿病で治療中の山田太郎様"}\n']
    real = partial(starmap, analyzer.analyze)
    found = json.loads(next(analyze_lines(given(lines), real, Tally())))
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
    found = [
        json.loads(out) for out in analyze_lines(given([good, "", line, good]), nothing, tally)
    ]
    assert found[1] == {"error": {"code": code, "line": 3}}
    assert [record.get("id") for record in found] == [2, None, 2]
    assert (tally.lines, tally.bad, tally.exit_code) == (3, 1, 1)


def test_lone_surrogate_is_written_as_an_escape() -> None:
    line = '{"id": "\\ud800", "lang": "ja", "text": "\\ud800"}'
    out = next(analyze_lines(given([line]), one, Tally()))
    assert json.loads(out.encode())["spans"][0]["end"] == 1


def test_columns_give_the_contract() -> None:
    lines = [
        '{"id": 1, "column": "mail", "values": ["a@example.com", null]}',
        '{"id": 2, "column": "金額", "values": ["1円"]}',
        '{"id": 3, "column": "x", "values": "no list"}',
    ]
    tally = Tally()
    answers = column_lines(given(lines), classify_column, side_by_side, tally)
    found = [json.loads(out) for out in answers]
    assert found[:2] == [{"id": 1, "label": "EMAIL"}, {"id": 2, "label": None}]
    assert found[2]["error"]["line"] == 3
    assert tally.exit_code == 1


def test_ties_are_told_when_asked_for() -> None:
    lines = ['{"id": 1, "column": "会員番号", "values": ["M0012"]}']
    answers = column_lines(given(lines), classify_column, side_by_side, Tally(), ties=True)
    found = [json.loads(out) for out in answers]
    assert found == [{"id": 1, "label": None, "tie": "points", "confidence": 1.0, "review": False}]


def test_columns_of_one_table_are_judged_together() -> None:
    def line(name: int, column: str, value: object, table: str) -> str:
        return json.dumps({"id": name, "column": column, "values": [value] * 3, "table": table})

    lines = [
        line(1, "住所", "東京都千代田区丸の内1-2-3", "仕入先マスタ"),
        "no json",
        line(2, "代表者名", "佐藤 花子", "仕入先マスタ"),
        line(3, "氏名", "佐藤 花子", "社員台帳"),
        line(4, "役職", "係長", "社員台帳"),
        line(5, "zq", [1], "社員台帳"),
        line(6, "役職", "係長", ""),
    ]
    answers = column_lines(given(lines), classify_column, side_by_side, Tally(), ties=True)
    found = [json.loads(out) for out in answers]
    assert [one.get("id") for one in found] == [1, None, 2, 3, 4, 5, 6]
    ties = [one.get("tie") for one in found]
    assert ties == ["thing", None, "names", "names", "describes", "beside", "none"]
    assert [one["id"] for one in found if one.get("review")] == [5]


class Endless(StringIO):
    """Lines that are made while they are read, up to a number of them."""

    def __init__(self, line: str, count: int) -> None:
        super().__init__()
        self._line, self._left = line, count

    def readline(self, _size: int | None = -1) -> str:  # type: ignore[override] # text, no bytes
        self._left -= 1
        return self._line if self._left >= 0 else ""


@pytest.mark.parametrize("longer", [1, 8])
def test_memory_does_not_grow_with_the_input(longer: int) -> None:
    line = json.dumps({"id": 1, "text": "あ" * 500}) + "\n"
    tracemalloc.start()
    for _ in analyze_lines(Endless(line, 500 * longer), nothing, Tally()):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300_000


def test_line_beyond_every_limit_is_named_and_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.pii.filters.LONGEST", 50)
    lines = ['{"id": 1, "text": "a"}', "x" * 400, '{"id": 2, "text": "b"}']
    found = [json.loads(out) for out in analyze_lines(given(lines), nothing, Tally())]
    assert found[1] == {"error": {"code": "line_is_too_long", "line": 2}}
    assert [record.get("id") for record in found] == [1, None, 2]


def test_text_that_nobody_can_analyse_is_an_error_and_no_clean_text() -> None:
    lines = ['{"id": 1, "text": "a"}', '{"id": 2, "text": "b"}']
    tally = Tally()
    found = [json.loads(out) for out in analyze_lines(given(lines), unable, tally)]
    assert found[0] == {"error": {"code": "not_analysed", "line": 1}}
    assert (found[1]["id"], tally.exit_code) == (2, 1)


def test_reasons_are_told_when_asked_for() -> None:
    lines = ['{"id": 1, "text": "a"}']
    (out,) = analyze_lines(given(lines), one, Tally(), reasons=True)
    (span,) = json.loads(out)["spans"]
    assert (span["reason"], span["role"]) == ("label", "unknown")
