"""Batches begun ahead: the texts of one are searched while the one before it is stored."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from governance.core.terms import Lang
from governance.customers.normalise.rows import Layout
from governance.customers.ports import Analyse
from governance.customers.types import NormalisedRow, ProblemKind
from governance.gateway.intake.drafts import TABLE_OF, draft_of
from governance.gateway.intake.screening import Masked, masked, tagged
from governance.gateway.intake.types import Draft
from governance.pii.types import Span

BARRED = frozenset({ProblemKind.MISSING_REQUIRED})  # the row waits for correction
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A batch of rows whose free texts are being searched."""

    rows: tuple[NormalisedRow, ...]
    masked: Masked
    spans: Future[Sequence[tuple[Span, ...]]]

    def screened(self) -> tuple[Draft, ...]:
        """The drafts of the readable rows, tagged; waits for the search and raises its fault."""
        return tagged(self.masked, self.spans.result())


def begin(
    batches: Iterable[tuple[NormalisedRow, ...]],
    *,
    layout: Layout,
    file: str,
    analyse: Analyse,
    pool: ThreadPoolExecutor,
) -> Iterator[Begun]:
    """Each batch with its search under way; kinds of files without drafts have none."""
    drafted = layout.kind in TABLE_OF
    for rows in batches:
        readable = [row for row in rows if drafted and not unreadable(row)]
        found = masked([draft_of(row, layout.kind, file=file) for row in readable])
        yield Begun(rows=rows, masked=found, spans=pool.submit(analyse, found.texts, Lang.JA))


def one_ahead(made: Iterable[T]) -> Iterator[T]:
    """Each item in order, given out when the one after it has been made."""
    waiting: list[T] = []
    for item in made:
        waiting.append(item)
        if len(waiting) > 1:
            yield waiting.pop(0)
    yield from waiting


def unreadable(row: NormalisedRow) -> bool:
    """Whether the row is put aside for correction."""
    return row.refused or any(problem.kind in BARRED for problem in row.problems)
