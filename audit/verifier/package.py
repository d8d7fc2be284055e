"""Verifies a package of files with a signed manifest, as the answer to a request is handed over.

The format stands in dsar/package.py: a ZIP of stored members in name order with fixed times,
manifest.json with the hash of every file, manifest.sig with an Ed25519 signature over
TAG || manifest.json.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from audit.verifier import ed25519
from audit.verifier.findings import Finding, FormError, PackageReport, Verdict
from audit.verifier.note import KeyType, VerifierKey

MAGIC = b"PK\x03\x04"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MANIFEST_SCHEMA, SIGNATURE_SCHEMA = "sekisho-dsar-manifest/1", "sekisho-dsar-signature/1"
TAG = b"sekisho/dsar-manifest/1\n"
EPOCH = (1980, 1, 1, 0, 0, 0)
UNIX, FILE_MODE = 3, 0o100600
LOCAL_HEADER = 30  # bytes before a member's name; ours have no extra field
MEMBER_LIMIT, BYTES_LIMIT = 10_000, 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the manifest says: whose request, which files with which hash."""

    reference: str
    files: Mapping[str, str]


def verify_package(content: bytes, keys: Sequence[VerifierKey]) -> PackageReport:
    """What this package is worth to someone who pinned these keys; never raises."""
    try:
        members = _members(content)
        for name in (MANIFEST, SIGNATURE):
            if name not in members:
                return refused(Finding.FILE, Verdict.INCOMPLETE, file=name)
        public = signer_of(members)
        listed = listed_in(members[MANIFEST])
    except FormError as error:
        return refused(Finding.FORM, Verdict.UNREADABLE, file=error.part)
    trusted = pinned(public, keys)
    if isinstance(trusted, PackageReport):
        return trusted
    finding = _differing(listed, members)
    if finding is not None:
        return finding
    if _zipped(members) != content:  # fails closed: bytes that no member accounts for
        return refused(Finding.DIGEST, Verdict.TAMPERED)
    return vouched(listed, trusted, files=len(listed.files))


def pinned(public: bytes | None, keys: Sequence[VerifierKey]) -> VerifierKey | PackageReport | None:
    """The pinned key that signed, none where none was pinned; else the report that says why not."""
    if public is None:
        return refused(Finding.SIGNATURE, Verdict.TAMPERED, file=MANIFEST)
    signer = next((k for k in keys if k.kind is KeyType.ED25519 and k.public == public), None)
    if keys and signer is None:
        return refused(Finding.OTHER_KEY, Verdict.TAMPERED, file=SIGNATURE)
    return signer


def vouched(listed: Listed, signer: VerifierKey | None, *, files: int) -> PackageReport:
    """The report of files that are what was signed."""
    return PackageReport(
        verdict=Verdict.UNPINNED if signer is None else Verdict.VERIFIED_SELF_SIGNED,
        reference=listed.reference,
        signed_by=None if signer is None else signer.name,
        files=files,
    )


def refused(
    finding: Finding,
    verdict: Verdict,
    *,
    file: str | None = None,
    expected: str | None = None,
    found: str | None = None,
) -> PackageReport:
    """The report of a package that is not verified, and why."""
    return PackageReport(
        verdict=verdict, finding=finding, file=file, expected=expected, found=found
    )


def _members(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
            if len(entries) > MEMBER_LIMIT or size > BYTES_LIMIT or not stored:
                raise FormError("archive")
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError) as error:
        raise FormError("archive") from error
    return {entry.filename: _raw(content, entry) for entry in entries}


def _raw(content: bytes, entry: zipfile.ZipInfo) -> bytes:
    """A member as it stands, whatever its checksum says: the signed hash names the bad file."""
    start = entry.header_offset + LOCAL_HEADER + len(entry.filename.encode())
    return content[start : start + entry.file_size]


def signer_of(members: Mapping[str, bytes]) -> bytes | None:
    """The key that the signature names, if it signed the manifest; raises FormError."""
    told = _object(members[SIGNATURE], SIGNATURE)
    if told.keys() != {"schema", "algorithm", "public_key", "signature"}:
        raise FormError(SIGNATURE)
    if (told["schema"], told["algorithm"]) != (SIGNATURE_SCHEMA, "ed25519"):
        raise FormError(SIGNATURE)
    try:
        public = bytes.fromhex(str(told["public_key"]))
        signature = bytes.fromhex(str(told["signature"]))
    except ValueError as error:
        raise FormError(SIGNATURE) from error
    holds = ed25519.verify(public, TAG + members[MANIFEST], signature)
    return public if holds else None


def listed_in(raw: bytes) -> Listed:
    """What the manifest says; raises FormError."""
    manifest = _object(raw, MANIFEST)
    reference, entries = manifest.get("reference"), manifest.get("files")
    if manifest.get("schema") != MANIFEST_SCHEMA or not isinstance(reference, str):
        raise FormError(MANIFEST)
    if not isinstance(entries, list):
        raise FormError(MANIFEST)
    files: dict[str, str] = {}
    for entry in entries:
        name, digest = (entry.get(k) for k in ("name", "sha256")) if _is(entry) else (None, None)
        if not isinstance(name, str) or not isinstance(digest, str) or name in files:
            raise FormError(MANIFEST)
        files[name] = digest
    return Listed(reference=reference, files=files)


def _is(entry: object) -> bool:
    return isinstance(entry, dict)


def _object(raw: bytes, part: str) -> dict[str, object]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise FormError(part) from error
    if not isinstance(found, dict):
        raise FormError(part)
    return found


def _differing(listed: Listed, members: Mapping[str, bytes]) -> PackageReport | None:
    """The first member that the manifest does not account for."""
    for name in sorted(members.keys() - listed.files.keys() - {MANIFEST, SIGNATURE}):
        return refused(Finding.FILE, Verdict.TAMPERED, file=name)
    for name in sorted(listed.files):
        if name not in members:
            return refused(Finding.FILE, Verdict.INCOMPLETE, file=name)
        found, expected = sha256(members[name]).hexdigest(), listed.files[name]
        if found != expected:
            return refused(
                Finding.FILE, Verdict.TAMPERED, file=name, expected=expected, found=found
            )
    return None


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """The one archive of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, FILE_MODE << 16
            archive.writestr(entry, members[name])
    return stream.getvalue()
