"""The signature of a control journal's anchor: by the log's keys, under a name of its own.

It is a signed note over the hash of the anchor, as a checkpoint is; the name differs from the
log's, so neither can stand for the other.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from audit.errors import NoteFormError, NoteSignatureError
from audit.note import Checkpoint, parse_note, sign_checkpoint, verify_note
from audit.sequencer import LogKeys
from governance.app.log_signing import every_key
from governance.custody.log_key import log_origin
from governance.keys.vault import FieldVault


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSeal:
    """Signs with the keys that sign the log now; believes every key that ever did."""

    vault: FieldVault
    signing: Callable[[], LogKeys]

    def sign(self, seq: int, content: bytes, *, at: datetime) -> bytes:
        """The signature lines, as base64."""
        keys, head = self.signing(), self._head(seq, content)
        note = sign_checkpoint(head, ed25519=keys.ed25519, mldsa44=keys.mldsa44, at=at)
        return base64.b64encode(note.removeprefix(head.text + "\n").encode())

    def holds(self, seq: int, content: bytes, signature: bytes) -> bool:
        """Whether a key of the log signed this anchor; fails closed."""
        head = self._head(seq, content)
        keys = (replace(key, name=head.origin) for key in every_key(self.vault))
        try:
            lines = base64.b64decode(signature, validate=True).decode()
            return bool(verify_note(parse_note(f"{head.text}\n{lines}"), keys))
        except (binascii.Error, UnicodeDecodeError, NoteFormError, NoteSignatureError):
            return False

    def _head(self, seq: int, content: bytes) -> Checkpoint:
        origin = f"{log_origin(self.vault.ring)}/journal"
        return Checkpoint(origin=origin, size=seq, root=sha256(content).digest())
