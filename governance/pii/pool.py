"""Texts analysed by one fresh worker process per core, in order, with bounded memory."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from queue import SimpleQueue
from typing import Final, Self, TypeAlias, TypeVar

from governance.core.errors import UnavailableError
from governance.pii.errors import PiiStartError
from governance.pii.types import SHIPPED_MODEL, Span
from governance.pii.worker import PiiWorker, batches_of

AHEAD: Final = 2  # questions that wait for each worker; more would only fill memory
SMALL: Final = 400_000  # code points that one worker has done before a second one has started
T = TypeVar("T")
Texts: TypeAlias = Iterable[tuple[str, str]]  # text, language
Batch: TypeAlias = list[tuple[str, str]]
Found: TypeAlias = tuple[Span, ...]


def cores() -> int:
    """Cores that this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)


class PiiPool:
    """Several workers, each its own program (nothing is forked); the answers keep the order.

    A second worker starts only when there is work for it.
    """

    def __init__(self, workers: int | None = None, *, model: str = SHIPPED_MODEL) -> None:
        self._workers = [PiiWorker(model=model) for _ in range(workers or cores())]
        self._idle: SimpleQueue[PiiWorker] = SimpleQueue()
        self._living = len(self._workers)
        self._count = threading.Lock()
        self._threads = ThreadPoolExecutor(len(self._workers), thread_name_prefix="pii-pool")
        for worker in self._workers:
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """No worker runs; what was still waiting is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.abandon()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.close()

    def analyze_many(self, texts: Texts) -> Iterator[Found]:
        """Findings of each (text, language) in order; raises when a worker cannot answer."""
        return self._run(texts, _all)

    def answers(self, texts: Texts) -> Iterator[Found | None]:
        """The same, with None for a text of which no worker can say anything."""
        return self._run(texts, _each)

    def _run(self, texts: Texts, answer: Callable[[PiiWorker, Batch], Sequence[T]]) -> Iterator[T]:
        waiting: deque[Future[Sequence[T]]] = deque()
        few, rest = _begin(texts)
        batches = batches_of(chain(few, *rest))
        if not rest or len(self._workers) == 1:
            for batch in batches:
                yield from answer(self._workers[0], batch)
            return
        for batch in batches:
            waiting.append(self._threads.submit(self._borrowed, batch, answer))
            if len(waiting) >= AHEAD * len(self._workers):
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()

    def _borrowed(
        self, batch: Batch, answer: Callable[[PiiWorker, Batch], Sequence[T]]
    ) -> Sequence[T]:
        while True:
            worker = self._idle.get()
            lost = False
            try:
                return answer(worker, batch)
            except PiiStartError:
                lost = self._can_spare_one()
                if not lost:
                    raise
            finally:
                if not lost:
                    self._idle.put(worker)

    def _can_spare_one(self) -> bool:
        """One worker less is counted on, where another is left to take its questions."""
        with self._count:
            if self._living == 1:
                return False
            self._living -= 1
            return True


def _all(worker: PiiWorker, batch: Batch) -> list[Found]:
    """The batch, a second time by a fresh worker when the first one gave no answer."""
    try:
        return list(worker.analyze_many(batch))
    except UnavailableError:
        worker.start_patiently()
    return list(worker.analyze_many(batch))


def _each(worker: PiiWorker, batch: Batch) -> list[Found | None]:
    """A text that ends the worker takes no other text with it."""
    try:
        return [*worker.analyze_many(batch)]
    except UnavailableError:
        worker.start_patiently()  # raises where no worker can live at all
    found: list[Found | None] = []
    for text, lang in batch:
        try:
            found.append(worker.analyze(text, lang))
        except PiiStartError:
            raise
        except UnavailableError:
            found.append(None)  # told as not analysed, which is not "nothing found"
    return found


def _begin(texts: Texts) -> tuple[list[tuple[str, str]], tuple[Texts, ...]]:
    """The first texts, and the rest when there is more than a little."""
    waiting, few, size = iter(texts), list[tuple[str, str]](), 0
    for item in waiting:
        few.append(item)
        size += len(item[0])
        if size > SMALL:
            return few, (waiting,)
    return few, ()
