"""Who waits for a lease is answered with all others who wait, each as if alone."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from consent.leases.desk import Desk, _Asking
from consent.leases.types import Answer, HolderKind, Standing, Terms
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, RowId
from governance.customers.changes import counter
from governance.db.engine import Database
from governance.db.errors import DatabaseClosedError

AT = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
SHOP = ActorId("svc:shop")
MANY = 12


@dataclass
class Slow:
    """A database whose first write waits until it may begin."""

    database: Database
    writes: int = 0

    def __post_init__(self) -> None:
        self.begun, self.gate = threading.Event(), threading.Event()

    def write(self, fn: Callable[[Connection], Any], *, urgent: bool = False) -> Any:
        self.writes += 1
        if self.writes == 1:
            self.begun.set()
            assert self.gate.wait(20)
        return self.database.write(fn, urgent=urgent)


def ask(desk: Desk, holder: RowId, *, applied: int) -> Answer:
    return desk.ask(holder, actor=SHOP, kind=HolderKind.CLIENT, applied=applied, at=AT)


def together(slow: Slow, desk: Desk, asked: dict[RowId, int]) -> dict[RowId, Future[Answer]]:
    """They all ask while the first of them is being answered."""
    with ThreadPoolExecutor(len(asked)) as pool:
        found: dict[RowId, Future[Answer]] = {}
        for holder, applied in asked.items():
            found[holder] = pool.submit(ask, desk, holder, applied=applied)
            assert slow.begun.wait(20)
        while len(desk._waiting) < len(asked) - 1:
            threading.Event().wait(0.001)
        slow.gate.set()
    return found


def test_all_who_wait_share_one_commit_and_each_has_its_own_answer(database: Database) -> None:
    head = database.write(counter.take)
    holders = [new_row_id() for _ in range(MANY)]
    plain = Desk(database, Terms())
    for holder in holders:
        assert ask(plain, holder, applied=0).standing is Standing.JOINED
    slow = Slow(database)
    desk = Desk(slow, Terms())  # type: ignore[arg-type] # a database that is slow
    asked = {holder: head if n % 2 else head - 1 for n, holder in enumerate(holders)}
    stranger = new_row_id()
    found = together(slow, desk, asked | {stranger: 0})
    for holder, applied in asked.items():
        expected = Standing.GRANTED if applied == head else Standing.BEHIND
        assert found[holder].result().standing is expected
    assert found[stranger].result().standing is Standing.JOINED
    assert slow.writes == 2
    assert ask(desk, stranger, applied=head)


def test_who_joins_is_granted_nothing_by_the_same_commit(database: Database) -> None:
    head = database.write(counter.take)
    desk, holder = Desk(database, Terms()), new_row_id()
    twice = [
        _Asking(holder=holder, actor=SHOP, kind=HolderKind.CLIENT, applied=head, at=AT)
        for _ in range(2)
    ]
    told = database.write(lambda tx: desk._answers(tx, twice))
    assert [answer.standing for answer in told] == [Standing.JOINED] * 2
    assert ask(desk, holder, applied=head)


def test_a_failure_is_everybodys_and_the_next_is_answered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(database)
    desk = Desk(slow, Terms())  # type: ignore[arg-type] # a database that is slow

    def refused(_fn: object, **_kind: bool) -> None:
        raise DatabaseClosedError

    with monkeypatch.context() as patched:
        patched.setattr(database, "write", refused)
        found = together(slow, desk, {new_row_id(): 0 for _ in range(MANY)})
    assert all(isinstance(one.exception(), DatabaseClosedError) for one in found.values())
    assert ask(desk, new_row_id(), applied=0).standing is Standing.JOINED
