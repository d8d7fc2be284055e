"""Rows of a file made ready: normalised, typed, without numbers that are never stored; pure.

One call is one batch and needs nothing but the rows and the plan, so that it may run in another
process. What needs the rows before it (repeated ids, the n-th of a key) is added afterwards.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from governance.customers.normalise.register import KEYS, register_findings
from governance.customers.normalise.rows import Layout, normalise_row
from governance.customers.sources.types import Acquisition
from governance.customers.types import NormalisedRow, Problem, ProblemKind, SourceRow
from governance.gateway.intake.acquiring import acquired
from governance.gateway.intake.brought import with_persons
from governance.gateway.intake.drafts import draft_of
from governance.gateway.intake.keys import key_of, with_key
from governance.gateway.intake.screening import Masked, ids_without_numbers, masked
from governance.gateway.intake.types import Draft, Rejected

BARRED = frozenset({ProblemKind.MISSING_REQUIRED})  # the row waits for correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What stays the same over all batches of one file."""

    layout: Layout
    day: date
    file: str
    source: str
    acquisition: Acquisition


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """One row after it was read: its own id, its key at the source, what was wrong."""

    number: int
    problems: tuple[Problem, ...]
    changed: int
    readable: bool
    register_key: str | None = field(repr=False)
    source_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows in file order, and the drafts of the readable ones among them."""

    rows: tuple[Ready, ...]
    masked: Masked

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Rows that wait for correction, by their first grave problem."""
        return tuple(_aside(row) for row in self.rows if not row.readable)


def prepare(rows: Sequence[SourceRow], plan: Plan) -> Batch:
    """The rows of one batch, ready for the search of their texts."""
    layout = plan.layout
    made: list[Ready] = []
    drafts: list[Draft] = []
    read = (normalise_row(row, layout, at=plan.day) for row in rows)
    for row in read:
        found = next(register_findings((row,), layout))
        made.append(_ready(found, plan))
        if made[-1].readable:
            draft = draft_of(found, layout.kind, file=plan.file)
            drafts.append(acquired(draft, plan.acquisition))
    return Batch(rows=tuple(made), masked=with_persons(masked(ids_without_numbers(drafts))))


def unreadable(row: NormalisedRow) -> bool:
    """Whether the row is put aside for correction."""
    return row.refused or any(problem.kind in BARRED for problem in row.problems)


def _ready(row: NormalisedRow, plan: Plan) -> Ready:
    readable = not unreadable(row)
    kind = plan.layout.kind
    return Ready(
        number=row.number,
        problems=row.problems,
        changed=row.changed if readable else 0,
        readable=readable,
        register_key=row.get(KEYS[kind]),
        source_key=key_of(row, kind, source=plan.source) if readable else None,
    )


def _aside(row: Ready) -> Rejected:
    reason = next((p.kind.value for p in row.problems), ProblemKind.COLUMN_COUNT_SHORT.value)
    return Rejected(
        number=row.number, reason=reason, refused=False, cells=(), problems=row.problems
    )


def in_context(batches: Iterable[Batch], plan: Plan) -> Iterator[Batch]:
    """The same batches with what the rows before tell: repeated ids, the n-th of a key."""
    first: dict[str, int] = {}
    met: Counter[str] = Counter()
    column = _header(plan.layout)
    for batch in batches:
        extra: dict[int, tuple[Problem, ...]] = {}
        keys: dict[int, str] = {}
        for row in batch.rows:
            if (key := row.register_key) is not None:
                if key in first:
                    extra[row.number] = (_repeated(row.number, column, first[key]),)
                first.setdefault(key, row.number)
            if row.source_key is not None:
                met[row.source_key] += 1
                times = met[row.source_key]
                keys[row.number] = row.source_key if times == 1 else f"{row.source_key}#{times}"
        yield _with(batch, extra, keys) if extra or keys else batch


def _header(layout: Layout) -> str:
    position = layout.positions.get(KEYS[layout.kind])
    return layout.headers[position] if position is not None else ""


def _repeated(number: int, column: str, first: int) -> Problem:
    return Problem(
        kind=ProblemKind.DUPLICATE_ID, row=number, column=column, params=(("first_row", first),)
    )


def _with(batch: Batch, extra: Mapping[int, tuple[Problem, ...]], keys: Mapping[int, str]) -> Batch:
    rows = tuple(
        replace(row, problems=(*row.problems, *extra[row.number])) if row.number in extra else row
        for row in batch.rows
    )
    drafts = tuple(
        with_key(
            replace(draft, problems=(*draft.problems, *extra.get(draft.number, ())))
            if draft.number in extra
            else draft,
            keys.get(draft.number),
        )
        for draft in batch.masked.drafts
    )
    return Batch(rows=rows, masked=replace(batch.masked, drafts=drafts))
