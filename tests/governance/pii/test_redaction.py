"""Redaction: stable placeholders, nothing of the value left, nothing shown by repr."""

from governance.core.terms import Lang
from governance.pii.engine import Analyzer
from governance.pii.redaction import redact
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


def test_repr_shows_no_value() -> None:
    assert "佐藤" not in repr(redact("佐藤", [span(0, 2)], lang=Lang.JA))
