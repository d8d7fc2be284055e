"""Statements that prove themselves: a content, and the one event of the log that vouches for it.

A statement is UTF-8 text of lines. The first is one JSON object in its one spelling (sorted keys,
no spaces):
    {"kind":"statement", "schema":"sekisho-statement/1", "form", "content"}
The rest is a bundle (audit/bundle.py) of exactly one event, which vouches by the form:
    consent_receipt, erasure_certificate   receipt.issued, certificate.issued: a reference is
        statement:<SHA-256 of the content in its one spelling>; the content holds a nonce that
        nobody else knows, so that the reference tells nothing of it
    decision   decisions.recorded: the content is {"record": {column: value}, "place", "size",
        "path", and where the person still stands "subject" and "salt"}; the record's leaf leads
        by the path to the root that the event names (audit/decisions/types.py)
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection

from audit.bundle import Places, write_bundle
from audit.decisions.store import BatchProof
from audit.decisions.types import COLUMNS
from audit.note import VerifierKey
from audit.review import EventFilter
from audit.types import Column, canonical_json
from governance.core.terms import ActorId

SCHEMA: Final = "sekisho-statement/1"
REF: Final = "statement:"  # and the digest of the content
NONCE_BYTES: Final = 32


class Form(StrEnum):
    """What is stated."""

    DECISION = "decision"
    CONSENT_RECEIPT = "consent_receipt"
    ERASURE_CERTIFICATE = "erasure_certificate"


def hidden(content: Mapping[str, object]) -> dict[str, object]:
    """The content with a nonce, without which its digest tells nothing."""
    return dict(content) | {"nonce": token_hex(NONCE_BYTES)}


def statement_ref(content: Mapping[str, object]) -> str:
    """How the event that vouches for a content names it."""
    return REF + sha256(canonical_json(content)).hexdigest()


def decision_content(proof: BatchProof) -> dict[str, object]:
    """What a statement of one decision says."""
    record = {
        name: _spelled(value)
        for name, value in zip(COLUMNS, proof.record.columns, strict=True)
        if value is not None
    }
    content: dict[str, object] = {
        "record": record,
        "place": proof.place,
        "size": proof.size,
        "path": [step.hex() for step in proof.path],
    }
    link = proof.record.link
    if link is not None:
        content |= {"subject": link.subject, "salt": link.salt.hex()}
    return content


def _spelled(value: Column) -> str | int | None:
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).replace(tzinfo=None)
        return utc.isoformat(timespec="microseconds") + "Z"
    return value.hex() if isinstance(value, bytes) else value


def statement(
    tx: Connection,
    form: Form,
    content: Mapping[str, object],
    *,
    seq: int,
    exported_at: datetime,
    exported_by: ActorId,
    keys: Sequence[VerifierKey],
) -> bytes:
    """The statement as a file, with the proof that its event stands at this place of the log."""
    head = {"kind": "statement", "schema": SCHEMA, "form": form.value, "content": dict(content)}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "proof"
        write_bundle(
            tx,
            path,
            EventFilter(),
            exported_at=exported_at,
            exported_by=exported_by,
            keys=keys,
            places=Places(start=seq, below=seq + 1),
        )
        return canonical_json(head) + b"\n" + path.read_bytes()
