"""Holes in the per-process numbering: events that were lost before they reached the tree."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from audit.counter import numbers_in
from audit.expiry.store import expired_numbers
from audit.models import EVENTS

CONCURRENT = 64  # numbers below a process's last one that may have been open when it ended


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEvents:
    """Numbers of one process that no event has and no later event names as rolled back.

    Not settled: within the last numbers of the process, where a crash leaves the same trace.
    """

    process_id: str
    numbers: tuple[int, ...]
    settled: bool


def lost_events(tx: Connection) -> tuple[LostEvents, ...]:
    """The holes of every process that has any, in the committed events."""
    totals = select(EVENTS.c.process_id, func.count().label("count"), func.max(EVENTS.c.n))
    ended: defaultdict[str, set[int]] = defaultdict(set)
    for _, process_id, numbers in expired_numbers(tx):
        ended[process_id].update(numbers_in(numbers))
    found: list[LostEvents] = []
    for process_id, count, last in tx.execute(totals.group_by(EVENTS.c.process_id)):
        if count != last:
            found += _holes(tx, process_id, last, ended.get(process_id, set()))
    return tuple(found)


def _holes(tx: Connection, process_id: str, last: int, ended: set[int]) -> Iterable[LostEvents]:
    missing = set(range(1, last + 1)) - ended
    query = select(EVENTS.c.n, EVENTS.c.skipped).where(EVENTS.c.process_id == process_id)
    for n, skipped in tx.execute(query):
        missing.discard(n)
        if skipped is not None:
            missing.difference_update(numbers_in(skipped))
    for settled in (True, False):
        numbers = tuple(sorted(n for n in missing if (n <= last - CONCURRENT) is settled))
        if numbers:
            yield LostEvents(process_id=process_id, numbers=numbers, settled=settled)
