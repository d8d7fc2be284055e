"""Index tokens of whom a run took: they go after their persons, in the order of the index.

In runs of many persons only. Until they are gone the run is not done; a token whose row is gone
finds nothing, and whoever goes on with a run that was cut short removes what it left.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from governance.customers.search import sweeping
from governance.customers.search.sweeping import Turn
from governance.db.engine import Database
from governance.jobs.runner import Worker
from retention.yielding import Yielding

FROM: Final = 50  # persons of a plan; the few tokens of fewer persons go with their rows
MOST: Final = 200_000  # persons whose tokens wait; then they go before the next persons
Beat = Callable[[Connection, datetime], object]


def sweep(database: Database, worker: Worker, beat: Beat) -> None:
    """Nothing that was listed when this began is left; `beat` is part of each transaction."""
    drive = Yielding(database=database, worker=worker)
    for turn in sweeping.turns(database):
        for rows, act in _parts(drive, turn):
            drive.write(partial(_carried_out, beat=beat, act=act), rows=rows)


def _carried_out(
    tx: Connection, at: datetime, *, beat: Beat, act: Callable[[Connection], None]
) -> None:
    act(tx)
    beat(tx, at)


def _parts(drive: Yielding, turn: Turn) -> Iterator[tuple[int, Callable[[Connection], None]]]:
    """What one transaction does, as large as the pace is by then: how many lines, and how."""
    for width, places in turn.places:
        start = 0
        while start < len(places):
            part = places[start : start + drive.pace.rows]
            start += len(part)
            yield (
                len(part),
                partial(sweeping.remove, number=turn.number, width=width, places=part),
            )
    start = 0
    while start < len(turn.rows):
        rows = turn.rows[start : start + drive.pace.rows]
        start += len(rows)
        yield len(rows), partial(sweeping.settle, number=turn.number, rows=rows)
