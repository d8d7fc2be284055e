"""A process that rotates keys without end, until it is killed."""

from datetime import datetime, timedelta
from pathlib import Path

from governance.core.clock import utc_now
from governance.core.terms import KeyClass, RowId
from governance.custody import reindexing, service, store
from governance.custody.rotation import Custodian
from governance.custody.types import Phase
from governance.db.engine import Database
from governance.jobs.runner import Worker
from tests.governance.custody.world import NAME, OPERATOR, custodian

CLASSES = (KeyClass.ACTIVE, KeyClass.RECORD)


class Clock:
    """The time here; waiting is moving it on."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def __call__(self) -> datetime:
        """Never the same twice in a row, and never back."""
        return utc_now() + self.ahead


def rotate_forever(url: str, keys_url: str, folder: str, ahead: timedelta, ready: object) -> None:
    """One rotation after the other; unfinished ones of killed processes first."""
    clock, name = Clock(ahead), f"worker-{ahead.days}"
    by = custodian(
        Database.open(url),
        Database.open(keys_url),
        Path(folder),
        clock=clock,
        name=name,
    )
    worker = Worker(owner=name, clock=clock, pause=lambda _rest: None, stopping=never)
    turn = ahead.days
    if turn % 2:
        reindexing.start_reindex(by.ports, NAME, actor=OPERATOR.id, at=clock())
    else:
        _begin(by, turn, clock)
    ready.set()  # type: ignore[attr-defined] # an event of multiprocessing
    while True:
        turn += 1
        if turn % 2:
            _unfinished(by, worker, clock)
            _reindex(by, worker)
        else:
            _reindex(by, worker)
            _unfinished(by, worker, clock)
        _begin(by, turn, clock)


def _begin(by: Custodian, turn: int, clock: Clock) -> None:
    service.begin_rotation(
        by,
        OPERATOR,
        subject=None,
        key_class=CLASSES[turn % 2],
        keep_old=timedelta(0),
        at=clock(),
    )


def _unfinished(by: Custodian, worker: Worker, clock: Clock) -> None:
    """Every rotation that was begun is at its end, those of killed processes too."""
    with by.ports.database.read() as tx:
        left = store.unfinished(tx)
    for task in left:
        _drive(by, task.id, worker, clock)


def _reindex(by: Custodian, worker: Worker) -> None:
    """The index of names stands under a new key."""
    run = reindexing.start_reindex(by.ports, NAME, actor=OPERATOR.id, at=worker.clock())
    reindexing.drive(by.ports, run.id, worker=worker, log_keys=by.log_keys)


def _drive(by: Custodian, task_id: str, worker: Worker, clock: Clock) -> None:
    while (task := service.run(by, RowId(task_id), worker=worker)).phase is not None:
        if task.phase is Phase.WAIT and task.end_after is not None:
            clock.ahead += max(task.end_after - clock(), timedelta(0)) + timedelta(seconds=1)


def never() -> bool:
    """No end but being killed."""
    return False
