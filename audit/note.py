"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

The log signs a checkpoint twice: Ed25519 over the text (type 0x01), and ML-DSA-44 as a
`subtree/v1` cosignature under its own name (type 0x06), which C2SP asks of new logs.
Witnesses cosign with type 0x04 (Ed25519, `cosignature/v1`) or 0x06.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256
from typing import assert_never

from audit.errors import NoteFormError, NoteSignatureError
from audit.tree import HASH_BYTES
from governance.crypto.signing import Signer, verify_ed25519, verify_mldsa44

MARK = "\u2014 "  # em dash and space open a signature line
KEY_ID_BYTES = 4
STAMP_BYTES = 8
REFUSED = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")  # controls but the line end; no UTF-8
NOTE_LIMIT = 128 * 1024  # characters; 16 post-quantum signatures fit
SIGNATURE_LIMIT = 32
NAME_LIMIT = 255  # bytes of a name inside a cosigned message
SUBTREE_LABEL = b"subtree/v1\n\x00"
CHECKPOINT_LINES = 3
SIZE_DIGITS = 18  # below 2**63


class KeyType(IntEnum):
    """Signature types of C2SP signed-note that this log uses."""

    ED25519 = 0x01
    COSIGNATURE_ED25519 = 0x04
    SUBTREE_MLDSA44 = 0x06


