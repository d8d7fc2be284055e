"""The consent of every person in memory: what is permitted now, a bit for each cell.

The bits are what the rules said of each person's history (`consent/state/standing.py`), so a look
at them is the same decision as the database would give, at a millionth of a second. One thread
advances the state; readers take no lock. A reader sees the number of the state never before the
bits that belong to it: bits are stored first, then the number.
"""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Final, Self

from sqlalchemy import Connection

from consent import ledger
from consent.state import persons
from consent.state.layout import Layout, Use, layout_of
from consent.state.moments import Moments, utc
from consent.state.persons import Stood
from consent.state.standing import Standing, Words, rulings
from consent.types import SubjectDecision
from governance.core.terms import SubjectId
from governance.customers.changes.counter import position
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Outcome

ROOM: Final = 1_024  # persons at least for whom there is room when it grows
REFUSALS: Final = 65_536  # persons whose reasons of refusal are remembered; about 15 MB
PASSING: Final = frozenset({ReasonCode.SUBJECT_RECONFIRM_DUE})  # time alone gives another reason
PERMIT: Final = SubjectDecision(outcome=Outcome.PERMIT, code=ReasonCode.PERMIT)
UNKNOWN: Final = SubjectDecision(outcome=Outcome.DENY, code=ReasonCode.SUBJECT_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """How far the state has come, and whose bits were looked at anew."""

    seq: int
    changed: tuple[SubjectId, ...]  # those whom only time has changed included
    everyone: bool = False  # then `changed` names nobody


class ConsentState:
    """What one policy permits about every person, exact for one number of the sequence."""

    def __init__(self, policy: PolicySnapshot, *, seq: int, at: datetime) -> None:
        self.policy: Final = policy
        self.layout: Final[Layout] = layout_of(policy)
        self.seq = seq
        self.since = utc(at)  # before it the array says nothing
        self.next_at = self.since  # from then on it says nothing until it is advanced
        self.everyone_seq = 0
        self.callers_seq = 0  # the last change of who may call that the state knows of
        self.ruled = rulings(self.layout, ())
        self._moments = Moments(at=self.since)
        self._ordinals: dict[SubjectId, int] = {}
        self._names: list[SubjectId] = []
        self.words = tuple(array("Q") for _ in range(self.layout.words))  # never resized: exchanged
        self.version = 0  # rises when any bit may have changed
        self._refusals: dict[int, dict[int, ReasonCode]] = {}
        self._lock = Lock()  # of the remembered reasons

    @classmethod
    def load(cls, tx: Connection, policy: PolicySnapshot, *, at: datetime) -> Self:
        """The state of all persons that this transaction sees."""
        place = position(tx)
        ruled = rulings(layout_of(policy), ledger.notices(tx))
        people = persons.everyone(tx, ruled, at=utc(at))
        state = cls.filled(policy, people, seq=place.seq, at=at)
        state.everyone_seq, state.callers_seq = place.everyone, place.callers
        state.ruled = ruled
        return state

    @classmethod
    def filled(
        cls, policy: PolicySnapshot, people: Iterable[Stood], *, seq: int, at: datetime
    ) -> Self:
        """The state of these persons, whose bits are given."""
        state = cls(policy, seq=seq, at=at)
        for name, stands in people:
            state._store(name, stands)
        state._make_room(state.size + ROOM)
        state.next_at = state._moments.next_at
        return state

    @property
    def policy_version(self) -> str:
        """The policy whose cells these are."""
        return self.policy.version

    @property
    def size(self) -> int:
        """How many persons have bits."""
        return len(self._names)

    @property
    def octets(self) -> int:
        """Memory of bits and moments; the ids come to it."""
        return sum(len(word) * word.itemsize for word in self.words) + self._moments.octets

    def ordinal(self, subject: SubjectId) -> int | None:
        """The person's place in the array; None for who is unknown."""
        return self._ordinals.get(subject)

    def finder(self) -> Callable[[SubjectId, int], int]:
        """The look-up of places for many persons; the second argument is for who is unknown."""
        return self._ordinals.get

    def name(self, ordinal: int) -> SubjectId:
        """The person at this place."""
        return self._names[ordinal]

    def bits(self, ordinal: int) -> Words:
        """All words of one person."""
        return tuple(word[ordinal] for word in self.words)

    def ends_at(self, ordinal: int) -> datetime | None:
        """When time changes the person, if that is before `horizon`."""
        return self._moments.soon.get(ordinal)

    @property
    def horizon(self) -> datetime:
        """Until then every change by time is known to the moment."""
        return self._moments.horizon

    def decide(
        self,
        subject: SubjectId,
        purpose: str,
        *,
        channel: str | None = None,
        recipient: str | None = None,
        at: datetime,
    ) -> SubjectDecision | None:
        """The third gate; None where the database must be asked.

        A permit may name an end before its own: when time first changes anything of the person.
        """
        use = self.layout.use(purpose, channel, recipient)
        if use is None or not self.since <= at < self.next_at:
            return None
        return self.look(subject, use)

    def look(self, subject: SubjectId, use: Use) -> SubjectDecision | None:
        """The third gate for a use that has its bits, at a moment for which the state is exact."""
        ordinal = self._ordinals.get(subject)
        if ordinal is None:
            return UNKNOWN
        mask = use.mask
        if self.words[use.word][ordinal] & mask == mask:
            ends = self._moments.soon.get(ordinal)
            return PERMIT if ends is None else _permit(ends)
        told = self._refusals.get(ordinal)
        code = None if told is None else told.get(use.number)
        return None if code is None else _refusal(code)

    def remember(self, subject: SubjectId, use: Use, code: ReasonCode, *, seq: int) -> None:
        """The database's reason for a refusal answers later questions, while nothing changes."""
        ordinal = self._ordinals.get(subject)
        if ordinal is None or code in PASSING or not code.value.startswith("denied.subject."):
            return
        with self._lock:
            if seq != self.seq:
                return  # one of the two knows of a change that the other does not
            if len(self._refusals) >= REFUSALS:
                self._refusals.clear()
            self._refusals.setdefault(ordinal, {})[use.number] = code

    def advance(self, tx: Connection, *, at: datetime) -> Advance:
        """The state is that of this transaction and moment; one caller at a time."""
        at = utc(at)
        seq, everyone, callers = position(tx)
        due = {self._names[n] for n in self._moments.due(at=at)}
        whole = everyone > self.everyone_seq
        changed: list[SubjectId] = []
        if whole:
            self._judge_everyone(tx, at=at)
        elif seq > self.seq or due:
            touched = due | persons.changed_after(tx, self.seq) if seq > self.seq else due
            for name, stands in persons.some(tx, touched, self.ruled, at=at):
                self._store(name, stands)
                changed.append(name)
        self.everyone_seq = everyone
        with self._lock:
            if whole:
                self._refusals.clear()
            for name in changed:
                self._refusals.pop(self._ordinals[name], None)
            if due:
                self.since = at
            if whole or changed:
                self.version += 1
            self.next_at = self._moments.next_at
            self.callers_seq = callers
            self.seq = seq
        return Advance(seq=seq, changed=tuple(changed), everyone=whole)

    def _judge_everyone(self, tx: Connection, *, at: datetime) -> None:
        self.ruled = rulings(self.layout, ledger.notices(tx))
        for name, stands in persons.everyone(tx, self.ruled, at=at):
            self._store(name, stands)

    def _store(self, name: SubjectId, stands: Standing) -> None:
        """The person's bits are these; a new person is known only when they are all there."""
        ordinal = self._ordinals.get(name)
        if ordinal is None:
            ordinal = len(self._names)
            if ordinal == len(self.words[0]):
                self._make_room(ordinal + max(ROOM, ordinal // 8))
            for column, word in zip(self.words, stands.words, strict=True):
                column[ordinal] = word
            self._moments.put(ordinal, stands.until)
            self._names.append(name)
            self._ordinals[name] = ordinal
            return
        for column, word in zip(self.words, stands.words, strict=True):
            column[ordinal] = word
        self._moments.put(ordinal, stands.until)

    def _make_room(self, persons: int) -> None:
        """Words for so many; a reader may look through the old ones to its end."""
        size = self.size
        self.words = tuple(
            array("Q", column[:size].tobytes() + bytes((persons - size) * column.itemsize))
            for column in self.words
        )


def _permit(until: datetime) -> SubjectDecision:
    return SubjectDecision(outcome=Outcome.PERMIT, code=ReasonCode.PERMIT, valid_until=until)


@cache
def _refusal(code: ReasonCode) -> SubjectDecision:
    return SubjectDecision(outcome=Outcome.DENY, code=code)
