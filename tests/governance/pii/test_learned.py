"""The learned tagger: features, training, weights, and what it adds to the rules."""

import json
import socket
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.pii.document import Document
from governance.pii.engine import Analyzer
from governance.pii.errors import PiiModelError, PiiNothingToLearnError
from governance.pii.learned.examples import Example, examples_of
from governance.pii.learned.features import features_of
from governance.pii.learned.making import make, part
from governance.pii.learned.shipped import own_path, tagger
from governance.pii.learned.tagger import Tagger
from governance.pii.learned.tags import CLASSES, runs, tags_of
from governance.pii.learned.told import told_of
from governance.pii.learned.training import Recipe, train
from governance.pii.learned.view import view_of
from governance.pii.learned.weights import load, save
from governance.pii.resolve import resolve
from governance.pii.sudachi import tokens_of
from governance.pii.types import Entity, Reason, Span

QUICK = Recipe(passes=2, copies=0)
SMALLEST_MODEL = 5_000_000  # octets; the shipped weights stay below
TEXTS = (
    "月曜に三枝木ﾋﾛｼさんから電話。折返しは夕方。",
    "氏 名  丸 山 清 美\n住所：東京都北区赤羽9-9-9",
    "受付 中丸\n担当 内 田\n請求先は別途",
    "",
    "\ud800 壊れた文字と佐藤さん",
    "👩‍👩‍👧 葛\U000e0100城さんへ、\u200f右から左\u200bの印",
)


@pytest.fixture(scope="module")
def few() -> tuple[Example, ...]:
    return examples_of(part("dev")[:60])


@pytest.fixture(scope="module")
def small(few: tuple[Example, ...]) -> Tagger:
    return Tagger(train(few, QUICK))


def span(start: int, end: int, entity: Entity, score: float, reason: Reason) -> Span:
    return Span(start=start, end=end, entity=entity, score=score, reason=reason)


def test_small_model_learns_its_texts(few: tuple[Example, ...], small: Tagger) -> None:
    found = wanted = 0
    for example in few:
        names = {(s, e) for s, e, entity in example.spans if entity is Entity.PERSON}
        seen = {
            (tagged.start, tagged.end)
            for tagged in small.tag(Document(example.text, "ja"))
            if tagged.entity is Entity.PERSON
        }
        found += len(names & seen)
        wanted += len(names)
    assert found > wanted / 2


