"""Verifies the one page of an answer: what stands before its seal is a file of the signed manifest.

    page            the file as the manifest lists it, every byte
    <!--sekisho-dsar-page/1 NAME MANIFEST SIGNATURE-->LF
                    the name of that file; manifest.json and manifest.sig of the package in Base64

The files inside the page (data: addresses) stand before the seal, so their bytes are covered, too.
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256

from audit.verifier.findings import Finding, FormError, PackageReport, Verdict
from audit.verifier.note import VerifierKey
from audit.verifier.package import (
    MANIFEST,
    SIGNATURE,
    listed_in,
    pinned,
    refused,
    signer_of,
    vouched,
)

OPENING = b"<!doctype html>"
SEAL = re.compile(
    rb"<!--sekisho-dsar-page/1 ([A-Za-z0-9._-]{1,80}) ([A-Za-z0-9+/=]+) ([A-Za-z0-9+/=]+)-->\n\Z"
)
SEAL_LIMIT = 16 << 20  # bytes of a seal: more than the longest list of files


def verify_page(content: bytes, keys: Sequence[VerifierKey]) -> PackageReport:
    """What this page is worth to someone who pinned these keys; never raises."""
    start = content.rfind(b"<!--sekisho-dsar-page/1 ", max(0, len(content) - SEAL_LIMIT))
    seal = SEAL.match(content, start) if start >= 0 else None
    if seal is None:
        return refused(Finding.FILE, Verdict.INCOMPLETE, file=SIGNATURE)
    try:
        members = {MANIFEST: _bytes(seal[2], MANIFEST), SIGNATURE: _bytes(seal[3], SIGNATURE)}
        public = signer_of(members)
        listed = listed_in(members[MANIFEST])
    except FormError as error:
        return refused(Finding.FORM, Verdict.UNREADABLE, file=error.part)
    trusted = pinned(public, keys)
    if isinstance(trusted, PackageReport):
        return trusted
    name = seal[1].decode()
    expected, found = listed.files.get(name), sha256(content[:start]).hexdigest()
    if found != expected:  # fails closed: a name that nobody signed expects nothing
        return refused(Finding.FILE, Verdict.TAMPERED, file=name, expected=expected, found=found)
    return vouched(listed, trusted, files=1)


def _bytes(told: bytes, part: str) -> bytes:
    try:
        return b64decode(told, validate=True)
    except ValueError as error:
        raise FormError(part) from error
