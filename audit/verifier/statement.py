"""Verifies a statement: a receipt, a certificate or one decision, and the event behind it.

The format stands in audit/statements.py: a line with the content, then a bundle of one event.
"""

import hmac
import io
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from struct import Struct
from typing import IO, Final

from audit.verifier.bundle import HEX, JsonObject, canonical, items, micros_of
from audit.verifier.findings import Finding, FormError, StatementReport, Verdict
from audit.verifier.leaf import Event
from audit.verifier.merkle import HASH_BYTES, leaf_hash, root_from
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle

SCHEMA: Final = "sekisho-statement/1"
OPENING: Final = b'{"content":'  # how the line of a statement begins in its one spelling
HEAD_LIMIT: Final = 1 << 20  # bytes of the content's line
BODY_LIMIT: Final = 64 << 20  # bytes of the proof
PROVEN: Final = frozenset(
    {Verdict.VERIFIED_WITNESSED, Verdict.VERIFIED_SELF_SIGNED, Verdict.UNPINNED}
)
HEADER: Final = b"sekisho/audit/decision\n"
ABSENT: Final = b"\xff\xff\xff\xff"
COLUMNS: Final = (
    "stream",
    "n",
    "id",
    "occurred_at",
    "actor",
    "actor_os",
    "purpose",
    "channel",
    "recipient",
    "country",
    "field",
    "outcome",
    "reasons",
    "policy_version",
    "consent_seq",
    "request_id",
    "network",
    "about",
)
NUMBERS: Final = ("n", "consent_seq")
_U32, _I64 = Struct(">I").pack, Struct(">q").pack


def verify_statement(stream: IO[bytes], evidence: Evidence) -> StatementReport:
    """What this statement is worth to someone who knew this evidence beforehand; never raises."""
    try:
        form, content = _head(stream.readline(HEAD_LIMIT + 1))
        proof = _within(stream.read(BODY_LIMIT + 1))
        log = verify_bundle(io.BytesIO(proof), evidence)
        if log.verdict not in PROVEN:
            return StatementReport(
                verdict=log.verdict, finding=log.finding, part=log.part, form=form, log=log
            )
        vouched = FORMS[form](content, _only_event(proof))
    except FormError as error:
        return StatementReport(verdict=Verdict.UNREADABLE, finding=Finding.FORM, part=error.part)
    if not vouched:
        return StatementReport(
            verdict=Verdict.TAMPERED, finding=Finding.STATEMENT, form=form, log=log
        )
    return StatementReport(verdict=log.verdict, form=form, content=content, log=log)


def _within(proof: bytes) -> bytes:
    """The proof, if it is no larger than that of one event can be."""
    if len(proof) > BODY_LIMIT:
        raise FormError("proof")
    return proof


def _head(raw: bytes) -> tuple[str, JsonObject]:
    """The form and the content of the first line."""
    try:
        line = json.loads(raw)
        same = isinstance(line, dict) and canonical(line) + b"\n" == raw
    except (ValueError, RecursionError) as error:
        raise FormError("statement") from error
    if not same or line.keys() != {"content", "form", "kind", "schema"}:
        raise FormError("statement")
    form, content = line["form"], line["content"]
    if (line["kind"], line["schema"]) != ("statement", SCHEMA) or not isinstance(content, dict):
        raise FormError("schema")
    if not isinstance(form, str) or form not in FORMS:
        raise FormError("form")
    return form, content


def _only_event(proof: bytes) -> Event:
    events = [item for item in items(io.BytesIO(proof)) if isinstance(item, Event)]
    if len(events) != 1:
        raise FormError("events")
    return events[0]


def _named(action: str) -> Callable[[JsonObject, Event], bool]:
    """Vouching by the digest of the whole content."""

    def vouches(content: JsonObject, event: Event) -> bool:
        ref = f"statement:{sha256(canonical(content)).hexdigest()}"
        return event.text("action") == action and ref in _refs(event)

    return vouches


def _decision(content: JsonObject, event: Event) -> bool:
    """Vouching by the root of a batch, to which the record's leaf leads."""
    needed = {"record", "place", "size", "path"}
    if not needed <= content.keys() <= needed | {"subject", "salt"}:
        raise FormError("content")
    record = content["record"]
    place, size, path = content["place"], content["size"], content["path"]
    if not isinstance(record, dict) or type(place) is not int or type(size) is not int:
        raise FormError("content")
    if not isinstance(path, list):
        raise FormError("path")
    root = root_from(
        leaf_hash(_encoded(record)),
        index=place,
        size=size,
        path=[_bytes(step, "path") for step in path],
    )
    if root is None or event.text("action") != "decisions.recorded":
        return False
    first = record.get("n", 0) - place
    numbers = {f"first={first}", f"last={first + size - 1}"}
    return (
        f"root:{root.hex()}" in _refs(event)
        and event.text("object_id") == record.get("stream")
        and numbers <= set((event.text("counts") or "").split(","))
        and _about(content, record)
    )


def _about(content: JsonObject, record: Mapping[str, object]) -> bool:
    """Whether the person who is named is the one whom the record commits to."""
    if "subject" not in content and "salt" not in content:
        return True
    subject = content.get("subject")
    if not isinstance(subject, str):
        raise FormError("subject")
    made = hmac.digest(_bytes(content.get("salt"), "salt"), subject.encode(), "sha256")
    return hmac.compare_digest(made, _bytes(record.get("about"), "about"))


def _encoded(record: Mapping[str, object]) -> bytes:
    """The record's encoding, version 1: columns as in an event, absent ones as 0xFFFFFFFF."""
    if not record.keys() <= set(COLUMNS):
        raise FormError("record")
    out = [HEADER, (1).to_bytes(2, "big")]
    for name in COLUMNS:
        value = record.get(name)
        if value is None:
            out.append(ABSENT)
        elif name in NUMBERS:
            out.append(_number(value, name))
        elif name == "about":
            raw = _bytes(value, name)
            out += (_U32(len(raw)), raw)
        elif not isinstance(value, str):
            raise FormError(name)
        elif name == "occurred_at":
            out.append(_number(micros_of(value, name), name))
        else:
            raw = value.encode()
            out += (_U32(len(raw)), raw)
    return b"".join(out)


def _number(value: object, name: str) -> bytes:
    if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
        raise FormError(name)
    return _U32(8) + _I64(value)


def _bytes(value: object, name: str) -> bytes:
    if not isinstance(value, str) or HEX.fullmatch(value) is None:
        raise FormError(name)
    raw = bytes.fromhex(value)
    if len(raw) != HASH_BYTES:
        raise FormError(name)
    return raw


def _refs(event: Event) -> frozenset[str]:
    return frozenset((event.text("refs") or "").split(","))


FORMS: Final[Mapping[str, Callable[[JsonObject, Event], bool]]] = {
    "consent_receipt": _named("receipt.issued"),
    "erasure_certificate": _named("certificate.issued"),
    "decision": _decision,
}
