"""An older database was put back: what of the log is lost, and how that is declared.

The tree is smaller than the checkpoint kept outside it. Nothing is sequenced until an event in
this tree names the lost head; then the file beside the database keeps that head as evidence and
follows the smaller tree, which goes on as a declared fork. Whoever holds a lost head (a witness,
an auditor) still refuses it, until told by another way.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.anchor import read_anchor, set_aside
from audit.errors import NoteSignatureError, NothingLostError
from audit.log import AuditLog
from audit.models import CHECKPOINTS, EVENTS
from audit.note import Checkpoint, VerifierKey, parse_checkpoint, parse_note, verify_note
from audit.store import frontier_of, last_note
from audit.types import EventDraft, Outcome
from governance.core.terms import ActorId, EventId

_DECLARED = (
    select(EVENTS.c.id, EVENTS.c.refs)
    .where(EVENTS.c.action == EventCode.LOG_RESTORED.value)
    .order_by(EVENTS.c.id.desc())
)


class RestoreReason(StrEnum):
    """Why an older database was put back; a code of the event that declares it."""

    DISK = "disk"  # the storage failed
    DAMAGE = "damage"  # the database could not be read or was corrupt
    OPERATION = "operation"  # a mistake in operation
    ATTACK = "attack"  # somebody changed or destroyed data
    MOVE = "move"  # a move to another machine went wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """The tree that is here, and the larger one that was seen outside."""

    size: int
    root: bytes
    signed_at: datetime | None  # of the newest checkpoint that is here
    lost: Checkpoint
    lost_at: datetime | None  # when the lost head was signed, as its signature says
    note: str

    @property
    def digest(self) -> str:
        """How the event names the lost head."""
        return sha256(self.note.encode()).hexdigest()


def loss_of(tx: Connection, anchor: Path, keys: tuple[VerifierKey, ...]) -> Loss:
    """What is lost against the head in the file; raises NothingLostError.

    Raises NoteSignatureError when none of the log's own keys signed that head.
    """
    note = read_anchor(anchor)
    if note is None:
        raise NothingLostError
    head, at = signed_head(note, keys)
    frontier = frontier_of(tx)
    if head.size <= frontier.size:
        raise NothingLostError
    signed = select(CHECKPOINTS.c.signed_at).order_by(CHECKPOINTS.c.size.desc()).limit(1)
    return Loss(
        size=frontier.size,
        root=frontier.root(),
        signed_at=tx.execute(signed).scalar_one_or_none(),
        lost=head,
        lost_at=at,
        note=note,
    )


def signed_head(note: str, keys: tuple[VerifierKey, ...]) -> tuple[Checkpoint, datetime | None]:
    """The head that the log itself signed, and when it says so; raises NoteSignatureError."""
    signed = verify_note(parse_note(note), keys)
    if not signed:
        raise NoteSignatureError(key_id="-")
    times = [one.at for one in signed if one.at is not None]
    return parse_checkpoint(parse_note(note).text), min(times, default=None)


def declare(
    tx: Connection,
    log: AuditLog,
    loss: Loss,
    reason: RestoreReason,
    *,
    by: ActorId,
    os_user: str | None,
    approval: str,
    at: datetime,
) -> EventId:
    """The event that names the lost range and head waits for its place."""
    return log.append(
        tx,
        EventDraft(
            action=EventCode.LOG_RESTORED,
            occurred_at=at,
            actor=by,
            actor_os=os_user,
            object_type="log",
            object_id="restore",
            outcome=Outcome.DONE,
            reasons=(reason.value,),
            counts=(("lost", loss.lost.size - loss.size),),
            refs=(
                f"tree:{loss.size}",
                f"root:{loss.root.hex()}",
                f"lost:{loss.lost.size}",
                f"lostroot:{loss.lost.root.hex()}",
                f"note:{loss.digest}",
                f"approval:{approval}",
            ),
        ),
    )


def follow(tx: Connection, anchor: Path) -> EventId | None:
    """The file follows the tree that is here if an event declared its head lost; which event.

    Twice equals once: whoever was killed between the event and the file goes on here.
    """
    note = read_anchor(anchor)
    if note is None:
        return None
    named = f"note:{sha256(note.encode()).hexdigest()}"
    for row in tx.execute(_DECLARED):
        if named in (row.refs or "").split(","):
            set_aside(anchor, note, last_note(tx))
            return EventId(row.id)
    return None
