"""Signatures of checkpoints and receipts: Ed25519 (RFC 8032) and ML-DSA-44 (FIPS 204)."""

from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from governance.core.errors import WrongUseError

SEED_BYTES = 32  # both algorithms: RFC 8032 private key, FIPS 204 xi


class SigningSeedError(WrongUseError):
    """A signing seed is not 32 bytes long."""

    code = "signing_seed"


class Signer(Protocol):
    """Signs messages under one key that it never shows."""

    @property
    def public_key(self) -> bytes:
        """The raw public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over the message."""
        ...


def _checked(seed: bytes) -> bytes:
    if len(seed) != SEED_BYTES:
        raise SigningSeedError(expected=SEED_BYTES, found=len(seed))
    return seed


class Ed25519Signer:
    """An Ed25519 key; the signature is 64 bytes, the public key 32."""

    __slots__ = ("_key", "public_key")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key: bytes = key.public_key().public_bytes_raw()

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The signer of this 32-byte seed (RFC 8032 5.1.5)."""
        return cls(Ed25519PrivateKey.from_private_bytes(_checked(seed)))

    @classmethod
    def generate(cls) -> Self:
        """A signer of a fresh random key, which ends with the process."""
        return cls(Ed25519PrivateKey.generate())

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over the message."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"Ed25519Signer(public_key={self.public_key.hex()})"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is never pickled")


class MlDsa44Signer:
    """An ML-DSA-44 key with empty context; signature 2,420 bytes, public key 1,312."""

    __slots__ = ("_key", "public_key")

    def __init__(self, key: MLDSA44PrivateKey) -> None:
        self._key = key
        self.public_key: bytes = key.public_key().public_bytes_raw()

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The signer of this 32-byte seed (FIPS 204 algorithm 6)."""
        return cls(MLDSA44PrivateKey.from_seed_bytes(_checked(seed)))

    @classmethod
    def generate(cls) -> Self:
        """A signer of a fresh random key, which ends with the process."""
        return cls(MLDSA44PrivateKey.generate())

    def sign(self, message: bytes) -> bytes:
        """The 2,420-byte hedged signature over the message."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"MlDsa44Signer(public_key={self.public_key[:16].hex()}...)"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is never pickled")


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """True only if the signature is this key's over this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False  # fails closed: a malformed key or signature verifies nothing
    return True


def verify_mldsa44(public: bytes, message: bytes, signature: bytes) -> bool:
    """True only if the signature is this key's over this message, context empty."""
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False  # fails closed: a malformed key or signature verifies nothing
    return True
