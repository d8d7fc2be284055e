"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature)."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256
from typing import assert_never

from audit.verifier import ed25519, mldsa44
from audit.verifier.findings import Finding, FormError, FoundError
from audit.verifier.merkle import HASH_BYTES

MARK = "\u2014 "  # em dash and space open a signature line
KEY_ID_BYTES = 4
STAMP_BYTES = 8
NOTE_LIMIT = 128 * 1024  # characters
SIGNATURE_LIMIT = 32
NAME_LIMIT = 255  # bytes
SUBTREE_LABEL = b"subtree/v1\n\x00"
CHECKPOINT_LINES = 3
SIZE_DIGITS = 18  # below 2**63


class KeyType(IntEnum):
    """Signature types of C2SP signed-note that the log and its witnesses use."""

    ED25519 = 0x01
    COSIGNATURE_ED25519 = 0x04
    SUBTREE_MLDSA44 = 0x06


PUBLIC_BYTES = {
    KeyType.ED25519: ed25519.KEY_BYTES,
    KeyType.COSIGNATURE_ED25519: ed25519.KEY_BYTES,
    KeyType.SUBTREE_MLDSA44: mldsa44.KEY_BYTES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key with its name and use."""

    name: str
    kind: KeyType
    public: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || type || public key)[:4]."""
        typed = bytes([self.kind]) + self.public
        return sha256(self.name.encode() + b"\n" + typed).digest()[:KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as text: name+hex id+base64(type || public key)."""
        blob = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{blob}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line, unverified."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A signed checkpoint taken apart; nothing of it is trusted yet."""

    text: str
    checkpoint: Checkpoint
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A key whose signature on a note holds, and when it says it signed."""

    key: VerifierKey
    at: datetime | None


def parse_vkey(text: str) -> VerifierKey:
    """The key behind a vkey; raises FormError, also when the id is not the key's."""
    name, _, rest = text.strip().partition("+")
    key_id, _, blob = rest.partition("+")
    raw = _unbase64(blob, "vkey")
    if not raw or raw[0] not in set(KeyType):
        raise FormError("vkey")
    kind = KeyType(raw[0])
    key = VerifierKey(name=_name(name), kind=kind, public=raw[1:])
    if len(key.public) != PUBLIC_BYTES[kind] or key.key_id.hex() != key_id:
        raise FormError("vkey")
    return key


def parse_note(text: str) -> Note:
    """The parts of a signed checkpoint; raises FormError."""
    if len(text) > NOTE_LIMIT or any((c < " " and c != "\n") or _lone(c) for c in text):
        raise FormError("note")
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise FormError("note")
    signatures = tuple(_signature_line(line) for line in lines[:-1].split("\n"))
    if len(signatures) > SIGNATURE_LIMIT:
        raise FormError("signatures")
    return Note(text=body + "\n", checkpoint=_checkpoint(body + "\n"), signatures=signatures)


def verified_by(note: Note, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
    """The known keys that signed this checkpoint; unknown signatures are ignored.

    Raises FoundError if a known key's signature does not hold.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            found.append(_verified(note, key, signature.signature))
    return tuple(found)


def _checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) <= CHECKPOINT_LINES or lines[-1] or not all(lines[:-1]):
        raise FormError("checkpoint")
    origin, size, root = lines[:CHECKPOINT_LINES]
    digits = size.isascii() and size.isdigit() and len(size) <= SIZE_DIGITS
    if not digits or (size[0] == "0" and size != "0"):
        raise FormError("size")
    raw = _unbase64(root, "root")
    if len(raw) != HASH_BYTES:
        raise FormError("root")
    return Checkpoint(origin=_name(origin), size=int(size), root=raw)


def _verified(note: Note, key: VerifierKey, raw: bytes) -> Verified:
    at: datetime | None = None
    stamp = 0
    if key.kind is not KeyType.ED25519:
        stamp, raw = int.from_bytes(raw[:STAMP_BYTES], "big"), raw[STAMP_BYTES:]
        at = _instant(stamp)
    message = _message(key, note, stamp)
    match key.kind:
        case KeyType.ED25519 | KeyType.COSIGNATURE_ED25519:
            holds = ed25519.verify(key.public, message, raw)
        case KeyType.SUBTREE_MLDSA44:
            holds = mldsa44.verify(key.public, message, raw)
        case _:
            assert_never(key.kind)
    if not holds:
        raise FoundError(Finding.SIGNATURE, at_seq=note.checkpoint.size)
    return Verified(key=key, at=at)


def _message(key: VerifierKey, note: Note, stamp: int) -> bytes:
    """What a key of this type signs for a checkpoint."""
    match key.kind:
        case KeyType.ED25519:
            return note.text.encode()
        case KeyType.COSIGNATURE_ED25519:
            return f"cosignature/v1\ntime {stamp}\n{note.text}".encode()
        case KeyType.SUBTREE_MLDSA44:
            return b"".join(
                (
                    SUBTREE_LABEL,
                    _short(key.name),
                    stamp.to_bytes(STAMP_BYTES, "big"),
                    _short(note.checkpoint.origin),
                    (0).to_bytes(STAMP_BYTES, "big"),
                    note.checkpoint.size.to_bytes(STAMP_BYTES, "big"),
                    note.checkpoint.root,
                )
            )
        case _:
            assert_never(key.kind)


def _instant(stamp: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(stamp, tz=UTC) if stamp else None
    except (OverflowError, OSError, ValueError) as error:
        raise FormError("timestamp") from error


def _short(name: str) -> bytes:
    raw = name.encode()
    return bytes([len(raw)]) + raw


def _signature_line(line: str) -> NoteSignature:
    name, gap, blob = line.removeprefix(MARK).partition(" ")
    raw = _unbase64(blob, "signature")
    if not line.startswith(MARK) or not gap or len(raw) <= KEY_ID_BYTES:
        raise FormError("signature")
    return NoteSignature(name=_name(name), key_id=raw[:KEY_ID_BYTES], signature=raw[KEY_ID_BYTES:])


def _name(name: str) -> str:
    spaced = any(c.isspace() or _lone(c) for c in name)
    if not name or spaced or "+" in name or len(name.encode()) > NAME_LIMIT:
        raise FormError("name")
    return name


def _lone(character: str) -> bool:
    """A surrogate: not valid UTF-8."""
    return "\ud800" <= character <= "\udfff"


def _unbase64(text: str, part: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormError(part) from error
    if base64.b64encode(raw).decode() != text:
        raise FormError(part)  # fails closed: one spelling only
    return raw
