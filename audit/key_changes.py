"""Changes of the log's own key: announced by an event in the tree that the old key still signed.

Whoever pinned an old key follows to the new one by three steps: the announcing event stands in
the tree, a checkpoint behind it is signed under the old key, and the event names the new keys by
digest. A key that was lost cannot sign its successor; then the new one is pinned anew.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, bindparam, select

from audit.actions import EventCode
from audit.errors import NoteFormError, NoteSignatureError
from audit.models import CHECKPOINTS, EVENTS, LEAVES
from audit.note import VerifierKey, parse_note, verify_note

REF: Final = "key:"  # and the digest of the new key's vkey

_CHANGES = (
    select(LEAVES.c.seq, EVENTS.c.id, EVENTS.c.refs)
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id)
    .where(EVENTS.c.action == EventCode.LOG_KEY_CHANGED.value)
    .order_by(LEAVES.c.seq)
)
_COVERING = (
    select(CHECKPOINTS.c.size, CHECKPOINTS.c.note)
    .where(CHECKPOINTS.c.size > bindparam("seq"))
    .order_by(CHECKPOINTS.c.size)
    .limit(1)
)


def key_ref(key: VerifierKey) -> str:
    """How an announcing event names a key."""
    return REF + sha256(key.vkey.encode()).hexdigest()


def announced(refs: str | None, known: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Which of these keys the references of an event name."""
    named = set((refs or "").split(","))
    return tuple(key for key in known if key_ref(key) in named)


def changes(tx: Connection) -> tuple[tuple[int, int], ...]:
    """Place of each announcing event, and the size of the first checkpoint that covers it."""
    found = []
    for row in tx.execute(_CHANGES).all():
        head = tx.execute(_COVERING, {"seq": row.seq}).first()
        if head is not None:
            found.append((row.seq, head.size))
    return tuple(found)


def followed(
    tx: Connection, pinned: Sequence[VerifierKey], known: Sequence[VerifierKey]
) -> tuple[VerifierKey, ...]:
    """The pinned keys and every known key that they lead to."""
    trusted = list(pinned)
    kinds = {key.kind for key in pinned}
    for row in tx.execute(_CHANGES).all():
        fresh = [key for key in announced(row.refs, known) if key not in trusted]
        head = tx.execute(_COVERING, {"seq": row.seq}).first() if fresh else None
        if head is not None and kinds <= _kinds(head.note, trusted):
            trusted += fresh
    return tuple(trusted)


def _kinds(note: str, trusted: Sequence[VerifierKey]) -> set[int]:
    """The kinds of signature under trusted keys that hold on this note."""
    try:
        return {one.key.kind for one in verify_note(parse_note(note), trusted)}
    except (NoteFormError, NoteSignatureError):
        return set()  # fails closed: leads nowhere
