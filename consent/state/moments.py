"""When time alone changes somebody: a byte for each person, and exact moments for the next day.

Of ten million persons each consent may end some day. A byte says in which eight days that is;
once a day those of the current days are read again, and whoever changes within a day has the
exact moment in a heap.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Final

STRIDE: Final = timedelta(days=8)  # what one value of the byte stands for
FAR: Final = 254  # the last stride: then or later
WINDOW: Final = timedelta(days=1)  # so far ahead every moment is exact
MARGIN: Final = timedelta(hours=1)  # the window is moved on when only this is left
TAIL: Final = timedelta(seconds=10)  # of the window nobody decides in: a permit outlives it not


class Moments:
    """The next change by time of every person, by ordinal."""

    def __init__(self, *, at: datetime) -> None:
        self._base = at
        self._strides = bytearray()  # 0: never
        self._heap: list[tuple[datetime, int]] = []
        self.soon: dict[int, datetime] = {}  # exact moments within the window
        self.horizon = at + WINDOW

    def __len__(self) -> int:
        return len(self._strides)

    @property
    def next_at(self) -> datetime:
        """The first moment of which something is due: a change, or the end of the window."""
        while self._heap and self.soon.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)  # another moment has taken its place
        end = self.horizon - TAIL
        return min(self._heap[0][0], end) if self._heap else end

    def put(self, ordinal: int, until: datetime | None) -> None:
        """The person changes then, and not before."""
        if ordinal == len(self._strides):
            self._strides.append(0)
        if until is not None and until < self.horizon:
            self._strides[ordinal] = self._stride(until)
            if self.soon.get(ordinal) != until:
                self.soon[ordinal] = until
                heappush(self._heap, (until, ordinal))
            return
        self._strides[ordinal] = 0 if until is None else self._stride(until)
        self.soon.pop(ordinal, None)

    def due(self, *, at: datetime) -> set[int]:
        """Who has changed by now, or must be read again because the window moves on."""
        found: set[int] = set()
        if self.next_at <= at:
            found = {ordinal for ordinal, until in self.soon.items() if until <= at}
        if at >= self.horizon - MARGIN:
            self.horizon = max(self.horizon, at) + WINDOW
            found |= set(self._within())
        return found

    def _within(self) -> Iterator[int]:
        """Everybody whose stride has begun before the window's end."""
        for stride in range(1, self._stride(self.horizon) + 1):
            sought = bytes((stride,))
            place = self._strides.find(sought)
            while place >= 0:
                yield place
                place = self._strides.find(sought, place + 1)

    def _stride(self, moment: datetime) -> int:
        return max(1, min(FAR, (moment - self._base) // STRIDE + 1))

    @property
    def octets(self) -> int:
        """Memory of the byte for each person."""
        return len(self._strides)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC, whose days are those of the laws."""
    return moment.astimezone(UTC)
