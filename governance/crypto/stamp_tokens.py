"""Time-stamp tokens (RFC 3161) over texts; the only door to the time-stamp library.

A token and the text that it covers can be checked with any other tool, for instance
`openssl ts -verify -data TEXT -in REPLY -CAfile ROOTS`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from governance.core.errors import UnavailableError, WrongUseError

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
REPLY_BYTES = 65_536  # a token with its chain is a few kB

Roots: TypeAlias = tuple[Certificate, ...]


class StampRootsError(WrongUseError):
    """The file of trusted roots of time-stamping cannot be read."""

    code, status = "stamp_roots", 422


class StampRefusedError(UnavailableError):
    """The time-stamping authority gave no token that holds; nothing was stored."""

    code = "stamp_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a verified token says: when, and under which serial number of the authority."""

    at: datetime
    serial: str


def roots_in(path: Path) -> Roots:
    """The trusted roots of a PEM file; raises StampRootsError."""
    try:
        found = load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StampRootsError(path=str(path)) from error
    return tuple(found)


def query(text: bytes) -> TimeStampRequest:
    """A request for a token over this text: SHA-512, with nonce, certificate asked for."""
    builder = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA512)
    return builder.nonce(nonce=True).cert_request(cert_request=True).build()


def checked(reply: bytes, text: bytes, *, roots: Roots, nonce: int | None = None) -> Stamp:
    """What the reply says, if its token covers this text under one of these roots.

    The chain must have been valid at the time of the stamp, and its leaf made for time-stamping
    alone (RFC 3161 2.3). Raises StampRefusedError.
    """
    try:
        response = decode_timestamp_response(reply)
        if response.status not in {PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS}:
            raise StampRefusedError(reason="not_granted")
        builder = VerifierBuilder(roots=list(roots), nonce=nonce)
        builder.build().verify_message(response, text)
    except (VerificationError, ValueError, TypeError) as error:
        raise StampRefusedError(reason="not_verified") from error
    said = response.tst_info
    at = said.gen_time if said.gen_time.tzinfo is not None else said.gen_time.replace(tzinfo=UTC)
    return Stamp(at=at, serial=f"{said.serial_number:x}")