PUBLIC_BYTES = {
    KeyType.ED25519: 32,
    KeyType.COSIGNATURE_ED25519: 32,
    KeyType.SUBTREE_MLDSA44: 1312,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key with its name and use, as auditors pin it."""

    name: str
    kind: KeyType
    public: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || type || public key)[:4]."""
        return sha256(self.name.encode() + b"\n" + self._typed).digest()[:KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as text: name+hex id+base64(type || public key)."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._typed).decode()}"

    @property
    def _typed(self) -> bytes:
        return bytes([self.kind]) + self.public


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line, unverified."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The signature as the line it came from."""
        return f"{MARK}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A signed note taken apart; nothing of it is trusted yet."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A key whose signature on a note holds, and when it says it signed."""

    key: VerifierKey
    at: datetime | None


def parse_vkey(text: str) -> VerifierKey:
    """The key behind a vkey; raises NoteFormError, also when the id is not the key's."""
    name, _, rest = text.strip().partition("+")
    key_id, _, blob = rest.partition("+")
    raw = _unbase64(blob, "vkey")
    if not raw or raw[0] not in set(KeyType):
        raise NoteFormError(part="vkey")
    kind = KeyType(raw[0])
    key = VerifierKey(name=checked_name(name), kind=kind, public=raw[1:])
    if len(key.public) != PUBLIC_BYTES[kind] or key.key_id.hex() != key_id:
        raise NoteFormError(part="vkey")
    return key


def parse_note(text: str) -> Note:
    """The parts of a signed note; raises NoteFormError."""
    if len(text) > NOTE_LIMIT or REFUSED.search(text):
        raise NoteFormError(part="note")
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise NoteFormError(part="note")
    signatures = tuple(_signature_line(line) for line in lines[:-1].split("\n"))
    if len(signatures) > SIGNATURE_LIMIT:
        raise NoteFormError(part="signatures")
    return Note(text=body + "\n", signatures=signatures)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text; raises NoteFormError."""
    lines = text.split("\n")
    if len(lines) <= CHECKPOINT_LINES or lines[-1] or not all(lines[:-1]):
        raise NoteFormError(part="checkpoint")
    origin, size, root = lines[:CHECKPOINT_LINES]
    digits = size.isascii() and size.isdigit() and len(size) <= SIZE_DIGITS
    if not digits or (size[0] == "0" and size != "0"):
        raise NoteFormError(part="size")
    raw = _unbase64(root, "root")
    if len(raw) != HASH_BYTES:
        raise NoteFormError(part="root")
    return Checkpoint(origin=origin, size=int(size), root=raw)


def sign_checkpoint(
    checkpoint: Checkpoint, *, ed25519: Signer, mldsa44: Signer | None, at: datetime
) -> str:
    """The checkpoint as a note signed by the log under its origin as key name."""
    checked_name(checkpoint.origin)
    plain = VerifierKey(name=checkpoint.origin, kind=KeyType.ED25519, public=ed25519.public_key)
    lines = [line_of(plain, ed25519.sign(checkpoint.text.encode()))]
    if mldsa44 is not None:
        key = VerifierKey(
            name=checkpoint.origin, kind=KeyType.SUBTREE_MLDSA44, public=mldsa44.public_key
        )
        lines.append(cosign(checkpoint, key, mldsa44, at=at))
    return checkpoint.text + "\n" + "".join(lines)


def cosign(checkpoint: Checkpoint, key: VerifierKey, signer: Signer, *, at: datetime) -> str:
    """A cosignature line of a witness (or of the log itself) over a checkpoint."""
    stamp = int(at.timestamp())
    signature = signer.sign(_message(key, checkpoint, checkpoint.text, stamp))
    return line_of(key, stamp.to_bytes(STAMP_BYTES, "big") + signature)


def line_of(key: VerifierKey, signature: bytes) -> str:
    """One signature line."""
    return NoteSignature(name=key.name, key_id=key.key_id, signature=signature).line


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
    """The known keys that signed this checkpoint; unknown signatures are ignored.

    Raises NoteSignatureError if a known key's signature does not hold.
    """
    known = {(key.name, key.key_id): key for key in keys}
    checkpoint = parse_checkpoint(note.text)
    found = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            found.append(_verified(note, checkpoint, key, signature.signature))
    return tuple(found)


def _verified(note: Note, checkpoint: Checkpoint, key: VerifierKey, raw: bytes) -> Verified:
    at: datetime | None = None
    stamp = 0
    if key.kind is not KeyType.ED25519:
        stamp, raw = int.from_bytes(raw[:STAMP_BYTES], "big"), raw[STAMP_BYTES:]
        at = _instant(stamp)
    message = _message(key, checkpoint, note.text, stamp)
    match key.kind:
        case KeyType.ED25519 | KeyType.COSIGNATURE_ED25519:
            holds = verify_ed25519(key.public, message, raw)
        case KeyType.SUBTREE_MLDSA44:
            holds = verify_mldsa44(key.public, message, raw)
        case _:
            assert_never(key.kind)
    if not holds:
        raise NoteSignatureError(key_id=key.key_id.hex())
    return Verified(key=key, at=at)


def _message(key: VerifierKey, checkpoint: Checkpoint, text: str, stamp: int) -> bytes:
    """What a key of this type signs for a checkpoint."""
    match key.kind:
        case KeyType.ED25519:
            return text.encode()
        case KeyType.COSIGNATURE_ED25519:
            return f"cosignature/v1\ntime {stamp}\n{text}".encode()
        case KeyType.SUBTREE_MLDSA44:
            return b"".join(
                (
                    SUBTREE_LABEL,
                    _short(key.name),
                    stamp.to_bytes(STAMP_BYTES, "big"),
                    _short(checkpoint.origin),
                    (0).to_bytes(STAMP_BYTES, "big"),
                    checkpoint.size.to_bytes(STAMP_BYTES, "big"),
                    checkpoint.root,
                )
            )
        case _:
            assert_never(key.kind)


def _instant(stamp: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(stamp, tz=UTC) if stamp else None
    except (OverflowError, OSError, ValueError) as error:
        raise NoteFormError(part="timestamp") from error


def _short(name: str) -> bytes:
    raw = name.encode()
    return bytes([len(raw)]) + raw


def _signature_line(line: str) -> NoteSignature:
    name, gap, blob = line.removeprefix(MARK).partition(" ")
    raw = _unbase64(blob, "signature")
    if not line.startswith(MARK) or not gap or len(raw) <= KEY_ID_BYTES:
        raise NoteFormError(part="signature")
    return NoteSignature(
        name=checked_name(name), key_id=raw[:KEY_ID_BYTES], signature=raw[KEY_ID_BYTES:]
    )


def checked_name(name: str) -> str:
    """The key name, if it can be one; raises NoteFormError."""
    if not name or len(name.encode()) > NAME_LIMIT or "+" in name or _spaced(name):
        raise NoteFormError(part="name")
    return name


def _spaced(name: str) -> bool:
    return any(c.isspace() for c in name)


def _unbase64(text: str, part: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteFormError(part=part) from error


def vkeys_of(origin: str, *, ed25519: bytes, mldsa44: bytes | None) -> tuple[VerifierKey, ...]:
    """The log's own verifier keys, to be handed to auditors."""
    keys = [VerifierKey(name=checked_name(origin), kind=KeyType.ED25519, public=ed25519)]
    if mldsa44 is not None:
        keys.append(VerifierKey(name=origin, kind=KeyType.SUBTREE_MLDSA44, public=mldsa44))
    return tuple(keys)


def keys_from(texts: Sequence[str]) -> tuple[VerifierKey, ...]:
    """The keys behind these vkeys."""
    return tuple(parse_vkey(text) for text in texts)
