"""The rules of a witness (C2SP tlog-witness): what it cosigns, and how it refuses.

A witness remembers one thing of each log, the newest checkpoint that it cosigned, and never
cosigns another that does not begin with it. That is all it takes to make a rewritten or forked
log visible to everyone who pins the witness's key.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from audit.errors import NoteFormError, NoteSignatureError
from audit.note import (
    NOTE_LIMIT,
    SIZE_DIGITS,
    Checkpoint,
    Note,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    verify_note,
)
from audit.proofs import verify_consistency
from audit.tree import HASH_BYTES

PROOF_LINES = 63
BODY_LIMIT = NOTE_LIMIT * 4 + PROOF_LINES * 48  # bytes; the note's characters may be long ones
SIZE_TYPE = "text/x.tlog.size"  # content type of the answer that names the size we know
OLD = "old "


class Refusal(IntEnum):
    """Why a checkpoint is not cosigned; the value is the HTTP status of the specification."""

    FORM = 400
    SIGNATURE = 403
    ORIGIN = 404
    CONFLICT = 409
    PROOF = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An add-checkpoint request taken apart; nothing of it is trusted yet."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The answer to a checkpoint that is not cosigned."""

    refusal: Refusal
    known_size: int | None = None  # with CONFLICT: the size that the witness holds


def parse_submission(body: bytes) -> Submission:
    """The parts of a request; raises NoteFormError."""
    if len(body) > BODY_LIMIT:
        raise NoteFormError(part="body")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NoteFormError(part="body") from error
    head, gap, note_text = text.partition("\n\n")
    old, *lines = head.split("\n")
    if not gap or not old.startswith(OLD) or len(lines) > PROOF_LINES:
        raise NoteFormError(part="body")
    note = parse_note(note_text)
    return Submission(
        old=_size(old.removeprefix(OLD)),
        proof=tuple(map(_hash, lines)),
        note=note,
        checkpoint=parse_checkpoint(note.text),
    )


def judge(
    asked: Submission,
    *,
    logs: Mapping[str, Sequence[VerifierKey]],
    known: Mapping[str, Checkpoint],
) -> Refused | None:
    """None if the witness may cosign; otherwise the refusal, in the order of the specification.

    `logs` are the trusted keys by origin, `known` the newest cosigned checkpoint by origin.
    """
    new = asked.checkpoint
    keys = logs.get(new.origin)
    if not keys:
        return Refused(refusal=Refusal.ORIGIN)
    if not _signed(asked.note, keys):
        return Refused(refusal=Refusal.SIGNATURE)
    if asked.old > new.size:
        return Refused(refusal=Refusal.FORM)
    held = known.get(new.origin)
    size = 0 if held is None else held.size
    if asked.old != size:
        return Refused(refusal=Refusal.CONFLICT, known_size=size)
    if held is None or size == 0:
        return Refused(refusal=Refusal.PROOF) if asked.proof else None
    if size == new.size and held.root != new.root:
        return Refused(refusal=Refusal.CONFLICT, known_size=size)
    follows = verify_consistency(
        old=size, size=new.size, old_root=held.root, root=new.root, proof=asked.proof
    )
    return None if follows else Refused(refusal=Refusal.PROOF)


def request_body(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body of an add-checkpoint request."""
    lines = [f"{OLD}{old}", *(base64.b64encode(step).decode() for step in proof), "", note]
    return "\n".join(lines).encode()


def _signed(note: Note, keys: Sequence[VerifierKey]) -> bool:
    """Whether a trusted key signed; a broken signature of a trusted key is none."""
    try:
        return bool(verify_note(note, keys))
    except (NoteFormError, NoteSignatureError):
        return False  # fails closed


def _size(text: str) -> int:
    digits = text.isascii() and text.isdigit() and len(text) <= SIZE_DIGITS
    if not digits or (text[0] == "0" and text != "0"):
        raise NoteFormError(part="size")
    return int(text)


def _hash(line: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteFormError(part="proof") from error
    if len(raw) != HASH_BYTES:
        raise NoteFormError(part="proof")
    return raw
