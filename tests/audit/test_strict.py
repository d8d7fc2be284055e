"""An act that must be in the signed log is there before its answer, or the answer says not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from audit.actions import STRICT, EventCode
from audit.anchor import advance_anchor
from audit.errors import NotIntegratedError
from audit.models import CHECKPOINTS, EVENTS, LEAVES
from audit.note import Checkpoint, sign_checkpoint
from audit.strict import settle_since
from tests.audit.bench import NOW, Bench, draft


def settled(bench: Bench, mark: int) -> int:
    clock = lambda: NOW + timedelta(seconds=1)  # noqa: E731 # one line of arrangement
    return settle_since(bench.db, bench.keys, bench.log, mark, clock=clock)


def unsigned(bench: Bench) -> list[str]:
    """Events that no signed checkpoint covers."""
    with bench.db.read() as tx:
        size = max(tx.execute(select(CHECKPOINTS.c.size)).scalars(), default=0)
        signed = select(LEAVES.c.event_id).where(LEAVES.c.seq < size)
        return list(tx.execute(select(EVENTS.c.id).where(EVENTS.c.id.not_in(signed))).scalars())


@contextmanager
def sequencer_down(bench: Bench) -> Iterator[None]:
    """The head outside is of a larger tree, so nothing is sequenced."""
    head = Checkpoint(origin=bench.keys.origin, size=10**6, root=b"\1" * 32)
    note = sign_checkpoint(head, ed25519=bench.keys.ed25519, mldsa44=bench.keys.mldsa44, at=NOW)
    advance_anchor(bench.keys.anchor, note)
    yield
    bench.keys.anchor.unlink()


@pytest.mark.parametrize("code", sorted(STRICT))
def test_a_strict_event_is_signed_when_the_wait_is_over(bench: Bench, code: EventCode) -> None:
    mark = bench.log.strict_mark
    bench.add(action=code)
    assert unsigned(bench)
    assert settled(bench, mark) == 1
    assert unsigned(bench) == []


def test_other_events_wait_for_nobody(bench: Bench) -> None:
    mark = bench.log.strict_mark
    bench.add(count=3)
    assert settled(bench, mark) == 0
    assert len(unsigned(bench)) == 3


def test_what_came_before_the_mark_is_not_waited_for(bench: Bench) -> None:
    bench.add(action=EventCode.KEY_USED)
    assert settled(bench, bench.log.strict_mark) == 0
    assert unsigned(bench)


def test_all_of_many_strict_events_are_signed(bench: Bench) -> None:
    mark = bench.log.strict_mark
    many = [draft(EventCode.KEY_USED) for _ in range(700)]
    bench.db.write(lambda tx: bench.log.append_many(tx, many))
    assert settled(bench, mark) == 700
    assert unsigned(bench) == []


def test_a_strict_event_that_rolled_back_owes_nothing(bench: Bench) -> None:
    mark = bench.log.strict_mark

    def act(tx: Connection) -> None:
        bench.log.append(tx, draft(EventCode.POLICY_APPLIED))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        bench.db.write(act)
    assert settled(bench, mark) == 1
    assert unsigned(bench) == []


def test_it_fails_closed_while_the_sequencer_is_down_and_the_act_stays_recorded(
    bench: Bench,
) -> None:
    mark = bench.log.strict_mark
    with sequencer_down(bench):
        bench.add(action=EventCode.ERASURE_EXECUTED)
        with pytest.raises(NotIntegratedError) as refused:
            settled(bench, mark)
        assert refused.value.params == {"events": 1}
        assert (refused.value.status, refused.value.exit_code) == (503, 3)
        assert len(unsigned(bench)) == 1
    assert settled(bench, mark) == 1
    assert unsigned(bench) == []


def test_it_fails_closed_when_the_head_cannot_be_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr("audit.sequencer.advance_anchor", full)
    mark = bench.log.strict_mark
    bench.add(action=EventCode.KEY_DESTROYED)
    with pytest.raises(NotIntegratedError):
        settled(bench, mark)
