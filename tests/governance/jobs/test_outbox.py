import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import RowId
from governance.db.engine import Database
from governance.jobs import outbox
from governance.jobs.errors import OutboxNotDeadError
from governance.jobs.outbox import OUTBOX, Backoff, Delivered, OutboxMessage, OutboxState

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
POLICY = Backoff(max_attempts=3)


class Killed(BaseException):
    """The process dies here: no handler of ours runs."""


class BusyError(GovernanceError):
    code, status = "test_receiver_busy", 503


class GoneError(GovernanceError):
    code, status = "test_receiver_gone", 410


class Receiver:
    """An idempotent receiver that can fail or die as told."""

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.outcomes = list(outcomes)
        self.calls: list[str] = []

    def __call__(self, message: OutboxMessage, /, *, at: datetime) -> None:
        assert at >= NOW
        self.calls.append(message.idem_key)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome


def put(db: Database, key: str = "run1/s1/mail", *, at: datetime = NOW) -> RowId:
    return db.write(
        lambda tx: outbox.enqueue(
            tx, idem_key=key, target="mailer", kind="mail", payload=b"sealed", at=at
        )
    )


def deliver(db: Database, receiver: Receiver, *, at: datetime, limit: int = 10) -> Delivered:
    return outbox.deliver_once(
        db, {"mail": receiver}, at=at, limit=limit, jitter=lambda: 0.5, backoff=POLICY
    )


def state(db: Database, key: str = "run1/s1/mail") -> OutboxState:
    with db.read() as tx:
        return outbox.state_of(tx, key)


def test_a_message_rolled_back_with_its_change_is_never_sent(database: Database) -> None:
    def change(tx: object) -> None:
        outbox.enqueue(tx, idem_key="k", target="t", kind="mail", payload=b"", at=NOW)  # type: ignore[arg-type]
        raise BusyError

    with pytest.raises(BusyError):
        database.write(change)
    assert deliver(database, Receiver(), at=NOW) == Delivered()
    with pytest.raises(NotFoundError), database.read() as tx:
        outbox.state_of(tx, "k")


def test_the_same_key_is_one_message(database: Database) -> None:
    assert put(database) == put(database)


def test_delivered_messages_lose_their_payload_and_are_not_sent_again(database: Database) -> None:
    put(database)
    receiver = Receiver()
    assert deliver(database, receiver, at=NOW) == Delivered(sent=1)
    assert deliver(database, receiver, at=NOW + timedelta(days=1)) == Delivered()
    with database.read() as tx:
        assert tx.execute(select(OUTBOX.c.payload)).scalar_one() is None


def test_killed_between_send_and_acknowledgement_sends_the_same_key_again(
    database: Database,
) -> None:
    put(database)
    receiver = Receiver(Killed())
    with pytest.raises(Killed):
        deliver(database, receiver, at=NOW)
    assert deliver(database, receiver, at=NOW + timedelta(minutes=1)) == Delivered()
    assert deliver(database, receiver, at=NOW + POLICY.lease) == Delivered(sent=1)
    assert receiver.calls == ["run1/s1/mail"] * 2
    assert state(database) is OutboxState.SENT


def test_failures_back_off_and_end_as_a_dead_letter_that_can_be_revived(
    database: Database,
) -> None:
    message = put(database)
    receiver = Receiver(BusyError(), ValueError("a person's value"), BusyError())
    assert deliver(database, receiver, at=NOW) == Delivered(postponed=1)
    assert deliver(database, receiver, at=NOW) == Delivered()
    assert deliver(database, receiver, at=NOW + timedelta(hours=1)) == Delivered(postponed=1)
    assert deliver(database, receiver, at=NOW + timedelta(hours=2)) == Delivered(dead=1)
    assert deliver(database, receiver, at=NOW + timedelta(days=9)) == Delivered()
    with database.read() as tx:
        assert outbox.backlog(tx) == outbox.Backlog(pending=0, dead=1, oldest=None)
    database.write(lambda tx: outbox.send_again(tx, message, at=NOW))
    assert deliver(database, receiver, at=NOW) == Delivered(sent=1)
    with pytest.raises(OutboxNotDeadError):
        database.write(lambda tx: outbox.send_again(tx, message, at=NOW))


def test_a_receiver_that_is_gone_is_not_asked_again(database: Database) -> None:
    put(database)
    assert deliver(database, Receiver(GoneError()), at=NOW) == Delivered(dead=1)


def test_a_receivers_wish_to_wait_is_kept(database: Database) -> None:
    put(database)
    deliver(database, Receiver(BusyError(retry_after=3600)), at=NOW)
    assert deliver(database, Receiver(), at=NOW + timedelta(seconds=3599)) == Delivered()
    assert deliver(database, Receiver(), at=NOW + timedelta(seconds=3600)) == Delivered(sent=1)


def test_a_kind_without_sender_is_kept_and_seen(database: Database) -> None:
    put(database)
    counts = outbox.deliver_once(database, {}, at=NOW, limit=9, jitter=lambda: 0.0)
    assert counts == Delivered(postponed=1)
    with database.read() as tx:
        assert tx.execute(select(OUTBOX.c.last_error_code)).scalar_one() == outbox.NO_SENDER


def test_no_transaction_is_open_while_sending(database: Database) -> None:
    put(database)

    def sender(_: OutboxMessage, /, *, at: datetime) -> None:
        put(database, "another", at=at + timedelta(days=1))  # would nest or wait for ever

    counts = outbox.deliver_once(database, {"mail": sender}, at=NOW, limit=9, jitter=lambda: 0.0)
    assert counts == Delivered(sent=1)


def test_four_deliverers_send_every_message_once(database: Database) -> None:
    keys = {f"k{n}" for n in range(20)}
    for key in keys:
        put(database, key)
    receiver = Receiver()
    gate = threading.Barrier(4)

    def work(_: int) -> int:
        gate.wait()
        return deliver(database, receiver, at=NOW, limit=20).sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 20
    assert sorted(receiver.calls) == sorted(keys)


def test_a_failure_of_an_overtaken_try_does_not_undo_a_delivery(database: Database) -> None:
    put(database)

    def slow(message: OutboxMessage, /, *, at: datetime) -> None:
        if message.attempt == 1:
            deliver(database, Receiver(), at=at + POLICY.lease)
            raise BusyError

    outbox.deliver_once(database, {"mail": slow}, at=NOW, limit=1, jitter=lambda: 0.0)
    assert state(database) is OutboxState.SENT


def test_sent_rows_are_forgotten_after_their_time(database: Database) -> None:
    put(database)
    deliver(database, Receiver(), at=NOW)
    later = NOW + timedelta(days=31)
    assert database.write(lambda tx: outbox.forget_sent(tx, before=later, limit=10)) == 1


def test_message_repr_shows_no_payload() -> None:
    message = OutboxMessage(
        id=RowId("r"), idem_key="k", target="t", kind="mail", attempt=1, payload=b"secret-bytes"
    )
    assert "secret" not in repr(message)


@given(attempt=st.integers(1, 1000), jitter=st.floats(0, 1, exclude_max=True))
def test_waits_are_between_half_the_first_and_the_longest(attempt: int, jitter: float) -> None:
    wait = outbox.retry_at(POLICY, attempt=attempt, jitter=jitter, at=NOW) - NOW
    assert POLICY.first / 2 <= wait <= POLICY.most
