"""Decisions of this process on their way upstream: numbered, bounded, in order, in batches.

Recording costs a place in a queue. A number that never arrives is seen there as a gap.
"""

import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from .decision import Asked, Said

BATCH: Final = 1_000  # decisions of one request
LIMIT: Final = 250_000  # that wait; about 60 MB. Then nothing is permitted
quoted: Final = json.encoder.encode_basestring_ascii  # a text as JSON


class Recorded(NamedTuple):
    """One decision as it goes upstream; waits as a plain tuple, which Python need not watch."""

    number: int
    subject: str
    asked: Asked
    code: str
    seq: int
    policy_version: str
    decided: float  # seconds since boot


class Records:
    """What waits; many threads add, one takes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit: Final = limit
        self.waiting: deque[Said] = deque()
        self._taken: list[Said] = []  # in order, from the next number that is owed
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


def body(batch: Sequence[Recorded], *, stream: str, wall: Callable[[float], float]) -> bytes:
    """The body of `POST /v1/decisions` (docs/sdk.md); what decisions share is written once."""
    shared: dict[tuple[object, ...], str] = {}
    parts: list[str] = []
    for one in batch:
        key = one.asked, one.code, one.policy_version, one.seq
        common = shared.get(key)
        if common is None:
            common = shared[key] = _common(one)
        at = max(0, round(wall(one.decided) * 1000))
        parts.append(f'{{"subject":{quoted(one.subject)},{common},"at":{at}}}')
    head = f'{{"stream":{quoted(stream)},"first":{batch[0].number},"decisions":['
    return f"{head}{','.join(parts)}]}}".encode()


def _common(one: Recorded) -> str:
    """The members of a decision that thousands of others share, without braces."""
    purpose, channel, recipient, country = one.asked
    members = {
        "purpose": purpose,
        "channel": channel,
        "recipient": recipient,
        "country": country,
        "code": one.code,
        "policy_version": one.policy_version,
        "consent_seq": one.seq,
    }
    return json.dumps(members)[1:-1]
