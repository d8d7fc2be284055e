"""Batches begun ahead: the texts of one are searched while the one before it is stored."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from governance.core.terms import Lang
from governance.customers.ports import Analyse
from governance.gateway.intake.preparing import Batch
from governance.gateway.intake.screening import tagged
from governance.gateway.intake.types import Draft
from governance.pii.types import Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A batch of rows whose free texts are being searched."""

    batch: Batch
    spans: Future[Sequence[tuple[Span, ...]]]

    def screened(self) -> tuple[Draft, ...]:
        """The drafts of the readable rows, tagged; waits for the search and raises its fault."""
        return tagged(self.batch.masked, self.spans.result())


def begin(
    batches: Iterable[Batch], *, analyse: Analyse, pool: ThreadPoolExecutor
) -> Iterator[Begun]:
    """Each batch with its search under way."""
    for batch in batches:
        yield Begun(batch=batch, spans=pool.submit(analyse, batch.masked.texts, Lang.JA))


def ahead(made: Iterable[T], *, by: int = 1) -> Iterator[T]:
    """Each item in order, given out when so many after it have been made."""
    waiting: list[T] = []
    for item in made:
        waiting.append(item)
        if len(waiting) > by:
            yield waiting.pop(0)
    yield from waiting
