"""Whole columns of the state at once: who of a list is permitted now, by NumPy over the bits."""

from collections.abc import Sequence
from datetime import datetime
from itertools import repeat
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from consent.columns.segments import Segment
from consent.state.array import ConsentState
from consent.state.layout import Use
from governance.core.terms import ActorId, SubjectId

KEPT: Final = 4  # columns that are remembered; a byte for each person
Places = NDArray[np.int64]
Marks = NDArray[np.bool_]


class Columns:
    """Who is permitted, person by person, for the uses that were asked last."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[ConsentState, int, int, Marks]] = {}
        self._lock = Lock()

    def of(self, state: ConsentState, use: Use) -> Marks:
        """A mark for each person of the state, and a last one for who is unknown: no."""
        version, size = state.version, state.size  # before the bits, which may be newer
        found = self._kept.get(use.number)
        if found is not None and found[0] is state and found[1:3] == (version, size):
            return found[3]
        words = np.frombuffer(state.words[use.word], dtype=np.uint64, count=size)
        marks = np.zeros(size + 1, dtype=np.bool_)
        mask = np.uint64(use.mask)
        np.equal(words & mask, mask, out=marks[:size])
        with self._lock:
            if len(self._kept) >= KEPT and use.number not in self._kept:
                self._kept.clear()
            self._kept[use.number] = (state, version, size, marks)
        return marks


class Resolved:
    """Saved lists by the places of their persons in the state, for lists that are asked again."""

    def __init__(self) -> None:
        self._segments: dict[tuple[str, ActorId], Segment] = {}
        self._places: dict[str, tuple[ConsentState, int, Places]] = {}
        self._lock = Lock()

    def segment(self, name: str, actor: ActorId, *, at: datetime) -> Segment | None:
        """The list, if this actor's was asked before and has not ended."""
        found = self._segments.get((name, actor))
        return found if found is not None and at < found.ends_at else None

    def keep(self, segment: Segment, actor: ActorId) -> None:
        """The list is remembered."""
        with self._lock:
            if len(self._segments) >= KEPT:
                self._segments.clear()
                self._places.clear()
            self._segments[segment.id, actor] = segment

    def forget(self, name: str) -> None:
        """The list is not remembered."""
        with self._lock:
            self._segments = {key: s for key, s in self._segments.items() if key[0] != name}
            self._places.pop(name, None)

    def places(self, name: str, state: ConsentState, subjects: Sequence[SubjectId]) -> Places:
        """Where the persons of the list stand; looked up anew when persons have come."""
        size = state.size
        found = self._places.get(name)
        if found is not None and found[0] is state and found[1] == size:
            return found[2]
        places = places_of(state, subjects)
        with self._lock:
            self._places[name] = (state, size, places)
        return places


def places_of(state: ConsentState, subjects: Sequence[SubjectId]) -> Places:
    """Where the persons stand; -1, the last mark, for who is unknown."""
    found = state.finder()
    return np.fromiter(map(found, subjects, repeat(-1)), dtype=np.int64, count=len(subjects))


def permitted(marks: Marks, places: Places) -> Marks:
    """Which of the places are marked; one that came after the marks is not."""
    late = places >= len(marks) - 1
    return np.asarray(marks[np.where(late, -1, places)] if late.any() else marks[places])


def count_of(marks: Marks) -> int:
    """How many are marked."""
    return int(np.count_nonzero(marks))


def bits_of(marks: Marks) -> bytes:
    """A bit for each mark, the first in the lowest bit of the first octet."""
    return np.packbits(marks, bitorder="little").tobytes()


def picked(marks: Marks, subjects: Sequence[SubjectId]) -> list[SubjectId]:
    """The persons who are marked."""
    return [subjects[n] for n in np.flatnonzero(marks).tolist()]
