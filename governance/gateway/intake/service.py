"""The gate for taking files in: read, normalise, screen, seal, index, audit; resumable.

A file is known by its digest. Rows, cursor and counts of a batch commit together, so a killed
run goes on where it stopped and nothing is doubled.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from governance.core.clock import JST
from governance.customers import imports
from governance.customers.normalise.files import layout_for
from governance.customers.normalise.register import register_findings
from governance.customers.normalise.rows import Layout, normalise_row
from governance.customers.ports import Ports
from governance.customers.tables import (
    SourceFile,
    SourceHeaderMissingError,
    TableReader,
    inspect,
)
from governance.customers.types import (
    NormalisedRow,
    Problem,
    ProblemKind,
    SourceKind,
    SourceRow,
)
from governance.customers.workbooks import Sheet
from governance.gateway.intake.ahead import Begun, begin, one_ahead, unreadable
from governance.gateway.intake.batch import store_batch
from governance.gateway.intake.consents import in_order_of_occurrence, store_consents
from governance.gateway.intake.drafts import TABLE_OF, draft_of
from governance.gateway.intake.screening import screen
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import (
    Counts,
    ImportOutcome,
    ImportRefusedError,
    ImportRequest,
    Progress,
    Rejected,
    RunFacts,
)
from governance.gateway.intake.vendors import store_vendors
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import roles_of

BATCH = 500  # rows; one transaction of some tens of milliseconds
CHUNK = 1 << 20  # bytes read at a time for the digest
T = TypeVar("T")
NEEDS: Mapping[SourceKind, Action] = {
    SourceKind.CONSENTS: Action.CONSENT_IMPORT,
    SourceKind.VENDORS: Action.REGISTER_WRITE,
}


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Counts, problems and findings over all batches of this call."""

    counts: Counts = field(default_factory=Counts)
    problems: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One opened table of a file with its layout."""

    file: SourceFile
    reader: TableReader
    layout: Layout

    @property
    def encoding(self) -> str:
        """The encoding that was found, or the format of a workbook."""
        found = self.file.encoding
        return found.encoding if found is not None else self.file.format.value


def take_in(
    ports: Ports,
    principal: Principal,
    request: ImportRequest,
    *,
    at: datetime,
    progress: Progress = lambda _rows: None,
) -> ImportOutcome:
    """What became of every row of the file; running it twice equals running it once."""
    source = _open(request)
    _refuse(ports, principal, source.layout.kind)
    if request.dry_run:
        return _dry(ports, source, at=at)
    digest = _digest(request.path)
    with ports.database.read() as tx:
        run = imports.run_of(tx, source.layout.kind.value, digest)
        problems = imports.problem_counts(tx, run.id) if run is not None and run.done else {}
    if run is not None and run.done:
        return _again(source, run, problems)
    if run is None:
        run = _begin(ports, principal, request, source, digest, at=at)
    facts = RunFacts(
        run=run.id,
        kind=source.layout.kind,
        file=run.file_name,
        actor=principal.id,
        at=at,
    )
    tally = _take(ports, source, facts, skip=run.cursor, progress=progress)
    _other_sheets(ports, source, facts, tally, done=run.cursor)
    ports.database.write(partial(imports.finish_run, run=run.id, at=at))
    with ports.database.read() as tx:
        whole = imports.run_of(tx, source.layout.kind.value, digest)
        problems = imports.problem_counts(tx, run.id)
    return ImportOutcome(
        run=run.id,
        kind=source.layout.kind,
        encoding=source.encoding,
        counts=Counts(**dict(whole.counts)) if whole is not None else tally.counts,
        problems=problems,
        findings=tally.findings,
    )


def _open(request: ImportRequest) -> _Source:
    file = inspect(request.path, encoding=request.encoding)
    reader = TableReader(file)
    return _Source(file=file, reader=reader, layout=layout_for(reader, request.kind))


def _refuse(ports: Ports, principal: Principal, kind: SourceKind) -> None:
    """Fails closed: only a role that holds the action takes this kind of file in."""
    policy = ports.policies.current
    if not policy.may(roles_of(principal, policy), NEEDS.get(kind, Action.PERSON_IMPORT)):
        raise ImportRefusedError(kind=kind.value)


def _begin(
    ports: Ports,
    principal: Principal,
    request: ImportRequest,
    source: _Source,
    digest: str,
    *,
    at: datetime,
) -> imports.Run:
    return ports.database.write(
        partial(
            imports.begin_run,
            kind=source.layout.kind.value,
            digest=digest,
            file=request.path.name,
            encoding=source.encoding,
            by=principal.id,
            at=at,
        )
    )


def _again(source: _Source, run: imports.Run, problems: Mapping[str, int]) -> ImportOutcome:
    """The same file once more: every stored row is met again, nothing is written."""
    counts = Counts(**dict(run.counts))
    counts.merged += counts.stored
    counts.stored = 0
    return ImportOutcome(
        run=run.id,
        kind=source.layout.kind,
        encoding=source.encoding,
        counts=counts,
        problems=problems,
        findings={},
        repeated=True,
    )


def _take(ports: Ports, source: _Source, run: RunFacts, *, skip: int, progress: Progress) -> _Tally:
    """All batches after the cursor; `skip` rows were dealt with by an earlier, killed run."""
    tally = _Tally()
    tables = sorted({"person", TABLE_OF.get(source.layout.kind, "person")})
    indexer = Indexer(ports.vault, tables)
    cells: dict[int, tuple[str, ...]] = {}
    rows = register_findings(_normalised(source, cells, at=run.at), source.layout)
    if source.layout.kind is SourceKind.CONSENTS:
        rows = iter(in_order_of_occurrence(rows))
    batches = _batches(islice(rows, skip, None))
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="screening") as pool:
        begun = begin(
            batches, layout=source.layout, file=run.file, analyse=ports.analyse, pool=pool
        )
        first = skip
        for batch in one_ahead(begun):
            tally.counts.add(_store(ports, indexer, run, batch, cells, tally, first=first))
            first += len(batch.rows)
            for row in batch.rows:
                cells.pop(row.number, None)
            progress(tally.counts.read)
    return tally


def _normalised(
    source: _Source, cells: dict[int, tuple[str, ...]], *, at: datetime
) -> Iterator[NormalisedRow]:
    """Every record normalised; its cells are remembered until the row has found its place."""
    day = at.astimezone(JST).date()
    remembered = source.layout.kind in TABLE_OF
    for raw in source.reader:
        if remembered:
            cells[raw.number] = raw.cells
        yield normalise_row(raw, source.layout, at=day)


def _batches(rows: Iterable[T]) -> Iterator[tuple[T, ...]]:
    iterator = iter(rows)
    while batch := tuple(islice(iterator, BATCH)):
        yield batch


def _store(
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    batch: Begun,
    cells: Mapping[int, tuple[str, ...]],
    tally: _Tally,
    *,
    first: int,
) -> Counts:
    rows = batch.rows
    for row in rows:
        tally.problems.update(problem.kind.value for problem in row.problems)
    if run.kind is SourceKind.CONSENTS:
        work = partial(
            store_consents, ports=ports, indexer=indexer, run=run, rows=rows, first=first
        )
        return ports.database.write(work, batch=True)
    if run.kind is SourceKind.VENDORS:
        vendors = partial(store_vendors, ports=ports, run=run, rows=rows, first=first)
        return ports.database.write(vendors, batch=True)
    drafts = batch.screened()
    for draft in drafts:
        for finding in draft.findings:
            label = f"{finding.entity}:{finding.kind}" if finding.kind else finding.entity
            tally.findings[label] += finding.found
    return ports.database.write(
        partial(
            store_batch,
            ports=ports,
            indexer=indexer,
            run=run,
            drafts=drafts,
            rejected=[_aside(row) for row in rows if unreadable(row)],
            cells=cells,
            normalised=sum(row.changed for row in rows if not unreadable(row)),
            first=first,
        ),
        batch=True,
    )


def _aside(row: NormalisedRow) -> Rejected:
    """A row that waits for correction, by its first grave problem."""
    reason = next((p.kind.value for p in row.problems), ProblemKind.COLUMN_COUNT_SHORT.value)
    return Rejected(
        number=row.number, reason=reason, refused=False, cells=(), problems=row.problems
    )


def _other_sheets(
    ports: Ports, source: _Source, run: RunFacts, tally: _Tally, *, done: int
) -> None:
    """Rows of every sheet but the first visible one are put aside; none is lost without a word.

    Of hidden ones nobody has said where they come from (APPI 20(1)).

    `done` rows were dealt with by an earlier, killed run; a sheet is one batch.
    """
    indexer = Indexer(ports.vault, ("person",))
    first = source.reader.read
    taken = next((sheet for sheet in source.file.sheets if not sheet.hidden), None)
    for sheet in (sheet for sheet in source.file.sheets if sheet is not taken):
        rows = _rows_of(source, sheet)
        if not rows or done >= first + len(rows):
            first += len(rows)
            continue
        kind = ProblemKind.HIDDEN_SHEET if sheet.hidden else ProblemKind.OTHER_SHEET
        rejected = [_of_other_sheet(row, kind) for row in rows]
        tally.problems[kind.value] += len(rows)
        counts = ports.database.write(
            partial(
                store_batch,
                ports=ports,
                indexer=indexer,
                run=replace(run, file=f"{run.file}#{sheet.name}"),
                drafts=(),
                rejected=rejected,
                cells={},
                normalised=0,
                first=first,
            ),
            batch=True,
        )
        first += len(rows)
        tally.counts.add(counts)


def _rows_of(source: _Source, sheet: Sheet) -> tuple[SourceRow, ...]:
    """Rows of a sheet; none when it holds nothing that could be a table."""
    try:
        return tuple(TableReader(source.file, sheet=sheet.name))
    except SourceHeaderMissingError:
        return ()


def _of_other_sheet(row: SourceRow, kind: ProblemKind) -> Rejected:
    return Rejected(
        number=row.number,
        reason=kind.value,
        refused=False,
        cells=row.cells,
        problems=(Problem(kind=kind, row=row.number),),
    )


def _dry(ports: Ports, source: _Source, *, at: datetime) -> ImportOutcome:
    """What would be found, with nothing stored and nothing sealed."""
    tally = _Tally()
    layout = source.layout
    rows = register_findings(_normalised(source, {}, at=at), layout)
    for batch in _batches(rows):
        readable = [row for row in batch if not unreadable(row)]
        tally.counts.read += len(batch)
        tally.counts.stored += len(readable)
        tally.counts.quarantined += len(batch) - len(readable)
        tally.counts.normalised += sum(row.changed for row in readable)
        for row in batch:
            tally.problems.update(problem.kind.value for problem in row.problems)
        if layout.kind in TABLE_OF:
            drafts = [draft_of(row, layout.kind, file=source.file.path.name) for row in readable]
            for draft in screen(drafts, ports.analyse):
                tally.findings.update(finding.entity for finding in draft.findings)
    return ImportOutcome(
        run=None,
        kind=layout.kind,
        encoding=source.encoding,
        counts=tally.counts,
        problems=tally.problems,
        findings=tally.findings,
    )


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            found.update(block)
    return found.hexdigest()