def test_same_texts_and_seed_give_the_same_bytes(few: tuple[Example, ...], tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(train(few[:20], QUICK), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_seed_gives_another_model(few: tuple[Example, ...], tmp_path: Path) -> None:
    save(train(few[:20], QUICK), tmp_path / "a")
    save(train(few[:20], replace(QUICK, seed=1)), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_saved_weights_come_back(few: tuple[Example, ...], tmp_path: Path) -> None:
    weights = train(few[:20], QUICK)
    save(weights, tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    assert all(
        np.array_equal(getattr(weights, name), getattr(again, name)) for name in weights.__slots__
    )


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04broken"])
def test_a_file_that_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(PiiModelError):
        load(tmp_path / "model.npz")
    with pytest.raises(PiiModelError):
        load(tmp_path / "missing.npz")


def test_texts_without_a_mark_teach_nothing(tmp_path: Path) -> None:
    source = tmp_path / "texts.jsonl"
    source.write_text(json.dumps({"id": 1, "text": "なし", "spans": []}), encoding="utf-8")
    with pytest.raises(PiiNothingToLearnError):
        make([source], tmp_path / "out", own=False)


def test_making_leaves_model_and_note(tmp_path: Path) -> None:
    record = {
        "id": "x",
        "text": "佐藤 花子様",
        "spans": [{"start": 0, "end": 5, "label": "PERSON"}],
    }
    source = tmp_path / "texts.jsonl"
    source.write_text("\n".join(json.dumps(record | {"id": n}) for n in range(4)), encoding="utf-8")
    made = make([source], tmp_path / "out", own=False, recipe=QUICK)
    note = json.loads((tmp_path / "out" / "model.json").read_text(encoding="utf-8"))
    assert (made.texts, made.spans, note["sha256"]) == (4, 4, made.sha256)
    assert "佐藤" not in json.dumps(note, ensure_ascii=False)
    assert Analyzer(model=str(made.path)).analyze("佐藤 花子様")


def test_shipped_weights_load_and_are_small() -> None:
    assert tagger() is not None
    assert own_path().stat().st_size < SMALLEST_MODEL


def test_eight_threads_answer_as_one(analyzer: Analyzer) -> None:
    texts = [text.text for text in part("dev")[:40]] + list(TEXTS)
    expected = [analyzer.analyze(text) for text in texts]
    wrong: list[int] = []

    def run() -> None:
        wrong.extend(at for at, text in enumerate(texts) if analyzer.analyze(text) != expected[at])

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert Analyzer().analyze("担当：田中 一郎")


@given(st.text(max_size=60))
def test_features_cover_every_sign(text: str) -> None:
    tokens = tokens_of(text) if text else ()
    if tokens:
        found = features_of(text, tokens, told_of(len(text), ()))
        assert len(found.signs) == len(found.word_of) == len(text)
        assert len(found.words) == len(tokens)


@given(st.text(alphabet="ｱｶﾞﾊﾟﾞﾟ 氏名丸山A1\n", max_size=40))
def test_view_points_back_at_its_text(text: str) -> None:
    view = view_of(text)
    if view is not None:
        assert len(view.text) == len(view.starts) == len(view.ends)
        assert all(s < e <= len(text) for s, e in zip(view.starts, view.ends, strict=True))
        assert list(view.starts) == sorted(view.starts)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("ｶﾞﾊﾟｵ", "ガパオ"),
        ("氏 名  丸 山 清 美", "氏 名  丸山清美"),
        ("木 村 さんと 話す", None),
        ("山田 太郎", None),
    ],
)
def test_view_joins_scans_and_widens_kana(text: str, read: str | None) -> None:
    view = view_of(text)
    assert (view and view.text) == read


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3), st.sampled_from(CLASSES))))
def test_tags_give_their_spans_back(parts: list[tuple[int, int, Entity | None]]) -> None:
    spans, at = [], 0
    for size, gap, entity in parts:
        spans.append((at, at + size, entity or Entity.PHONE))
        at += size + gap
    found = runs([int(tag) for tag in tags_of(at, spans)])
    assert [(start, end) for start, end, _ in found] == [(s, e) for s, e, _ in spans]


def test_learned_span_mends_a_name_of_the_rules() -> None:
    rule = span(0, 4, Entity.PERSON, 0.9, Reason.HONORIFIC)
    seen = span(2, 4, Entity.PERSON, 0.7, Reason.LEARNED)
    (kept,) = resolve([rule, seen], 6)
    assert (kept.start, kept.end, kept.reason, kept.score) == (2, 4, Reason.HONORIFIC, 0.9)


def test_learned_span_never_shortens_an_address() -> None:
    rule = span(0, 9, Entity.ADDRESS, 0.9, Reason.GAZETTEER)
    assert resolve([rule, span(0, 5, Entity.ADDRESS, 0.7, Reason.LEARNED)], 9) == (rule,)
    (kept,) = resolve([rule, span(0, 12, Entity.ADDRESS, 0.7, Reason.LEARNED)], 12)
    assert (kept.end, kept.reason) == (12, Reason.GAZETTEER)


def test_rules_stay_where_the_tagger_sees_something_else() -> None:
    rule = span(0, 12, Entity.PHONE, 0.9, Reason.SHAPE)
    assert resolve([rule, span(8, 14, Entity.ADDRESS, 0.7, Reason.LEARNED)], 14) == (rule,)


def test_learned_span_fills_where_rules_are_silent() -> None:
    seen = span(3, 5, Entity.PERSON, 0.5, Reason.LEARNED)
    assert resolve([seen], 6) == (seen,)


@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=30)), max_size=8))
def test_texts_read_together_say_what_each_says_alone(analyzer: Analyzer, texts: list[str]) -> None:
    together = analyzer.analyze_all([(text, "ja") for text in texts])
    assert together == [analyzer.analyze(text, "ja") for text in texts]


def test_a_long_text_among_short_ones_keeps_its_places(analyzer: Analyzer) -> None:
    long = "受付の記録です。" * 800 + "担当は三枝木さん。"
    first, second, third = analyzer.analyze_all([(TEXTS[0], "ja"), (long, "ja"), (TEXTS[1], "ja")])
    assert (first, third) == (analyzer.analyze(TEXTS[0]), analyzer.analyze(TEXTS[1]))
    assert [long[one.start : one.end] for one in second if one.entity is Entity.PERSON] == [
        "三枝木"
    ]
