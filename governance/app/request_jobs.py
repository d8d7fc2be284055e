"""What the house does by itself about requests: ends that a term brings, and copies that go."""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from functools import partial
from typing import Final, Protocol

from sqlalchemy import Connection

from dsar import assigning, delivery
from dsar.correspondence.going import send_due
from dsar.identity.documents import forget_old
from dsar.identity.lapsing import end_lapsed
from dsar.intake.store import forget_drafts
from dsar.returning.store import forget_ways
from governance.app.connected import remind_step
from governance.app.executing import drive_all
from governance.app.wiring import SYSTEM, Wiring
from governance.db.engine import Database
from governance.http.principal import Principal, PrincipalKind
from governance.jobs.registry import InTransaction, Job, Open
from governance.jobs.runner import Worker
from governance.jobs.types import Daily, EveryMinutes, Schedule, Step

BATCH: Final = 500  # rows of one transaction
EXECUTIONS: Final = 200  # granted requests looked at in one step
COPIES: Final = 50  # requests or letters of one step, each in its own transaction
COPY_PURGE: Final = "dsar.purge_copies"
PROOF_PURGE: Final = "dsar.forget_proofs"
DRAFT_PURGE: Final = "dsar.forget_drafts"
LAPSE: Final = "dsar.end_lapsed"
LETTERS: Final = "dsar.send_letters"
EXECUTE: Final = "dsar.execute"
REMIND: Final = "connectors.remind"
DUE: Final = "dsar.remind_due"
REQUEST_SCHEDULES: Final = (
    Schedule(job=COPY_PURGE, rule=Daily(at=time(1, 0))),
    Schedule(job=PROOF_PURGE, rule=EveryMinutes(minutes=60)),
    Schedule(job=DRAFT_PURGE, rule=EveryMinutes(minutes=60)),
    Schedule(job=LAPSE, rule=Daily(at=time(1, 10))),
    Schedule(job=LETTERS, rule=EveryMinutes(minutes=30)),
    Schedule(job=EXECUTE, rule=EveryMinutes(minutes=1)),
    Schedule(job=REMIND, rule=Daily(at=time(9, 0))),
    Schedule(job=DUE, rule=Daily(at=time(9, 10))),
)
HOUSE: Final = Principal(id=SYSTEM, kind=PrincipalKind.SYSTEM)


class Ends(Protocol):
    """Does at most `limit` things that are due at a moment, each in a transaction of its own."""

    def __call__(self, *, at: datetime, limit: int) -> int:
        """How many were done."""
        ...


def request_jobs(wiring: Wiring, worker: Worker) -> Mapping[str, Job]:
    """What each of these schedules runs in this installation."""
    ports, days = wiring.ports, wiring.settings.dsar_incomplete_days

    def copies(*, at: datetime, limit: int) -> int:
        return delivery.purge(ports, HOUSE, at=at, limit=limit)

    def lapsed(*, at: datetime, limit: int) -> int:
        return end_lapsed(ports, HOUSE, days=days, at=at, limit=limit)

    def executed(*, at: datetime, limit: int) -> int:
        drive_all(wiring, worker, at=at, limit=limit)
        return 0  # what waits is looked at again in a minute

    def letters(*, at: datetime, limit: int) -> int:
        return send_due(ports, HOUSE, at=at, limit=limit)

    def due(*, at: datetime, limit: int) -> int:  # noqa: ARG001 # one step goes through all
        assigning.remind(ports, at=at)
        return 0

    def proofs(tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:
        done = forget_old(tx, ports, HOUSE, at=at, limit=limit)
        return Step(done=done, cursor=cursor, finished=done < limit)

    return {
        COPY_PURGE: Open(step=_each(copies), limit=COPIES),
        PROOF_PURGE: InTransaction(step=proofs, limit=BATCH),
        DRAFT_PURGE: InTransaction(step=_drafts, limit=BATCH),
        LAPSE: Open(step=_each(lapsed), limit=COPIES),
        LETTERS: Open(step=_each(letters), limit=COPIES),
        EXECUTE: Open(step=_each(executed), limit=EXECUTIONS),
        DUE: Open(step=_each(due), limit=COPIES),
        REMIND: InTransaction(step=partial(remind_step, wiring), limit=BATCH),
    }


def _each(ends: Ends) -> Callable[..., Step]:
    """The step of a job whose work brings its own transactions."""

    def step(
        _db: Database,
        /,
        *,
        cursor: str | None,
        limit: int,
        at: datetime,
        heartbeat: Callable[[], None],  # noqa: ARG001 - a step is short; advancing renews the lease
    ) -> Step:
        done = ends(at=at, limit=limit)
        return Step(done=done, cursor=cursor, finished=done < limit)

    return step


def _drafts(tx: Connection, /, *, cursor: str | None, limit: int, at: datetime) -> Step:
    """Forms and ways back that passed their day are gone."""
    done = forget_drafts(tx, at=at, limit=limit) + forget_ways(tx, at=at, limit=limit)
    return Step(done=done, cursor=cursor, finished=done < limit)
