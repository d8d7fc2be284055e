"""What the run and the dry run of a file share: its batches, its facts, its tally."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from governance.core.clock import JST
from governance.customers.normalise.register import register_findings
from governance.customers.normalise.rows import normalise_row
from governance.customers.tables import SourceHeaderMissingError, TableReader
from governance.customers.types import (
    NormalisedRow,
    Problem,
    ProblemKind,
    SourceKind,
    SourceRow,
)
from governance.customers.workbooks import Sheet
from governance.gateway.intake.consents import in_order_of_occurrence
from governance.gateway.intake.opening import Opened
from governance.gateway.intake.preparer import Preparer
from governance.gateway.intake.preparing import Batch, Plan, in_context
from governance.gateway.intake.types import Counts, Draft, Rejected, RunFacts
from governance.http.principal import Principal

BATCH = 500  # rows; one transaction of some tens of milliseconds
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts, problems and findings over all batches of this call."""

    counts: Counts = field(default_factory=Counts)
    problems: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)

    def found(self, drafts: tuple[Draft, ...]) -> None:
        """The findings of the texts of these rows are counted."""
        for draft in drafts:
            for finding in draft.findings:
                label = f"{finding.entity}:{finding.kind}" if finding.kind else finding.entity
                self.findings[label] += finding.found


def facts_of(
    opened: Opened, run: str, file: str, principal: Principal, *, at: datetime
) -> RunFacts:
    """What stays the same over all batches of the file."""
    linked = opened.linked
    return RunFacts(
        run=run,
        kind=opened.layout.kind,
        file=linked.file if linked is not None else file,
        actor=principal.id,
        at=at,
        source=opened.source,
        acquisition=opened.acquisition,
        corrects=linked.run if linked is not None else None,
        headers=opened.layout.headers,
    )


def plan_of(opened: Opened, run: RunFacts) -> Plan:
    """What preparing a batch needs."""
    return Plan(
        layout=opened.layout,
        day=run.at.astimezone(JST).date(),
        file=run.file,
        source=run.source,
        acquisition=run.acquisition,
    )


def remembered(
    opened: Opened, cells: dict[int, tuple[str, ...]], *, skip: int = 0
) -> Iterator[SourceRow]:
    """Every record; the cells of those after `skip` are kept until the row has found its place."""
    for count, raw in enumerate(opened.reader):
        if count >= skip:
            cells[raw.number] = raw.cells
        yield raw


def records(
    opened: Opened, run: RunFacts, cells: dict[int, tuple[str, ...]], *, skip: int
) -> Iterator[NormalisedRow]:
    """Rows of consents and recipients after the cursor, consents by instant."""
    day = run.at.astimezone(JST).date()
    read = (normalise_row(raw, opened.layout, at=day) for raw in remembered(opened, cells))
    rows = register_findings(read, opened.layout)
    if run.kind is SourceKind.CONSENTS:
        rows = iter(in_order_of_occurrence(rows))
    return islice(rows, skip, None)


def in_batches(rows: Iterator[T], *, first: int = 0) -> Iterator[tuple[T, ...]]:
    """Rows by batches; the `first` ones share no batch with those after them."""
    for start in range(0, first, BATCH):
        yield tuple(islice(rows, min(BATCH, first - start)))
    while batch := tuple(islice(rows, BATCH)):
        yield batch


def prepared(
    rows: Iterator[SourceRow], plan: Plan, preparer: Preparer, *, skip: int
) -> Iterator[Batch]:
    """Batches in file order after the first `skip` rows, which are read for what they tell."""
    raw = in_batches(rows, first=skip)
    made = in_context(preparer.batches(raw), plan)
    return islice(made, -(-skip // BATCH), None)


def barred_of(drafts: tuple[Draft, ...]) -> tuple[tuple[Draft, ...], tuple[Rejected, ...]]:
    """Drafts that go on, and rows whose key was a number that is never stored."""
    if all(draft.barred is None for draft in drafts):
        return drafts, ()
    rejected = tuple(
        Rejected(
            number=draft.number,
            reason=draft.barred.value,
            refused=False,
            cells=(),
            problems=draft.problems,
        )
        for draft in drafts
        if draft.barred is not None
    )
    return tuple(draft for draft in drafts if draft.barred is None), rejected


def rows_of_sheet(opened: Opened, sheet: Sheet) -> tuple[Rejected, ...]:
    """Rows of a sheet as what waits; none when it holds nothing that could be a table."""
    kind = ProblemKind.HIDDEN_SHEET if sheet.hidden else ProblemKind.OTHER_SHEET
    try:
        rows = tuple(TableReader(opened.file, sheet=sheet.name))
    except SourceHeaderMissingError:
        return ()
    return tuple(
        Rejected(
            number=row.number,
            reason=kind.value,
            refused=False,
            cells=row.cells,
            problems=(Problem(kind=kind, row=row.number),),
        )
        for row in rows
    )
