"""Messages that must leave: stored with the change that causes them, sent until acknowledged.

A message is enqueued in the business transaction. Sending is at least once: a process may
die between the receiver's answer and the acknowledgement here, then the same idempotency
key is sent again and the receiver keeps one effect. No transaction is open while sending.
Rows hold ids, codes and bytes that the caller sealed; the bytes go once they are delivered.

A sender returns when the message is delivered. It raises a GovernanceError otherwise:
status 410 says that no later try can succeed, a parameter `retry_after` (seconds) that no
earlier one should be made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection, delete, func, select

from governance.core.errors import GovernanceError, NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.db.engine import Database
from governance.db.types import insert_ignore, table_of
from governance.jobs.errors import OutboxNotDeadError
from governance.jobs.models import OutboxRow

OUTBOX = table_of(OutboxRow)
INSERT = {
    dialect: insert_ignore(OUTBOX, dialect).returning(OUTBOX.c.id)
    for dialect in ("sqlite", "postgresql")
}  # built once: enqueue stands in the batches of a purge
GONE = 410  # HTTP: the receiver wants no further message
NO_SENDER = "no_sender"
SENDER_CRASHED = "sender_crashed"


class OutboxState(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"  # given up; an officer decides


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One message as its sender sees it; the payload is sealed and never printed."""

    id: RowId
    idem_key: str
    target: str
    kind: str
    attempt: int
    payload: bytes = field(repr=False)


class Sender(Protocol):
    """Delivers one kind of message."""

    def __call__(self, message: OutboxMessage, /, *, at: datetime) -> None:
        """The receiver has the message, or a GovernanceError says that it has not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait after a failed try, and when to give up."""

    first: timedelta = timedelta(seconds=30)
    most: timedelta = timedelta(hours=6)
    max_attempts: int = 12  # about a day and a half with these waits
    lease: timedelta = timedelta(minutes=5)  # a try that died is repeated after this


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Counts of one round."""

    sent: int = 0
    postponed: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits and what was given up, for the alarm."""

    pending: int
    dead: int
    oldest: datetime | None


def enqueue(
    tx: Connection,
    *,
    idem_key: str,
    target: str,
    kind: str,
    payload: bytes | None,  # None: the sender reads what it says from its source
    at: datetime,
    not_before: datetime | None = None,
) -> RowId:
    """The id of the one message under this key; a second call with the key adds nothing."""
    row_id = new_row_id()
    inserted = tx.execute(
        INSERT[tx.dialect.name],
        {
            "id": row_id,
            "idem_key": idem_key,
            "target": target,
            "kind": kind,
            "payload": payload,
            "state": OutboxState.PENDING.value,
            "attempts": 0,
            "created_at": at,
            "next_at": not_before or at,
        },
    ).scalar_one_or_none()
    if inserted is not None:
        return row_id
    return RowId(tx.execute(select(OUTBOX.c.id).where(OUTBOX.c.idem_key == idem_key)).scalar_one())


def take_back(tx: Connection, message: RowId) -> None:
    """A message that this transaction enqueued is not sent; nobody has seen it."""
    tx.execute(delete(OUTBOX).where(OUTBOX.c.id == message))


def deliver_once(
    db: Database,
    senders: Mapping[str, Sender],
    *,
    at: datetime,
    limit: int,
    jitter: Callable[[], float],
    backoff: Backoff | None = None,
) -> Delivered:
    """Counts after at most `limit` due messages were tried once each; `jitter` gives [0, 1)."""
    policy = backoff or Backoff()
    outcomes: dict[OutboxState, int] = dict.fromkeys(OutboxState, 0)
    for _ in range(limit):
        message = db.write(lambda tx: _take(tx, at=at, lease=policy.lease))
        if message is None:
            break
        outcomes[_try(db, senders, message, policy=policy, jitter=jitter, at=at)] += 1
    return Delivered(
        sent=outcomes[OutboxState.SENT],
        postponed=outcomes[OutboxState.PENDING],
        dead=outcomes[OutboxState.DEAD],
    )


def retry_at(policy: Backoff, *, attempt: int, jitter: float, at: datetime) -> datetime:
    """Half to all of a wait that doubles from try to try, so that retries spread out."""
    doublings: int = min(attempt - 1, 20)
    wait = min(policy.first * (1 << doublings), policy.most)
    return at + wait * (0.5 + jitter / 2)


def send_again(tx: Connection, message: RowId, *, at: datetime) -> None:
    """The dead letter is due now with fresh tries; raises OutboxNotDeadError."""
    revived = tx.execute(
        OUTBOX.update()
        .where(OUTBOX.c.id == message, OUTBOX.c.state == OutboxState.DEAD.value)
        .values(state=OutboxState.PENDING.value, attempts=0, next_at=at)
    )
    if revived.rowcount != 1:
        raise OutboxNotDeadError(message=message)


