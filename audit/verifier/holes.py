"""Holes in the per-process numbering of a whole log: events lost before they got a place."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from audit.verifier.findings import FormError, Lost
from audit.verifier.leaf import Event

CONCURRENT = 64  # numbers below a process's last one that may have been open when it ended
RANGES = re.compile(r"[0-9]{1,18}(?:-[0-9]{1,18})?(?:,[0-9]{1,18}(?:-[0-9]{1,18})?)*")

Spans = dict[str, list[tuple[int, int]]]


def new_spans() -> Spans:
    """Numbers seen per process, as spans."""
    return defaultdict(list)


def see(spans: Spans, event: Event) -> None:
    """The event's number and those that it names as rolled back are accounted for."""
    seen = spans[event.text("process_id") or ""]
    n = event.number("n")
    if seen and seen[-1][1] == n - 1:
        seen[-1] = (seen[-1][0], n)  # mostly one number follows the other
    else:
        seen.append((n, n))
    skipped = event.text("skipped")
    if skipped is not None:
        if RANGES.fullmatch(skipped) is None:
            raise FormError("skipped")
        for one in skipped.split(","):
            first, _, last = one.partition("-")
            seen.append((int(first), int(last or first)))


def lost(spans: Mapping[str, Iterable[tuple[int, int]]]) -> tuple[Lost, ...]:
    """The processes with numbers that nothing accounts for, well below their last one."""
    found = []
    for process_id in sorted(spans):
        seen = sorted(spans[process_id])
        settled = max(last for _, last in seen) - CONCURRENT
        missing, after = 0, 0
        for first, last in seen:
            missing += max(0, min(first - 1, settled) - after)
            after = max(after, last)
        if missing:
            found.append(Lost(process_id=process_id, numbers=missing))
    return tuple(found)
