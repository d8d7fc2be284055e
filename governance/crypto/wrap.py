"""Keys under keys: 32-byte keys wrapped with AES-256-GCM-SIV (RFC 8452), and commitments.

    wrapped = 0xE2 || nonce(12) || ciphertext(32) || tag(16)                      61 bytes
    AAD     = lp("sekisho/wrap/1") || lp(each part of the context)

GCM-SIV, because one wrapping key meets every data key of a day in every process: a repeated
nonce after a fork or a restored snapshot then tells nothing but equality.
The commitment is checked at every unwrap, so that a frame's key is the one it was sealed with.
"""

import hmac
import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from governance.core.errors import GovernanceError
from governance.crypto.frame import KEY_BYTES, NONCE, TAG, lp

MAGIC: Final = b"\xe2"
WRAPPED: Final = 1 + NONCE + KEY_BYTES + TAG  # 61 bytes
COMMIT_BYTES: Final = 16


class KeyUnwrapError(GovernanceError):
    """A wrapped key is not authentic under this wrapping key and context."""

    code, status, exit_code = "key_unwrap", 503, 3


class KeyCommitmentError(GovernanceError):
    """An unwrapped key is not the one that was committed to."""

    code, status, exit_code = "key_commitment", 503, 3


def new_key() -> bytes:
    """32 fresh random bytes."""
    return os.urandom(KEY_BYTES)


def context(*parts: str) -> bytes:
    """The AAD that binds a wrapped key to its place."""
    return lp(b"sekisho/wrap/1") + b"".join(lp(part.encode()) for part in parts)


class WrappingKey:
    """A key that wraps keys; it shows itself to nobody."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCMSIV(key)

    def __repr__(self) -> str:
        return "WrappingKey(...)"

    def __reduce__(self) -> str:
        raise TypeError("a wrapping key is never pickled")

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """The key, wrapped under a fresh nonce and bound to its place."""
        if len(key) != KEY_BYTES:
            raise KeyUnwrapError(reason="length")
        nonce = os.urandom(NONCE)
        return MAGIC + nonce + self._aead.encrypt(nonce, key, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The key inside, if it was wrapped here for this place."""
        if len(wrapped) != WRAPPED or wrapped[:1] != MAGIC:
            raise KeyUnwrapError(reason="form")
        try:
            return self._aead.decrypt(wrapped[1 : 1 + NONCE], wrapped[1 + NONCE :], aad)
        except InvalidTag:
            raise KeyUnwrapError(reason="tag") from None


def commitment(key: bytes, installation: str, key_id: int) -> bytes:
    """The 16 bytes that bind a key to its id: HMAC-SHA-256 under the key itself."""
    message = _committed_in(installation) + key_id.to_bytes(8, "big")
    return hmac.digest(key, message, "sha256")[:COMMIT_BYTES]


@lru_cache(maxsize=8)
def _committed_in(installation: str) -> bytes:
    return lp(b"sekisho/commit/1") + lp(installation.encode())


def assert_commitment(key: bytes, installation: str, key_id: int, expected: bytes) -> None:
    """Raises KeyCommitmentError unless this key is the one of this id."""
    if not hmac.compare_digest(commitment(key, installation, key_id), expected):
        raise KeyCommitmentError(key_id=key_id)
