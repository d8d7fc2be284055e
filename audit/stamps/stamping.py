"""Checkpoints stamped by an authority outside: the newest head goes out, its token is kept."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from audit.errors import NotSequencedError
from audit.models import CHECKPOINTS
from audit.note import parse_checkpoint, parse_note
from audit.stamps.models import STAMPS
from audit.store import last_note
from governance.crypto.stamp_tokens import Roots, Stamp, StampRefusedError, checked, query
from governance.db.engine import Database
from governance.db.types import insert_ignore

Post = Callable[[bytes], bytes | None]  # a DER request out, a DER reply back; None: silent

_STAMPED = (
    select(STAMPS, CHECKPOINTS.c.note)
    .join_from(STAMPS, CHECKPOINTS, CHECKPOINTS.c.size == STAMPS.c.size)
    .order_by(STAMPS.c.size.desc(), STAMPS.c.stamped_at.desc())
    .limit(1)
)
_KNOWN = select(func.count()).where(STAMPS.c.size == bindparam("size"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A checkpoint with its token."""

    size: int
    text: bytes  # what the token covers
    authority: str
    reply: bytes
    stamp: Stamp


def stamp_newest(db: Database, *, authority: str, roots: Roots, post: Post) -> Stamped | None:
    """The newest checkpoint's token, verified and stored; None where it has one already.

    Raises NotSequencedError without a checkpoint and StampRefusedError for a token that does
    not hold, or where the authority is silent; nothing is stored then.
    """
    with db.read() as tx:
        note = last_note(tx)
        if note is None:
            raise NotSequencedError
        head = parse_checkpoint(parse_note(note).text)
        if tx.execute(_KNOWN, {"size": head.size}).scalar_one():
            return None
    text = head.text.encode()
    asked = query(text)
    reply = post(asked.as_bytes())
    if reply is None:
        raise StampRefusedError(reason="silent")
    stamp = checked(reply, text, roots=roots, nonce=asked.nonce)
    row = {
        "size": head.size,
        "serial": stamp.serial,
        "authority": authority,
        "stamped_at": stamp.at,
        "reply": reply,
    }
    statement = insert_ignore(STAMPS, db.dialect).values(row)
    db.write(lambda tx: tx.execute(statement).rowcount)
    return Stamped(size=head.size, text=text, authority=authority, reply=reply, stamp=stamp)


def newest_stamp(tx: Connection, *, roots: Roots) -> Stamped | None:
    """The newest stored token, verified again; None for none, StampRefusedError for a bad one."""
    row = tx.execute(_STAMPED).first()
    if row is None:
        return None
    head = parse_checkpoint(parse_note(row.note).text)
    text, reply = head.text.encode(), bytes(row.reply)
    stamp = checked(reply, text, roots=roots)
    if head.size != row.size:
        raise StampRefusedError(reason="not_verified")
    return Stamped(size=head.size, text=text, authority=row.authority, reply=reply, stamp=stamp)
