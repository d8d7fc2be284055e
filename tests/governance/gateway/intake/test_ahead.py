"""Batches begun ahead of their storing: order, one search per text, faults."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.terms import Lang
from governance.customers.normalise.rows import layout_of
from governance.customers.sources.types import NOT_SAID
from governance.customers.types import NormalisedRow, SourceKind, SourceRow
from governance.gateway.intake.ahead import ahead, begin
from governance.gateway.intake.drafts import draft_of
from governance.gateway.intake.preparing import Batch, Plan, prepare
from governance.gateway.intake.screening import masked, screen, without_numbers
from governance.pii.redaction import mask_numbers
from governance.pii.types import Entity, Reason, Span

LAYOUT = layout_of(("顧客ID", "氏名", "備考"), SourceKind.CUSTOMERS)
PLAN = Plan(layout=LAYOUT, day=date(2026, 10, 1), file="f", source="file:f", acquisition=NOT_SAID)


def row(number: int, note: str) -> NormalisedRow:
    values = {"customer_id": f"C{number:06}", "name": "架空 太郎", "notes": note}
    return NormalisedRow(number=number, values=values)


def batch(number: int, note: str) -> Batch:
    cells = (f"C{number:06}", "架空 太郎", note)
    return prepare((SourceRow(number=number, cells=cells),), PLAN)


def spans(texts: Sequence[str], _: Lang) -> tuple[tuple[Span, ...], ...]:
    found = Span(start=0, end=1, entity=Entity.PERSON, score=1.0, reason=Reason.HONORIFIC)
    return tuple((found,) * len(text) for text in texts)


def test_an_item_is_given_out_when_the_next_one_was_made() -> None:
    made: list[int] = []

    def making() -> Iterator[int]:
        for n in range(4):
            made.append(n)
            yield n

    seen = [(item, len(made)) for item in ahead(making())]
    assert seen == [(0, 2), (1, 3), (2, 4), (3, 4)]
    assert list(ahead(iter(()))) == []


def test_rows_that_say_the_same_are_searched_once_and_all_tagged() -> None:
    drafts = [
        draft_of(row(n, note), SourceKind.CUSTOMERS, file="f")
        for n, note in enumerate(["電話済", "電話済", "来店", "", "電話済"])
    ]
    assert sorted(masked(drafts).texts) == ["来店", "電話済"]
    counts = [sum(f.found for f in draft.findings) for draft in screen(drafts, spans)]
    assert counts == [3, 3, 2, 0, 3]


def test_an_answer_short_of_a_text_is_refused() -> None:
    drafts = [draft_of(row(1, "電話済"), SourceKind.CUSTOMERS, file="f")]
    with pytest.raises(ValueError, match="shorter"):
        screen(drafts, lambda _texts, _lang: ())


def test_the_next_batch_is_searched_while_this_one_is_in_hand() -> None:
    searched = threading.Event()

    def analyse(texts: Sequence[str], lang: Lang) -> tuple[tuple[Span, ...], ...]:
        if "second" in texts:
            searched.set()
        return spans(texts, lang)

    batches = [batch(1, "first"), batch(2, "second")]
    with ThreadPoolExecutor(1) as pool:
        begun = ahead(begin(batches, analyse=analyse, pool=pool))
        first = next(begun)
        assert searched.wait(5)
        assert [draft.number for draft in first.screened()] == [1]
        assert [draft.number for draft in next(begun).screened()] == [2]


def test_a_text_is_searched_once_in_a_file() -> None:
    asked: list[str] = []

    def analyse(texts: Sequence[str], lang: Lang) -> tuple[tuple[Span, ...], ...]:
        asked.extend(texts)
        return spans(texts, lang)

    batches = [batch(1, "電話済"), batch(2, "来店"), batch(3, "電話済")]
    with ThreadPoolExecutor(1) as pool:
        found = [one.screened() for one in ahead(begin(batches, analyse=analyse, pool=pool))]
    assert asked == ["電話済", "来店"]
    assert [len(drafts[0].findings) for drafts in found] == [1, 1, 1]


def test_a_failing_search_stops_its_own_batch_and_none_before() -> None:
    def analyse(texts: Sequence[str], lang: Lang) -> tuple[tuple[Span, ...], ...]:
        if "second" in texts:
            raise RuntimeError("no answer")
        return spans(texts, lang)

    batches = [batch(1, "first"), batch(2, "second")]
    with ThreadPoolExecutor(1) as pool:
        first, second = ahead(begin(batches, analyse=analyse, pool=pool))
        assert len(first.screened()) == 1
        with pytest.raises(RuntimeError):
            second.screened()


@given(st.text(alphabet="0123456789０１２３４５６７８９ -ー－/年A\u200b氏", max_size=40))
def test_the_quick_look_for_numbers_finds_what_the_whole_look_finds(text: str) -> None:
    assert without_numbers(text) == mask_numbers(text)
