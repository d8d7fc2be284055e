"""The dry run: what the run would come to, decided row by row in the same way, nothing kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from governance.core.terms import Lang
from governance.customers import imports
from governance.customers.ports import Ports
from governance.customers.types import Problem, SourceKind
from governance.gateway.intake import consents, vendors
from governance.gateway.intake.batch import placed
from governance.gateway.intake.drafts import TABLE_OF
from governance.gateway.intake.flow import (
    Tally,
    barred_of,
    facts_of,
    in_batches,
    plan_of,
    prepared,
    records,
    rows_of_sheet,
)
from governance.gateway.intake.opening import Opened
from governance.gateway.intake.preparer import Preparer
from governance.gateway.intake.preparing import Batch
from governance.gateway.intake.runs import other_sheets
from governance.gateway.intake.screening import tagged
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Counts, ImportOutcome, Progress, RunFacts, Seen
from governance.http.principal import Principal


def dry_run(
    ports: Ports,
    principal: Principal,
    opened: Opened,
    begun: imports.Run | None,
    *,
    at: datetime,
    progress: Progress,
) -> ImportOutcome:
    """What the run would come to, decided in the same way, with nothing stored and nothing kept."""
    tally = Tally()
    done = begun.cursor if begun is not None else 0
    with ports.database.read() as tx:
        name = opened.file.path.name
        file = begun.file_name if begun is not None else imports.own_name(tx, name, opened.digest)
        if begun is not None:
            tally.counts.add(Counts(**dict(begun.counts)))
            tally.problems.update(imports.problem_counts(tx, begun.id))
    facts = facts_of(opened, begun.id if begun is not None else "", file, principal, at=at)
    run = replace(facts, dry=Seen())
    indexer = Indexer(ports.vault, sorted({"person", TABLE_OF.get(run.kind, "person")}))
    for counts, problems in _batches(ports, opened, run, indexer, tally, skip=done):
        tally.counts.add(counts)
        tally.problems.update(problem.kind.value for problem in problems)
        progress(tally.counts.read)
    first = opened.reader.read
    for sheet in other_sheets(opened):
        rejected = rows_of_sheet(opened, sheet)
        first += len(rejected)
        if done >= first:
            continue
        tally.counts.add(Counts(read=len(rejected), quarantined=len(rejected)))
        tally.problems.update(row.reason for row in rejected)
    return ImportOutcome(
        run=None,
        kind=run.kind,
        encoding=opened.encoding,
        counts=tally.counts,
        problems=tally.problems,
        findings=tally.findings,
        source=opened.source,
        left_out=opened.left_out,
        corrects=run.corrects,
    )


def _batches(
    ports: Ports,
    opened: Opened,
    run: RunFacts,
    indexer: Indexer,
    tally: Tally,
    *,
    skip: int,
) -> Iterator[tuple[Counts, list[Problem]]]:
    if run.kind in TABLE_OF:
        plan = plan_of(opened, run)
        with Preparer(plan, size=opened.size) as preparer:
            for batch in prepared(iter(opened.reader), plan, preparer, skip=skip):
                yield _batch(ports, run, indexer, batch, tally)
        return
    for rows in in_batches(records(opened, run, {}, skip=skip)):
        with ports.database.read() as tx:
            if run.kind is SourceKind.VENDORS:
                taken = vendors.judged(tx, run, rows)
                yield taken.counts, taken.problems
            else:
                read = consents.judged(tx, ports, indexer, run, rows)
                yield read.counts, read.problems


def _batch(
    ports: Ports, run: RunFacts, indexer: Indexer, batch: Batch, tally: Tally
) -> tuple[Counts, list[Problem]]:
    drafts = tagged(batch.masked, ports.analyse(batch.masked.texts, Lang.JA))
    tally.found(drafts)
    readable, barred = barred_of(drafts)
    indexer.look()
    with ports.database.read() as tx:
        result = placed(
            tx,
            ports,
            indexer,
            run,
            drafts=readable,
            rejected=(*batch.rejected, *barred),
            normalised=sum(row.changed for row in batch.rows),
        )
    return result.counts, result.problems
