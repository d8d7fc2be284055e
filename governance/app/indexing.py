"""The jobs of the search index: what imports left to them, rotations, and saved searches' ends."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.custody import reindex_runs, reindexing
from governance.custody.errors import KeyTaskHeldElsewhereError
from governance.customers.search.filling import STEP, Filler
from governance.db.engine import Database
from governance.jobs.runner import Worker
from governance.jobs.types import Step

ROWS: Final = 5_000  # of one step of the job; each of its transactions takes far fewer


def follow_step(
    wiring: Wiring,
    worker: Worker,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,
    at: datetime,  # noqa: ARG001 - the step's form; an index has no time
    heartbeat: Callable[[], None],
) -> Step:
    """The next rows that an import or a write left can be found in every way."""
    filler, done = Filler(db, wiring.vault), 0
    while done < limit and not worker.stopping():
        step = filler.due(limit=min(STEP, limit - done))
        if step.rows == 0:
            return Step(done=done, cursor=cursor, finished=True)
        done += step.rows
        heartbeat()
    return Step(done=done, cursor=cursor, finished=False)


def rotations_step(
    wiring: Wiring,
    worker: Worker,
    db: Database,
    /,
    *,
    cursor: str | None,
    limit: int,  # noqa: ARG001 - the step's form; rotations are few
    at: datetime,  # noqa: ARG001 - the same
    heartbeat: Callable[[], None],
) -> Step:
    """Every rotation that nobody drives is at its end; one that fails stops no other."""
    with db.read() as tx:
        running = reindex_runs.runs(tx, running=True)
    done, failed = 0, list[GovernanceError]()
    for run in running:
        try:
            ended = reindexing.drive(
                wiring.ports,
                run.id,
                worker=worker,
                log_keys=wiring.log_keys,
                progress=lambda _: heartbeat(),
            )
            done += ended.finished
        except KeyTaskHeldElsewhereError:
            continue  # somebody else drives it: no failure
        except GovernanceError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return Step(done=done + reindexing.tidy(wiring.ports), cursor=cursor, finished=True)
