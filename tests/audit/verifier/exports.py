"""Exports bundles of a bench's log, verifies them, and forges them as their holder could."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit.bundle import Exported, write_bundle
from audit.note import Checkpoint, KeyType, VerifierKey, cosign, parse_checkpoint, parse_note
from audit.review import EventFilter
from audit.store import last_note
from audit.verifier import note as pinned
from audit.verifier.bundle import canonical
from audit.verifier.findings import Report
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from governance.core.terms import ActorId
from governance.crypto.signing import Ed25519Signer
from tests.audit.bench import NOW, Bench, masked

EXPORTER = ActorId("u:officer")
WITNESS = Ed25519Signer.from_seed(b"\7" * 32)
WITNESS_KEY = VerifierKey(
    name="witness.example.com/w1", kind=KeyType.COSIGNATURE_ED25519, public=WITNESS.public_key
)


def export(
    bench: Bench, path: Path, asked: EventFilter | None = None, **more: Any
) -> tuple[Exported, bytes]:
    """The counts and the bytes of a bundle; personal parts in clear unless told otherwise."""
    known: dict[str, Any] = {
        "exported_at": NOW,
        "exported_by": EXPORTER,
        "keys": bench.keys.verifier_keys,
        "opener": masked,
    }
    with bench.db.read() as tx:
        done = write_bundle(tx, path, asked or EventFilter(), **(known | more))
    return done, path.read_bytes()


def pin(keys: Sequence[VerifierKey]) -> tuple[pinned.VerifierKey, ...]:
    return tuple(pinned.parse_vkey(key.vkey) for key in keys)


def verify(content: bytes, evidence: Evidence) -> Report:
    return verify_bundle(io.BytesIO(content), evidence)


def evidence(bench: Bench, *, held: Sequence[str] = ()) -> Evidence:
    """What someone knows who pinned the log's keys and the witness's."""
    return Evidence(
        keys=pin(bench.keys.verifier_keys),
        witnesses=pin([WITNESS_KEY]),
        held=tuple(pinned.parse_note(note) for note in held),
    )


def newest_note(bench: Bench) -> str:
    with bench.db.read() as tx:
        found = last_note(tx)
    assert found is not None
    return found


def cosigned(note: str) -> str:
    """The note with the witness's cosignature."""
    head: Checkpoint = parse_checkpoint(parse_note(note).text)
    return note + cosign(head, WITNESS_KEY, WITNESS, at=NOW)


@dataclass(frozen=True)
class Forger:
    """A bundle taken apart by its holder, who can count and hash but not sign."""

    lines: list[dict[str, Any]]

    @classmethod
    def of(cls, content: bytes) -> "Forger":
        return cls([json.loads(line) for line in content.splitlines()])

    def line(self, kind: str, at: int = 0) -> dict[str, Any]:
        return [line for line in self.lines if line["kind"] == kind][at]

    def recounted(self) -> "Forger":
        """The first and the last line say what the others hold."""
        events = [line for line in self.lines if line["kind"] == "event"]
        states = [part["state"] for event in events for part in event["parts"]]
        self.line("manifest").update(
            count=len(events),
            first_seq=events[0]["seq"] if events else None,
            last_seq=events[-1]["seq"] if events else None,
        )
        self.line("end").update(
            {name: states.count(name) for name in ("opened", "withheld", "erased")},
            events=len(events),
            erasures=sum(line["kind"] == "erasure" for line in self.lines),
        )
        return self

    def content(self) -> bytes:
        """The lines as a bundle whose digest holds."""
        body = b"".join(canonical(line) + b"\n" for line in self.lines[:-1])
        self.lines[-1]["sha256"] = sha256(body).hexdigest()
        return body + canonical(self.lines[-1]) + b"\n"


def forged(content: bytes, change: Callable[[Forger], object]) -> bytes:
    """The bundle after the change, with counts and digest made to fit."""
    forger = Forger.of(content)
    change(forger)
    return forger.recounted().content()


def told(content: bytes) -> Mapping[int, Any]:
    """What a reader would take from a bundle: columns and opened content by place."""
    return {
        line["seq"]: (
            line["columns"],
            [(part["subject"], part.get("payload")) for part in line["parts"]],
        )
        for line in Forger.of(content).lines
        if line["kind"] == "event"
    }
