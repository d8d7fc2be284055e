"""Redaction: stable placeholders, nothing of the value left, nothing shown by repr."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import Lang
from governance.pii.engine import Analyzer
from governance.pii.redaction import Placeholders, redact, restored
from governance.pii.types import Entity, Reason, Span


def span(start: int, end: int, entity: Entity = Entity.PERSON) -> Span:
    return Span(start=start, end=end, entity=entity, score=0.9, reason=Reason.LABEL)


def test_same_value_gets_the_same_placeholder() -> None:
    text = "佐藤花子と鈴木、佐藤　花子"
    found = redact(text, [span(0, 4), span(5, 7), span(8, 13)], lang=Lang.JA)
    assert found.text == "【氏名1】と【氏名2】、【氏名1】"
    assert found.hidden == {"【氏名1】": "佐藤花子", "【氏名2】": "鈴木"}


def test_placeholders_are_in_the_reader_language() -> None:
    assert redact("佐藤", [span(0, 2)], lang=Lang.EN).text == "[Name 1]"


def test_nested_spans_are_replaced_once() -> None:
    found = redact("東京都佐藤", [span(0, 5, Entity.ADDRESS), span(3, 5)], lang=Lang.JA)
    assert found.text == "【住所1】"


def test_order_of_spans_does_not_matter() -> None:
    text = "佐藤と鈴木"
    spans = [span(3, 5), span(0, 2)]
    assert redact(text, spans, lang=Lang.JA) == redact(text, spans[::-1], lang=Lang.JA)


def test_analysed_text_keeps_no_value(analyzer: Analyzer) -> None:
    text = "氏名：山田太郎　電話：090-1234-5678　メール：taro@example.com"
    found = redact(text, analyzer.analyze(text), lang=Lang.JA)
    assert found.text == "氏名：【氏名1】　電話：【電話番号1】　メール：【メールアドレス1】"


def test_spans_that_overlap_leave_no_tail() -> None:
    found = redact("東京都佐藤花子です", [span(0, 5, Entity.ADDRESS), span(3, 7)], lang=Lang.JA)
    assert found.text == "【住所1】です"


def test_placeholder_stays_the_same_over_all_texts_of_a_case() -> None:
    places = Placeholders(Lang.JA)
    first = places.redacted("佐藤と鈴木", [(0, 2, Entity.PERSON), (3, 5, Entity.PERSON)])
    second = places.redacted("鈴木です", [(0, 2, Entity.PERSON)])
    assert (first, second) == ("【氏名1】と【氏名2】", "【氏名2】です")
    assert "鈴木" not in repr(places)


@pytest.mark.parametrize("place", [(0, 9, Entity.PERSON), (2, 2, Entity.PERSON)])
def test_place_of_another_text_hides_all_of_it(place: tuple[int, int, Entity]) -> None:
    assert Placeholders(Lang.JA).redacted("短い", [place]) == "＊＊＊"


@given(
    st.text(alphabet="佐藤花子山田", min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 4)), max_size=6),
)
def test_review_gets_the_text_back_and_the_package_no_length(
    text: str, wanted: list[tuple[int, int]]
) -> None:
    places = [(a, a + n) for a, n in wanted if a + n <= len(text)]
    found = redact(text, [span(a, b) for a, b in places], lang=Lang.JA)
    apart = all(b <= c or d <= a for i, (a, b) in enumerate(places) for c, d in places[i + 1 :])
    if apart:  # written differently, two values of one person come back as the first
        assert restored(found.text, found.hidden) == text
    longer = redact(f"{text}x" * 2, [span(0, 2 * len(text))], lang=Lang.JA)
    assert longer.text.startswith("【氏名1】")


def test_repr_shows_no_value() -> None:
    assert "佐藤" not in repr(redact("佐藤", [span(0, 2)], lang=Lang.JA))
