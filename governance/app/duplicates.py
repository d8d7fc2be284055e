"""The search for duplicates as a job of the ledger: each night, and by hand at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from typing import Final

from governance.app.wiring import SYSTEM, Wiring
from governance.core.errors import GovernanceError
from governance.core.terms import ActorId
from governance.customers import store
from governance.customers.upkeep.candidates import PairKind, open_duplicates
from governance.db.engine import Database
from governance.gateway.duplicates import Place, Progress, Search
from governance.http.principal import Principal
from governance.jobs import ledger
from governance.jobs.registry import Open
from governance.jobs.rules import free_to_take
from governance.jobs.runner import Worker, run_job
from governance.jobs.types import Daily, JobState, Schedule, Slot, Step
from policies.actions import Action
from policies.api import ensure

JOB: Final = "quality.duplicates"
NIGHTLY: Final = Schedule(job=JOB, rule=Daily(at=time(1, 10)))  # before the day's figures


class SearchHeldElsewhereError(GovernanceError):
    """Another process is searching the register at this moment; its pairs come to the queue."""

    code, status = "duplicates_running", 409


class SearchStoppedError(GovernanceError):
    """The search stopped before its end; it is resumed by the next one. Params: reason."""

    code, status, exit_code = "duplicates_stopped", 503, 3


class _LeavingError(Exception):
    """The process is to stop; what was stored stays, the part is compared by the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What was looked through, and what waits for a decision afterwards."""

    persons: int
    companies: int
    pairs: int
    company_pairs: int


@dataclass(slots=True, kw_only=True)
class Searching:
    """The job's steps in this process: a scan is kept from one to the next."""

    wiring: Wiring
    by: ActorId = SYSTEM
    progress: Progress = lambda _done, _total: None
    stopping: Callable[[], bool] = lambda: False
    _search: Search | None = field(default=None, repr=False)

    def step(
        self,
        _db: Database,
        /,
        *,
        cursor: str | None,
        limit: int,  # noqa: ARG002 - the step's form; a part is what a part is
        at: datetime,
        heartbeat: Callable[[], None],
    ) -> Step:
        """One part is compared and its pairs are stored; twice equals once."""
        place = Place(began=at) if cursor is None else Place.of_cursor(cursor)
        if self._search is None:
            self._search = Search(ports=self.wiring.ports, by=self.by)
        self._search.beat, self._search.progress = partial(self._beat, heartbeat), self.progress
        try:
            after = self._search.step(place, at=at)
        except _LeavingError:
            return Step(done=0, cursor=cursor, finished=False)
        if after is None:
            self._search = None
            return Step(done=1, cursor=cursor, finished=True)
        return Step(done=1, cursor=after.as_cursor(), finished=False)

    def _beat(self, heartbeat: Callable[[], None]) -> None:
        """The lease goes on; a process that is to stop does not scan to the end."""
        if self.stopping():
            raise _LeavingError
        heartbeat()


def search_now(
    wiring: Wiring,
    principal: Principal,
    worker: Worker,
    *,
    progress: Progress = lambda _done, _total: None,
) -> Waiting:
    """The register is searched to its end, from where a search stopped before; what waits now."""
    ensure(principal, Action.PERSON_MERGE, wiring.policies.current)
    slot = _slot(wiring)
    searching = Searching(
        wiring=wiring, by=principal.id, progress=progress, stopping=worker.stopping
    )
    registry = {JOB: Open(step=searching.step, limit=1)}
    report = run_job(wiring.database, slot, registry=registry, schedule=NIGHTLY, worker=worker)
    if report.state is None and report.error_code is None:
        raise SearchHeldElsewhereError
    if report.state is not JobState.FINISHED:
        raise SearchStoppedError(reason=report.error_code or "stopped")
    with wiring.database.read() as tx:
        return Waiting(
            persons=store.count_rows(tx, "person"),
            companies=store.count_rows(tx, "company"),
            pairs=open_duplicates(tx),
            company_pairs=open_duplicates(tx, PairKind.COMPANY),
        )


def _slot(wiring: Wiring) -> Slot:
    """The run that was begun and is at work nowhere, else a new one."""
    at = wiring.clock()
    with wiring.database.read() as tx:
        begun = [run for run in ledger.ledger_state(tx, [JOB]).unfinished if run.job == JOB]
    for run in begun:
        if not free_to_take(run.state, run.lease_until, run.next_at, at=at):
            raise SearchHeldElsewhereError
        return Slot(job=JOB, scheduled_for=run.scheduled_for, coalesced=run.coalesced)
    return Slot(job=JOB, scheduled_for=at)
