"""Batches begun ahead: the texts of one are searched while the one before it is stored."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

from governance.core.terms import Lang
from governance.gateway.intake.preparing import Batch
from governance.gateway.intake.screening import tagged
from governance.gateway.intake.types import Draft
from governance.pii.types import Analyse, Span

KEPT = 20_000  # texts of one file whose findings are remembered
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A batch of rows whose free texts are being searched."""

    batch: Batch
    spans: Future[Sequence[tuple[Span, ...]]]

    def screened(self) -> tuple[Draft, ...]:
        """The drafts of the readable rows, tagged; waits for the search and raises its fault."""
        return tagged(self.batch.masked, self.spans.result())


class Searched:
    """Searches texts once in a file: many rows say the same. Keeps digests, never a text."""

    def __init__(self, analyse: Analyse) -> None:
        self._analyse = analyse
        self._known: dict[bytes, tuple[Span, ...]] = {}

    def __call__(self, texts: Sequence[str]) -> tuple[tuple[Span, ...], ...]:
        """What was found in each text; raises the search's fault."""
        keys = [blake2b(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        if len(self._known) > KEPT:
            self._known.clear()
        new = [n for n, key in enumerate(keys) if key not in self._known]
        found = self._analyse([texts[n] for n in new], Lang.JA) if new else ()
        for n, spans in zip(new, found, strict=True):  # fails closed: an answer for every text
            self._known[keys[n]] = spans
        return tuple(self._known[key] for key in keys)


def begin(
    batches: Iterable[Batch], *, analyse: Analyse, pool: ThreadPoolExecutor
) -> Iterator[Begun]:
    """Each batch with its search under way; the pool has one thread, so that texts keep order."""
    searched = Searched(analyse)
    for batch in batches:
        yield Begun(batch=batch, spans=pool.submit(searched, batch.masked.texts))


def ahead(made: Iterable[T], *, by: int = 1) -> Iterator[T]:
    """Each item in order, given out when so many after it have been made."""
    waiting: list[T] = []
    for item in made:
        waiting.append(item)
        if len(waiting) > by:
            yield waiting.pop(0)
    yield from waiting
