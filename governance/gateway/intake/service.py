"""The gate for taking files in: read, normalise, screen, seal, index, audit; resumable.

A file is known by its digest. Rows, cursor and counts of a batch commit together, so a killed
run goes on where it stopped and nothing is doubled. A dry run decides row by row as the run does.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from governance.customers import imports
from governance.customers.ports import Ports
from governance.customers.search.filling import complete_whole_values
from governance.customers.tables import assert_whole
from governance.customers.types import NormalisedRow, SourceKind
from governance.gateway.intake.ahead import Begun, ahead, begin
from governance.gateway.intake.batch import store_batch
from governance.gateway.intake.collecting import rare_collections
from governance.gateway.intake.consents import store_consents
from governance.gateway.intake.drafts import TABLE_OF
from governance.gateway.intake.dry import dry_run
from governance.gateway.intake.flow import (
    Tally,
    barred_of,
    facts_of,
    in_batches,
    plan_of,
    prepared,
    records,
    remembered,
    rows_of_sheet,
)
from governance.gateway.intake.opening import Opened, open_source
from governance.gateway.intake.preparer import Preparer
from governance.gateway.intake.runs import begin as begin_run
from governance.gateway.intake.runs import other_sheets, outcome_of, settle_sheet
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import (
    Counts,
    ImportOutcome,
    ImportRefusedError,
    ImportRequest,
    Progress,
    RunFacts,
)
from governance.gateway.intake.undeclared import undeclared_in
from governance.gateway.intake.vendors import store_vendors
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may

AHEAD = 2  # batches whose texts are searched while one is stored
NEEDS: Mapping[SourceKind, Action] = {
    SourceKind.CONSENTS: Action.CONSENT_IMPORT,
    SourceKind.VENDORS: Action.REGISTER_WRITE,
}


def take_in(
    ports: Ports,
    principal: Principal,
    request: ImportRequest,
    *,
    at: datetime,
    progress: Progress = lambda _rows: None,
) -> ImportOutcome:
    """What became of every row of the file; running it twice equals running it once."""
    opened = open_source(ports, request)
    may_take_in(ports, principal, opened.layout.kind)
    outcome = _taken(ports, principal, request, opened, at=at, progress=progress)
    return replace(outcome, undeclared=undeclared_in(ports, opened))


def _taken(
    ports: Ports,
    principal: Principal,
    request: ImportRequest,
    opened: Opened,
    *,
    at: datetime,
    progress: Progress,
) -> ImportOutcome:
    """What became of every row of the opened file."""
    with ports.database.read() as tx:
        run = imports.run_of(tx, opened.layout.kind.value, opened.digest)
    if run is not None and run.done:
        return outcome_of(ports, opened, run, findings={}, repeated=True)
    if run is None:
        assert_whole(opened.file)  # or the rows before a broken one would be stored
    complete_whole_values(ports.database, ports.vault)  # who is known is found by them
    if request.dry_run:
        return dry_run(ports, principal, opened, run, at=at, progress=progress)
    if run is None:
        run = begin_run(ports, principal, request, opened, at=at)
    facts = facts_of(opened, run.id, run.file_name, principal, at=at)
    tally = _take(ports, opened, facts, skip=run.cursor, progress=progress)
    _put_sheets_aside(ports, opened, facts, done=run.cursor)
    settle_sheet(ports, opened)
    ports.database.write(partial(imports.finish_run, run=run.id, at=at))
    return outcome_of(ports, opened, run, findings=tally.findings)


def may_take_in(ports: Ports, principal: Principal, kind: SourceKind) -> None:
    """Fails closed: only a role that holds the action takes this kind of file in."""
    policy = ports.policies.current
    if not may(principal, NEEDS.get(kind, Action.PERSON_IMPORT), policy):
        raise ImportRefusedError(kind=kind.value)


def _take(ports: Ports, opened: Opened, run: RunFacts, *, skip: int, progress: Progress) -> Tally:
    """All batches after the cursor; `skip` rows were dealt with by an earlier, killed run."""
    tally = Tally()
    indexer = Indexer(ports.vault, sorted({"person", TABLE_OF.get(run.kind, "person")}))
    cells: dict[int, tuple[str, ...]] = {}
    first = skip
    if run.kind not in TABLE_OF:
        for rows in in_batches(records(opened, run, cells, skip=skip)):
            tally.counts.add(_store_records(ports, indexer, run, rows, cells, first=first))
            first += len(rows)
            progress(first)
        return tally
    with _searched(ports, opened, run, cells, skip=skip) as begun:
        for one in begun:
            tally.counts.add(_store(ports, indexer, run, one, cells, tally, first=first))
            first += len(one.batch.rows)
            for row in one.batch.rows:
                cells.pop(row.number, None)
            progress(first)
    return tally


@contextmanager
def _searched(
    ports: Ports,
    opened: Opened,
    run: RunFacts,
    cells: dict[int, tuple[str, ...]],
    *,
    skip: int,
) -> Iterator[Iterator[Begun]]:
    """Batches in file order, each with the search of its texts under way before it is stored."""
    plan = plan_of(opened, run)
    rows = remembered(opened, cells, skip=skip)
    with (
        rare_collections(),
        Preparer(plan, size=opened.size) as preparer,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="screening") as pool,
    ):
        batches = prepared(rows, plan, preparer, skip=skip)
        yield ahead(begin(batches, analyse=ports.analyse, pool=pool), by=AHEAD)


def _store(
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    one: Begun,
    cells: Mapping[int, tuple[str, ...]],
    tally: Tally,
    *,
    first: int,
) -> Counts:
    drafts = one.screened()
    tally.found(drafts)
    readable, barred = barred_of(drafts)
    work = partial(
        store_batch,
        ports=ports,
        indexer=indexer,
        run=run,
        drafts=readable,
        rejected=(*one.batch.rejected, *barred),
        cells=cells,
        normalised=sum(row.changed for row in one.batch.rows),
        first=first,
    )
    return ports.database.write(work, batch=True)


def _store_records(
    ports: Ports,
    indexer: Indexer,
    run: RunFacts,
    rows: tuple[NormalisedRow, ...],
    cells: Mapping[int, tuple[str, ...]],
    *,
    first: int,
) -> Counts:
    def write(tx: Connection) -> Counts:
        if run.kind is SourceKind.VENDORS:
            return store_vendors(tx, ports=ports, run=run, rows=rows, cells=cells, first=first)
        return store_consents(
            tx, ports=ports, indexer=indexer, run=run, rows=rows, cells=cells, first=first
        )

    return ports.database.write(write, batch=True)


def _put_sheets_aside(ports: Ports, opened: Opened, run: RunFacts, *, done: int) -> None:
    """Rows of every sheet but the first visible one are put aside; none is lost without a word.

    Of hidden ones nobody has said where they come from (APPI 20(1)).
    `done` rows were dealt with by an earlier, killed run; a sheet is one batch.
    """
    sheets = other_sheets(opened)
    first = opened.reader.read
    for sheet, rejected in ((sheet, rows_of_sheet(opened, sheet)) for sheet in sheets):
        if not rejected or done >= first + len(rejected):
            first += len(rejected)
            continue
        work = partial(
            store_batch,
            ports=ports,
            indexer=Indexer(ports.vault, ("person",)),
            run=replace(run, file=f"{run.file}#{sheet.name}"),
            drafts=(),
            rejected=rejected,
            cells={},
            normalised=0,
            first=first,
            sheet=sheet.name,
        )
        ports.database.write(work, batch=True)
        first += len(rejected)
