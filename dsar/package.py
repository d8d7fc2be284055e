"""Packages: files with a signed list of their hashes, in an archive that has one spelling.

    manifest.json  {"schema": "sekisho-dsar-manifest/1", "reference", "created_at",
                    "files": [{"name", "sha256", "size"}, ...]}   files sorted by name
    manifest.sig   {"schema": "sekisho-dsar-signature/1", "algorithm": "ed25519",
                    "public_key": hex, "signature": hex}
    signature over the text sekisho/dsar-manifest/1, a line feed, and the bytes of manifest.json

A page alone (`single_page`) is the page's bytes and then, with both members in Base64,
<!--sekisho-dsar-page/1 NAME MANIFEST SIGNATURE--> and a line feed; audit/verifier/page.py reads it.

The archive is a ZIP of stored members in name order with fixed times, so that the same files
give the same bytes, and anything before, between or after them is seen.
"""

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from audit.note import KeyType, VerifierKey
from audit.types import Verdict, canonical_json
from governance.crypto.signing import Signer, verify_ed25519
from governance.keys.ring import KeyRing
from governance.keys.signers import public_keys
from governance.keys.types import SigningAlgorithm

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MANIFEST_SCHEMA: Final = "sekisho-dsar-manifest/1"
PAGE_SCHEMA: Final = "sekisho-dsar-page/1"
SIGNATURE_SCHEMA: Final = "sekisho-dsar-signature/1"
TAG: Final = b"sekisho/dsar-manifest/1\n"
SIGNER: Final = "dsar-package"  # name of the signing key in the key store
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # a ZIP has no earlier time
UNIX, FILE_MODE = 3, 0o100600
LOCAL_HEADER: Final = 30  # bytes before a member's name; ours have no extra field
MEMBER_LIMIT, BYTES_LIMIT = 10_000, 1 << 30  # an archive beyond them is not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An archive and the hash of its manifest."""

    content: bytes = field(repr=False)
    manifest_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a check found; `file` names the first member that does not fit."""

    verdict: Verdict
    reference: str | None = None
    file: str | None = None
    expected: str | None = None
    found: str | None = None

    def __bool__(self) -> bool:
        return self.verdict is Verdict.VERIFIED_SELF_SIGNED


def pack(
    files: Mapping[str, bytes], *, reference: str, created_at: datetime, signer: Signer
) -> Package:
    """The files with their signed manifest as one archive."""
    manifest = canonical_json(
        {
            "schema": MANIFEST_SCHEMA,
            "reference": reference,
            "created_at": created_at.isoformat(),
            "files": [
                {"name": name, "sha256": sha256(files[name]).hexdigest(), "size": len(files[name])}
                for name in sorted(files)
            ],
        }
    )
    signature = canonical_json(
        {
            "schema": SIGNATURE_SCHEMA,
            "algorithm": "ed25519",
            "public_key": signer.public_key.hex(),
            "signature": signer.sign(TAG + manifest).hex(),
        }
    )
    members = {**files, MANIFEST: manifest, SIGNATURE: signature}
    return Package(content=zipped(members), manifest_hash=sha256(manifest).hexdigest())


def zipped(members: Mapping[str, bytes]) -> bytes:
    """The one archive of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, FILE_MODE << 16
            archive.writestr(entry, members[name])
    return stream.getvalue()


def single_page(content: bytes, name: str) -> bytes | None:
    """A page of the package with the signed list behind it; None when the package has no such."""
    members = members_of(content)
    if not {name, MANIFEST, SIGNATURE} <= members.keys():
        return None
    seal = " ".join([name, *(b64encode(members[part]).decode() for part in (MANIFEST, SIGNATURE))])
    return members[name] + f"<!--{PAGE_SCHEMA} {seal}-->\n".encode()


def answer_keys(ring: KeyRing) -> tuple[VerifierKey, ...]:
    """Every public key that ever signed answers, to be published."""
    return tuple(
        VerifierKey(name=SIGNER, kind=KeyType.ED25519, public=public)
        for algorithm, public in public_keys(ring, SIGNER)
        if algorithm is SigningAlgorithm.ED25519
    )


def verify_package(content: bytes, public_key: bytes) -> Verified:
    """Whether the package is whole and signed under this pinned key; never raises."""
    members = _members(content)
    if members is None:
        return Verified(verdict=Verdict.UNREADABLE)
    for name in (MANIFEST, SIGNATURE):
        if name not in members:
            return Verified(verdict=Verdict.INCOMPLETE, file=name)
    if not _signed(members, public_key):
        return Verified(verdict=Verdict.TAMPERED, file=MANIFEST)
    manifest: dict[str, Any] = json.loads(members[MANIFEST])  # signed, so it is our spelling
    finding = _differing(manifest, members)
    if finding is not None:
        return finding
    reference = str(manifest["reference"])
    if zipped(members) != content:  # fails closed: bytes that no member accounts for
        return Verified(verdict=Verdict.TAMPERED, reference=reference)
    return Verified(verdict=Verdict.VERIFIED_SELF_SIGNED, reference=reference)


def members_of(content: bytes) -> Mapping[str, bytes]:
    """The members of a package; empty when it cannot be read."""
    return _members(content) or {}


def _members(content: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
            if len(entries) > MEMBER_LIMIT or size > BYTES_LIMIT or not stored:
                return None  # fails closed: not an archive of ours
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError):
        return None
    return {entry.filename: _stored(content, entry) for entry in entries}


def _stored(content: bytes, entry: zipfile.ZipInfo) -> bytes:
    """A member's bytes as they stand, whatever its checksum says: our own hash names the file."""
    start = entry.header_offset + LOCAL_HEADER + len(entry.filename.encode())
    return content[start : start + entry.file_size]


def _signed(members: Mapping[str, bytes], public_key: bytes) -> bool:
    """Whether the signature file is one of this key over the manifest."""
    try:
        told = json.loads(members[SIGNATURE])
        signature = bytes.fromhex(told["signature"])
        form = (told["schema"], told["algorithm"], told["public_key"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return False  # fails closed: a signature that cannot be read signs nothing
    if form != (SIGNATURE_SCHEMA, "ed25519", public_key.hex()):
        return False
    return verify_ed25519(public_key, TAG + members[MANIFEST], signature)


def _differing(manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> Verified | None:
    """The first member that the manifest does not account for."""
    listed = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    for name in sorted(members.keys() - listed.keys() - {MANIFEST, SIGNATURE}):
        return Verified(verdict=Verdict.TAMPERED, file=name)
    for name in sorted(listed):
        if name not in members:
            return Verified(verdict=Verdict.INCOMPLETE, file=name)
        found = sha256(members[name]).hexdigest()
        if found != listed[name]:
            return Verified(verdict=Verdict.TAMPERED, file=name, expected=listed[name], found=found)
    return None
