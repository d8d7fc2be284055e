"""How much of a purge goes into one transaction, and how long others go first after it; pure.

A batch aims at a time for which it holds the writers' lock, its commit included, and rests half
as long as it held it. A commit that takes much longer than the calm ones says that the disk is
short of breath: the next batch is half as large and rests longer, and grows again by small steps
(additive increase, multiplicative decrease).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

FIRST: Final = 200  # rows of the first batch
LEAST: Final = 100  # rows: with fewer, what every batch costs would be much of it
MOST: Final = 20_000  # rows: what one transaction keeps in memory
STEP: Final = 500  # rows by which a batch grows, or a quarter of it where that is more
SLOWER: Final = 2  # times the calm commit is slow
NOTICED: Final = timedelta(milliseconds=5)  # a shorter commit is never called slow
FORGETS: Final = 1.01  # from batch to batch, so that a disk that stays slower becomes the measure
SHARE: Final = 0.5  # of the time for which a batch held the lock, others have it alone
LONGER: Final = 4  # times so long after a slow commit
MOST_REST: Final = timedelta(seconds=2)
NOTHING: Final = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How large the next batch is, and how long it waits for others."""

    rows: int = FIRST
    rest: timedelta = NOTHING
    calm: timedelta | None = None  # what a commit takes while the disk keeps up


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One batch as it went: its rows, how long it held the lock, and of that its commit."""

    rows: int
    held: timedelta
    commit: timedelta


def paced(pace: Pace, taken: Taken, *, aim: timedelta) -> Pace:
    """The pace after this batch."""
    held, commit = max(taken.held, NOTHING), max(taken.commit, NOTHING)
    calm = commit if pace.calm is None else min(commit, pace.calm * FORGETS)
    if commit > NOTICED and pace.calm is not None and commit > SLOWER * pace.calm:
        return Pace(rows=_within(pace.rows // 2), rest=_rest(held * LONGER), calm=calm)
    wanted = pace.rows
    if taken.rows and held:
        wanted = int(taken.rows * (aim / held))
    grown = pace.rows + max(STEP, pace.rows // 4)
    rows = _within(max(pace.rows // 2, min(wanted, grown)))
    return Pace(rows=rows, rest=_rest(held), calm=calm)


def _rest(held: timedelta) -> timedelta:
    return min(held * SHARE, MOST_REST)


def _within(rows: int) -> int:
    return max(LEAST, min(rows, MOST))
