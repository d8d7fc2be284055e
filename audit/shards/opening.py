"""Opens a month of the log: its first entry commits to the checkpoint of everything before it."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, bindparam, select

from audit.actions import EventCode
from audit.log import AuditLog
from audit.models import CHECKPOINTS
from audit.note import parse_checkpoint, parse_note
from audit.shards.claims import shard_at
from audit.tree import Frontier
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId, EventId

SEQUENCER = ActorId("svc:sequencer")

_NOTE = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size == bindparam("size"))


class TurnUnsignedError(Exception):
    """The month turned and the tree so far is not signed yet; it never leaves the sequencer."""


def turned(last: datetime | None, recorded_at: datetime) -> bool:
    """Whether an event recorded now begins another month than the last one; a new log has none."""
    return last is not None and shard_at(last) != shard_at(recorded_at)


def open_shard(
    tx: Connection, log: AuditLog, frontier: Frontier, *, recorded_at: datetime, at: datetime
) -> EventId:
    """The event that opens the month waits in this transaction, to be placed before all others.

    Raises TurnUnsignedError while no checkpoint covers exactly the tree before it.
    """
    note = tx.execute(_NOTE, {"size": frontier.size}).scalar_one_or_none()
    if note is None:
        raise TurnUnsignedError
    origin = parse_checkpoint(parse_note(note).text).origin
    return log.append(
        tx,
        EventDraft(
            action=EventCode.LOG_SHARD_OPENED,
            occurred_at=at,
            actor=SEQUENCER,
            object_type="shard",
            object_id=shard_at(recorded_at),
            outcome=Outcome.DONE,
            refs=(
                f"tree:{frontier.size}",
                f"root:{frontier.root().hex()}",
                f"note:{sha256(note.encode()).hexdigest()}",
                f"origin:{sha256(origin.encode()).hexdigest()}",
            ),
        ),
    )
