"""Where leases are asked for in a process: all who wait are answered by one commit.

A lease that is renewed late is a lease that is lost, and under load every commit is late. So who
comes while a commit is on its way shares the next one, and that one goes before other writes.
Nothing is weaker for it: an answer is given after its commit, as if it had been asked for alone.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from consent.leases import store
from consent.leases.types import Answer, HolderKind, Standing, Terms
from governance.core.terms import ActorId, RowId
from governance.db.engine import Database


@dataclass(slots=True, kw_only=True)
class _Asking:
    """One who asks, and what came of it once `done` is released."""

    holder: RowId
    actor: ActorId
    kind: HolderKind
    applied: int
    at: datetime
    answer: Answer | None = None
    failure: Exception | None = None
    done: threading.Lock = field(default_factory=threading.Lock)


class Desk:
    """One object for all threads of a process."""

    def __init__(self, database: Database, terms: Terms) -> None:
        self._database, self._terms = database, terms
        self._lock = threading.Lock()
        self._waiting: list[_Asking] = []
        self._busy = False  # somebody answers, who will wake the next

    def ask(
        self, holder: RowId, *, actor: ActorId, kind: HolderKind, applied: int, at: datetime
    ) -> Answer:
        """What this holder is told, as `store.ask` says it; the commit is durable."""
        mine = _Asking(holder=holder, actor=actor, kind=kind, applied=applied, at=at)
        mine.done.acquire()
        with self._lock:
            self._waiting.append(mine)
            waits, self._busy = self._busy, True
        if waits:
            mine.done.acquire()  # released with an answer, or to answer
        if mine.answer is None and mine.failure is None:
            self._answer_all()
        if mine.failure is not None:
            raise mine.failure
        if mine.answer is None:
            raise TypeError  # who answers all has answered this one too
        return mine.answer

    def _answer_all(self) -> None:
        """Who waited until now has an answer; one who came since is awake to answer the others."""
        with self._lock:
            group, self._waiting = self._waiting, []
        try:
            answers = self._database.write(lambda tx: self._answers(tx, group), urgent=True)
        except Exception as error:  # noqa: BLE001 # handed to everybody who waits for it
            for one in group:
                one.failure = error
        else:
            for one, answer in zip(group, answers, strict=True):
                one.answer = answer
        with self._lock:
            following = self._waiting[:1]
            self._busy = bool(following)
        for one in (*group, *following):
            one.done.release()

    def _answers(self, tx: Connection, group: Sequence[_Asking]) -> list[Answer]:
        """In the order of their holders, so that no two processes wait for each other's rows.

        Who joins here is granted nothing here: others see it after the commit.
        """
        found: dict[int, Answer] = {}
        joined: dict[tuple[RowId, ActorId], Answer] = {}
        for n in sorted(range(len(group)), key=lambda n: group[n].holder):
            one = group[n]
            if (known := joined.get((one.holder, one.actor))) is not None:
                found[n] = known
                continue
            found[n] = store.ask(
                tx,
                one.holder,
                actor=one.actor,
                kind=one.kind,
                applied=one.applied,
                terms=self._terms,
                at=one.at,
            )
            if found[n].standing is Standing.JOINED:
                joined[one.holder, one.actor] = found[n]
        return [found[n] for n in range(len(group))]
