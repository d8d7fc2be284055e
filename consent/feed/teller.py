"""One feed: what a client must hear to decide as the database would, in the order of positions.

`at` names a position when everything up to it was told. Rows may be newer than the position that
follows them, never older. What is not told for a moment costs the client its lease, no more.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from consent.feed import store
from consent.feed.part import Part, part_of
from consent.feed.rows import rows_of
from consent.state.persons import changed_after, with_merged
from governance.core.clock import Clock
from governance.core.terms import ActorId, SubjectId
from governance.customers.changes import counter
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity.rules import may_act
from governance.identity.service import principal_of_client
from governance.identity.store import client_by_id
from policies.actions import Action
from policies.actors import may
from policies.in_force import number_in_force
from policies.snapshot import PolicySnapshot

LONGEST: Final = 100_000  # positions that a resumed feed may lie behind; else a snapshot is less


class FeedEndedError(Exception):
    """The client may follow no more."""


@dataclass(slots=True, kw_only=True)
class Resume:
    """Where a client says that it stands."""

    after: int
    tag: str
    rows: int  # of persons whom it knows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    """Whose rows are to be told, and of whom nothing is known any more."""

    told: list[SubjectId]
    gone: list[SubjectId]


@dataclass(slots=True, kw_only=True)
class Teller:
    """What one connection was told."""

    ports: Ports
    client: ActorId
    wanted: Collection[str] | None
    clock: Clock
    seq: int = -1
    _part: Part | None = None
    _policy: PolicySnapshot | None = None
    _principal: Principal | None = None
    _day: date | None = None
    _looked: tuple[object, ...] = ()  # by what the part was last compared with the database
    _known: set[SubjectId] = field(default_factory=set)

    def opening(self, resume: Resume | None) -> Iterator[bytes]:
        """Everything, or what is missing since the position that the client names; blocks."""
        with self.ports.database.read() as tx:
            part = self._renewed(tx, counter.position(tx))
            if part is None:
                return  # the policy of this process is not the one in force: told later
            if resume is not None and self._resumes(tx, resume, part):
                self.seq = resume.after
                self._known = set(self._registered(tx))
        if self.seq >= 0:
            yield from self.news(())
        else:
            yield from self._snapshot(part)

    def news(self, changed: Collection[SubjectId]) -> Iterator[bytes]:
        """What was committed since the last position, and whom time has changed; blocks."""
        before = self._part
        with self.ports.database.read() as tx:
            place = counter.position(tx)
            part = self._renewed(tx, place)
            if part is None:
                return
            anew = self.seq < 0 or before is None or part.tag != before.tag
            goes_on = not anew and place.everyone <= self.seq
            if goes_on and place.seq == self.seq and not changed:
                return
            moved = self._moved(tx, changed) if goes_on else None
            first = list(self._rows(tx, part, moved.told[: store.PART])) if moved else []
        # outside of the look: a client that reads slowly, or no more, holds no transaction open
        if moved is None:
            yield from self._snapshot(part)
            return
        yield from first
        for start in range(store.PART, len(moved.told), store.PART):
            # each page in a look of its own: a client that hears nothing for long begins anew
            with self.ports.database.read() as tx:
                page = list(self._rows(tx, part, moved.told[start : start + store.PART]))
            yield from page
        if moved.gone:
            self._known.difference_update(moved.gone)
            yield message("gone", {"ids": moved.gone})
        self.seq = place.seq
        yield message("at", {}, seq=place.seq)

    def _moved(self, tx: Connection, changed: Collection[SubjectId]) -> _Moved:
        named, _ = with_merged(tx, {*changed, *changed_after(tx, self.seq)})
        mine = store.among(tx, self.client, named)
        fresh = store.since(tx, self.client, self.seq)
        gone = self._known.intersection(named) - mine
        return _Moved(told=sorted(mine | fresh), gone=sorted(gone))

    def _snapshot(self, part: Part) -> Iterator[bytes]:
        """The policy and every row; nothing of before counts any more."""
        self._known = set()
        with self.ports.database.read() as tx:
            head = counter.head(tx)
        now = round(self.clock().timestamp() * 1000)
        yield message("policy", {**part.document, "now": now})
        after = ""
        while True:  # each page in a look of its own: what changes meanwhile is told after
            with self.ports.database.read() as tx:
                page = store.page(tx, self.client, after=after)
                told = list(self._rows(tx, part, page))
            yield from told
            if not page:
                break
            after = page[-1]
        self.seq = head
        yield message("at", {}, seq=head)

    def _rows(self, tx: Connection, part: Part, subjects: list[SubjectId]) -> Iterator[bytes]:
        at = self.clock()
        for start in range(0, len(subjects), store.PART):
            some = subjects[start : start + store.PART]
            self._known.update(some)
            yield message("rows", {"rows": rows_of(tx, some, part, at=at)})

    def _renewed(self, tx: Connection, place: counter.Position) -> Part | None:
        """What the client is told of the policy now; None while this process has an older one.

        Raises FeedEndedError for a client whose key was ended, or that may not check any more.
        Another policy, recipient or caller takes a number, so that without one nothing is asked.
        """
        policies = self.ports.policies
        day = self.clock().date()
        looked = (policies.current, day, place.everyone, place.callers)
        if looked == self._looked:
            return self._part
        client = client_by_id(tx, self.client)
        if client is None or not may_act(client.state):
            raise FeedEndedError
        principal = principal_of_client(client)
        if number_in_force(tx) != policies.number:
            return None  # fails closed: no position is told, so the lease ends
        policy = policies.current  # read after its number, which is exchanged after it
        if not may(principal, Action.CONSENT_FEED, policy):
            raise FeedEndedError
        known = (self._policy, self._principal, self._day)
        everyone = place.everyone > self.seq
        if self._part is None or known != (policy, principal, day) or everyone:
            self._part = part_of(tx, policy, principal, self.wanted, at=self.clock())
            self._policy, self._principal, self._day = policy, principal, day
        if policy is looked[0]:  # else it was exchanged meanwhile: looked at again
            self._looked = looked
        return self._part

    def _resumes(self, tx: Connection, resume: Resume, part: Part) -> bool:
        """Whether what the client knows can be completed: same policy, nobody missing, not old."""
        head = counter.head(tx)
        return (
            resume.tag == part.tag
            and head - LONGEST <= resume.after <= head
            and counter.everyone(tx) <= resume.after
            and store.count(tx, self.client, until=resume.after) == resume.rows
        )

    def _registered(self, tx: Connection) -> Iterable[SubjectId]:
        after = ""
        while page := store.page(tx, self.client, after=after):
            yield from page
            after = page[-1]


def message(kind: str, data: dict[str, Any], *, seq: int | None = None) -> bytes:
    """One server-sent event; a position is its id."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    place = "" if seq is None else f"id: {seq}\n"
    return f"event: {kind}\n{place}data: {body}\n\n".encode()
