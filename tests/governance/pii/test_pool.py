"""The pool: order, several workers, texts that end a worker, an end at any moment."""

from collections.abc import Iterator

import pytest

from governance.pii import pool as pools
from governance.pii.errors import PiiStartError, PiiTimeoutError, PiiWorkerError
from governance.pii.pool import PiiPool
from governance.pii.types import Entity, Reason, Span


class Child:
    """Stands for a worker process: a text is found by its length; some end it."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.asked = 0
        self.closed = False
        self.unable = False
        self.dying = 0

    def start_patiently(self) -> None:
        """It lives."""

    def abandon(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    def analyze(self, text: str, lang: str = "ja") -> tuple[Span, ...]:
        return next(self.analyze_many([(text, lang)]))

    def analyze_many(self, texts: list[tuple[str, str]]) -> Iterator[tuple[Span, ...]]:
        self.asked += 1
        if self.unable:
            raise PiiStartError(ended="signal 9")
        if self.dying:
            self.dying -= 1
            raise PiiWorkerError
        for text, _ in texts:
            if "fatal" in text:
                raise PiiWorkerError
            if "slow" in text:
                raise PiiTimeoutError(seconds=1)
            size = len(text)
            yield (Span(start=0, end=size, entity=Entity.PERSON, score=1.0, reason=Reason.LABEL),)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    made: list[Child] = []

    def child(*, model: str) -> Child:
        made.append(Child(model))
        return made[-1]

    monkeypatch.setattr(pools, "PiiWorker", child)
    monkeypatch.setattr(pools, "SMALL", 100)
    return made


def sizes(found: Iterator[tuple[Span, ...] | None]) -> list[int | None]:
    return [spans[0].end if spans else None for spans in found]


def test_answers_keep_the_order_over_all_workers(children: list[Child]) -> None:
    texts = [("x" * (n % 50 + 1), "ja") for n in range(1_000)]
    with PiiPool(3) as pool:
        assert sizes(pool.analyze_many(texts)) == [len(text) for text, _ in texts]
    assert sum(child.asked for child in children) > 3
    assert all(child.closed for child in children)


def test_few_texts_start_one_worker(children: list[Child]) -> None:
    with PiiPool(3) as pool:
        assert sizes(pool.analyze_many([("abc", "ja"), ("d", "en")])) == [3, 1]
    assert [child.asked for child in children] == [1, 0, 0]


@pytest.mark.parametrize("word", ["fatal", "slow"])
def test_text_that_ends_a_worker_takes_no_other_with_it(children: list[Child], word: str) -> None:
    texts = [("ab", "ja"), (word, "ja"), ("abc", "ja")] * 40
    with PiiPool(2) as pool:
        assert sizes(pool.answers(texts)) == [2, None, 3] * 40
        with pytest.raises((PiiWorkerError, PiiTimeoutError)):
            list(pool.analyze_many(texts))


@pytest.mark.parametrize("way", ["answers", "analyze_many"])
def test_worker_that_cannot_start_leaves_its_questions_to_the_others(
    children: list[Child], way: str
) -> None:
    texts = [("x" * (n % 50 + 1), "ja") for n in range(1_000)]
    with PiiPool(3) as pool:
        children[0].unable = children[1].unable = True
        assert sizes(getattr(pool, way)(texts)) == [len(text) for text, _ in texts]
        children[2].unable = True
        with pytest.raises(PiiStartError):
            list(getattr(pool, way)(texts))


def test_batch_without_an_answer_is_asked_again_once(children: list[Child]) -> None:
    with PiiPool(2) as pool:
        children[0].dying = 1
        assert sizes(pool.analyze_many([("abc", "ja")])) == [3]
    assert [child.asked for child in children] == [2, 0]


def test_reader_may_stop_in_the_middle(children: list[Child]) -> None:
    with PiiPool(2) as pool:
        found = pool.analyze_many(("x" * 80, "ja") for _ in range(10_000))
        assert next(found)
    assert all(child.closed for child in children)


def test_every_worker_reads_with_the_chosen_weights(children: list[Child]) -> None:
    with PiiPool(2, model="none"), PiiPool(1):
        pass
    assert [child.model for child in children] == ["none", "none", "shipped"]