def send_anew(tx: Connection, *, idem_key: str, target: str, kind: str, at: datetime) -> None:
    """The message without a payload is due now with fresh tries, sent or given up before."""
    again = OUTBOX.update().where(OUTBOX.c.idem_key == idem_key, OUTBOX.c.kind == kind)
    fresh = again.values(
        state=OutboxState.PENDING.value, attempts=0, next_at=at, acked_at=None, last_error_code=None
    )
    if tx.execute(fresh).rowcount == 0:
        enqueue(tx, idem_key=idem_key, target=target, kind=kind, payload=None, at=at)


def backlog(tx: Connection) -> Backlog:
    """How many messages wait, how many are dead, and since when the oldest waits."""
    rows = tx.execute(
        select(OUTBOX.c.state, func.count(), func.min(OUTBOX.c.created_at))
        .where(OUTBOX.c.state != OutboxState.SENT.value)
        .group_by(OUTBOX.c.state)
    )
    found = {row[0]: (row[1], row[2]) for row in rows}
    pending, oldest = found.get(OutboxState.PENDING.value, (0, None))
    return Backlog(
        pending=pending, dead=found.get(OutboxState.DEAD.value, (0, None))[0], oldest=oldest
    )


def state_of(tx: Connection, idem_key: str) -> OutboxState:
    """Where the message under this key stands; raises NotFoundError."""
    found = tx.execute(select(OUTBOX.c.state).where(OUTBOX.c.idem_key == idem_key)).scalar()
    if found is None:
        raise NotFoundError
    return OutboxState(found)


def forget_sent(tx: Connection, *, before: datetime, limit: int) -> int:
    """Rows deleted of messages acknowledged before a moment; their keys may then be reused."""
    old = (
        select(OUTBOX.c.id)
        .where(OUTBOX.c.state == OutboxState.SENT.value, OUTBOX.c.acked_at < before)
        .limit(limit)
    )
    return tx.execute(OUTBOX.delete().where(OUTBOX.c.id.in_(old))).rowcount


def _take(tx: Connection, *, at: datetime, lease: timedelta) -> OutboxMessage | None:
    """The next due message, hidden from others until the lease ends; a try is counted first."""
    row = tx.execute(
        select(OUTBOX)
        .where(OUTBOX.c.state == OutboxState.PENDING.value, OUTBOX.c.next_at <= at)
        .order_by(OUTBOX.c.next_at, OUTBOX.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite writes one at a time
    ).one_or_none()
    if row is None:
        return None
    tx.execute(
        OUTBOX.update()
        .where(OUTBOX.c.id == row.id)
        .values(attempts=row.attempts + 1, next_at=at + lease)
    )
    return OutboxMessage(
        id=RowId(row.id),
        idem_key=row.idem_key,
        target=row.target,
        kind=row.kind,
        attempt=row.attempts + 1,
        payload=row.payload or b"",
    )


def _try(
    db: Database,
    senders: Mapping[str, Sender],
    message: OutboxMessage,
    *,
    policy: Backoff,
    jitter: Callable[[], float],
    at: datetime,
) -> OutboxState:
    sender = senders.get(message.kind)
    code, gone, earliest = NO_SENDER, False, at
    if sender is not None:
        try:
            sender(message, at=at)
        except GovernanceError as error:
            code, gone = error.code, error.status == GONE
            earliest = at + timedelta(seconds=int(error.params.get("retry_after", 0)))
        except Exception:  # noqa: BLE001 - process edge: one broken sender must not stop the rest
            code = SENDER_CRASHED
        else:
            db.write(lambda tx: _acknowledge(tx, message, at=at))
            return OutboxState.SENT
    dead = gone or message.attempt >= policy.max_attempts
    state = OutboxState.DEAD if dead else OutboxState.PENDING
    later = retry_at(policy, attempt=message.attempt, jitter=jitter(), at=at)
    db.write(
        lambda tx: _postpone(tx, message, state=state, code=code, next_at=max(later, earliest))
    )
    return state


def _acknowledge(tx: Connection, message: OutboxMessage, *, at: datetime) -> None:
    """Delivered is delivered, whoever tried since: no attempt is compared."""
    tx.execute(
        OUTBOX.update()
        .where(OUTBOX.c.id == message.id)
        .values(
            state=OutboxState.SENT.value,
            payload=None,
            acked_at=at,
            next_at=at,
            last_error_code=None,
        )
    )


def _postpone(
    tx: Connection, message: OutboxMessage, *, state: OutboxState, code: str, next_at: datetime
) -> None:
    """A failure counts only while its own try is the latest."""
    tx.execute(
        OUTBOX.update()
        .where(
            OUTBOX.c.id == message.id,
            OUTBOX.c.state == OutboxState.PENDING.value,
            OUTBOX.c.attempts == message.attempt,
        )
        .values(state=state.value, last_error_code=code, next_at=next_at)
    )
