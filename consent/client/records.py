"""Decisions of this process on their way upstream: numbered, bounded, in order, in batches.

Recording costs a place in a queue. A number that never arrives is seen there as a gap.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

BATCH: Final = 1_000  # decisions of one request
LIMIT: Final = 250_000  # that wait; about 60 MB. Then nothing is permitted
Plain = tuple[int, str, tuple[str, str | None, str | None, str | None], str, int, str, float]


class Recorded(NamedTuple):
    """One decision as it goes upstream; waits as a plain tuple, which Python need not watch."""

    number: int
    subject: str
    asked: tuple[str, str | None, str | None, str | None]  # purpose, channel, recipient, country
    code: str
    seq: int
    policy_version: str
    decided: float  # seconds since boot


class Records:
    """What waits; many threads add, one takes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit: Final = limit
        self.waiting: deque[Plain] = deque()
        self._taken: list[Plain] = []  # in order, from the next number that is owed
        self._next = 1

    @property
    def count(self) -> int:
        """How many were not yet stored upstream."""
        return len(self.waiting) + len(self._taken)

    def batch(self) -> Sequence[Recorded]:
        """The next decisions without a hole; a thread may be about to add the one that lacks."""
        while self.waiting and len(self._taken) < BATCH:
            self._taken.append(self.waiting.popleft())
        self._taken.sort()
        whole = 0
        for number, *_ in self._taken:
            if number != self._next + whole:
                break
            whole += 1
        return [Recorded(*one) for one in self._taken[:whole]]

    def stored(self, batch: Sequence[Recorded]) -> None:
        """These stand upstream."""
        del self._taken[: len(batch)]
        self._next += len(batch)


def shape(
    batch: Sequence[Recorded], *, stream: str, wall: Callable[[float], float]
) -> dict[str, Any]:
    """The body of `POST /v1/decisions` (docs/sdk.md)."""
    return {
        "stream": stream,
        "first": batch[0].number,
        "decisions": [
            {
                "subject": one.subject,
                "purpose": one.asked[0],
                "channel": one.asked[1],
                "recipient": one.asked[2],
                "country": one.asked[3],
                "code": one.code,
                "policy_version": one.policy_version,
                "consent_seq": one.seq,
                "at": max(0, round(wall(one.decided) * 1000)),
            }
            for one in batch
        ],
    }
