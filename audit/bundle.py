"""Exports events of the log as one file that proves itself: the bundle, version 1.

A bundle is UTF-8 text of lines; each is one JSON object in its one spelling (sorted keys, no
spaces) and a line feed. Times are 2026-04-01T09:00:00.000000Z, hashes lower-case hex.

    {"kind":"manifest","schema":"sekisho-audit-bundle/1",
     "checkpoint": the signed note of the tree that every path leads to,
     "earlier":    [{"size","root","path","note" or null}]  trees that it is proven to begin with,
     "keys":       [vkey]        named for the reader's comparison; a verifier never trusts them,
     "filter":     {name: value} the conditions of EventFilter that were set,
     "places":     [from, below] the places of the log that were asked for,
     "count", "first_seq", "last_seq", "exported_at", "exported_by"}
    {"kind":"key", "event": {an event as below}, "under": size}  a change of the log's key, before
     all events: the tree of this size, among the earlier ones, is signed by the key before it
    {"kind":"joint", "event": {an event as below}}  months that ended, a database put back;
     they name trees that stand among the earlier ones, as openings of months among the events do
    {"kind":"event", "seq", "version", "columns": {name: value of each present column},
     "parts": [part], "path": [inclusion proof, RFC 9162 2.1.3]}             by rising place
    {"kind":"erasure", "event": {an event as above}, "part_ids": [all that it destroyed]}
     for every erasing event that took a part away from an event above
    {"kind":"end", "events", "erasures", "opened", "withheld", "erased",
     "sha256": of all bytes before this line}

A part is {"id","subject","commitment","sealed_hash","state"} and, by state:
    opened    "salt", "payload"  the content in clear; HMAC-SHA256(salt, payload) = commitment
    withheld  nothing            neither content nor salt, which would let one guess the content
    erased    "destroyed_by"     the event that destroyed it, null when the log names none
The column parts_digest is not written: a verifier computes it from the parts.

What stands only in the manifest is the exporter's word. The caller records the export
(EventCode.LOG_EXPORTED) with the digest of the file, which binds that word to the log.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, Row, select

from audit.actions import EventCode
from audit.errors import NotSequencedError, PartForgedError, ProofRangeError
from audit.expiry.store import expired_parts
from audit.key_changes import changes
from audit.leaf import COLUMNS, commitment, sealed_hash
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PARTS
from audit.note import Checkpoint, VerifierKey, parse_checkpoint, parse_note
from audit.review import EventFilter, events
from audit.shards.claims import Claim, named_sizes
from audit.shards.store import claims_in
from audit.store import last_note, prove_all, prove_consistency
from audit.types import canonical_json
from audit.witness.asking import cosigned_note, newest_of_each
from governance.core.terms import ActorId, EventId, RowId, SubjectId

SCHEMA: Final = "sekisho-audit-bundle/1"
PAGE = 500  # events read at once; below the limit of one IN list on both engines
FILE_MODE = 0o600  # a bundle can hold personal data

Opener = Callable[[SubjectId, RowId, bytes], bytes | None]  # None: this person is withheld
AnyRow = Row[*tuple[Any, ...]]

_WRITTEN = tuple(name for name in COLUMNS if name != "parts_digest")
_COVERED = tuple(
    LEAVES.c.recorded_at if name == "recorded_at" else EVENTS.c[name] for name in _WRITTEN
)
_EVENTS = select(LEAVES.c.seq, EVENTS.c.schema_version, *_COVERED).join_from(
    LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id
)


class PartState(StrEnum):
    """What the bundle shows of a personal part."""

    OPENED = "opened"
    WITHHELD = "withheld"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places of the log that are asked for; `below` is excluded, None is the tree's size."""

    start: int = 0
    below: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a bundle holds, as the event of its export records it."""

    events: int
    first_seq: int | None
    last_seq: int | None
    size: int  # of the signed tree
    erasures: int
    opened: int
    withheld: int
    erased: int
    opened_about: frozenset[SubjectId]
    sha256: str  # of the whole file


@dataclass(slots=True, kw_only=True)
class _Written:
    """The file so far: its digest and what was counted."""

    stream: IO[bytes]
    digest: Any = field(default_factory=sha256)
    states: dict[PartState, int] = field(default_factory=lambda: dict.fromkeys(PartState, 0))
    opened_about: set[SubjectId] = field(default_factory=set)
    erasers: dict[str, None] = field(default_factory=dict)  # in the order of their first part

    def line(self, value: Mapping[str, object]) -> None:
        """The object stands as the next line."""
        raw = canonical_json(value) + b"\n"
        self.stream.write(raw)
        self.digest.update(raw)


def write_bundle(
    tx: Connection,
    path: Path,
    asked: EventFilter,
    *,
    exported_at: datetime,
    exported_by: ActorId,
    keys: Sequence[VerifierKey],
    opener: Opener | None = None,
    places: Places | None = None,
    earlier: Sequence[int] = (),
    note: str | None = None,
) -> Exported:
    """The matching events of the signed tree stand in the file, with their proofs.

    Personal parts are in clear only where `opener` opens them. `earlier` names sizes of trees
    that the reader already knows; `note` is the checkpoint to prove against, or else the newest
    stored one. Cosignatures go along, and the newest cosigned tree of each witness stands among
    the earlier ones. The file appears whole or not at all.
    """
    stored = last_note(tx) if note is None else note
    if stored is None:
        raise NotSequencedError
    head = parse_checkpoint(parse_note(stored).text)
    signed = stored if note is not None else cosigned_note(tx, head.size, stored)
    cosigned = {size for size in newest_of_each(tx) if size < head.size}
    changed = [one for one in changes(tx) if one[1] < head.size]
    cosigned.update(under for _, under in changed)
    joints = [claim for claim in claims_in(tx) if claim.seq < head.size]
    asked_places = _bounded(places or Places(), head)
    found = _places(tx, asked, asked_places)
    cosigned.update(named_sizes(joints, found))
    manifest = {
        "checkpoint": signed,
        "earlier": [_earlier(tx, size, head) for size in sorted({*earlier, *cosigned})],
        "keys": [key.vkey for key in keys],
        "exported_at": _time(exported_at),
        "exported_by": exported_by,
    } | _content(asked, asked_places, found)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with _private(fresh) as stream:
            out = _Written(stream=stream)
            out.line(manifest)
            _joint_lines(tx, changed, joints, head, out)
            done = _write(tx, out, found, head=head, opener=opener)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return done


def _content(asked: EventFilter, places: Places, found: Sequence[int]) -> dict[str, object]:
    """What the manifest says of the events that follow it."""
    return {
        "kind": "manifest",
        "schema": SCHEMA,
        "filter": _spelled(asked),
        "places": [places.start, places.below],
        "count": len(found),
        "first_seq": found[0] if found else None,
        "last_seq": found[-1] if found else None,
    }


def _write(
    tx: Connection,
    out: _Written,
    found: Sequence[int],
    *,
    head: Checkpoint,
    opener: Opener | None,
) -> Exported:
    for line in _event_lines(tx, found, head, out, opener):
        out.line({"kind": "event"} | line)
    erasures = 0
    for event_id in out.erasers:
        erasure = _erasure(tx, event_id, head)
        if erasure is not None:
            out.line(erasure)
            erasures += 1
    counts = {state.value: out.states[state] for state in PartState}
    body = out.digest.hexdigest()
    out.line({"kind": "end", "events": len(found), "erasures": erasures, "sha256": body} | counts)
    out.stream.flush()
    os.fsync(out.stream.fileno())
    return Exported(
        events=len(found),
        first_seq=found[0] if found else None,
        last_seq=found[-1] if found else None,
        size=head.size,
        erasures=erasures,
        opened=out.states[PartState.OPENED],
        withheld=out.states[PartState.WITHHELD],
        erased=out.states[PartState.ERASED],
        opened_about=frozenset(out.opened_about),
        sha256=out.digest.hexdigest(),
    )


def _joint_lines(
    tx: Connection,
    changed: Sequence[tuple[int, int]],
    joints: Sequence[Claim],
    head: Checkpoint,
    out: _Written,
) -> None:
    """Changes of the log's key with the tree that the key before signed; ends and restores."""

    def event(seq: int) -> dict[str, object]:
        return next(_event_lines(tx, [seq], head, _Written(stream=out.stream), None))

    for seq, under in changed:
        out.line({"kind": "key", "event": event(seq), "under": under})
    for claim in joints:
        if claim.action is not EventCode.LOG_SHARD_OPENED:
            out.line({"kind": "joint", "event": event(claim.seq)})


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb")


def _bounded(places: Places, head: Checkpoint) -> Places:
    below = head.size if places.below is None else places.below
    if not 0 <= places.start <= below <= head.size:
        raise ProofRangeError(index=below, size=head.size)
    return Places(start=places.start, below=below)


def _places(tx: Connection, asked: EventFilter, places: Places) -> list[int]:
    """The places of the matching events, rising."""
    found: list[int] = []
    before = places.below
    while page := events(tx, asked, before=before, limit=PAGE):
        found += [event.seq for event in page if event.seq >= places.start]
        before = page[-1].seq
        if before <= places.start:
            break
    return found[::-1]


def _earlier(tx: Connection, size: int, head: Checkpoint) -> dict[str, object]:
    """An earlier tree, with the proof that the signed one begins with it."""
    proof = prove_consistency(tx, size, size=head.size)
    query = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size == size)
    note = tx.execute(query).scalar_one_or_none()
    return {
        "size": size,
        "root": proof.old_root.hex(),
        "path": [step.hex() for step in proof.path],
        "note": None if note is None else cosigned_note(tx, size, note),
    }


def _event_lines(
    tx: Connection,
    found: Sequence[int],
    head: Checkpoint,
    out: _Written,
    opener: Opener | None,
) -> Iterator[dict[str, object]]:
    proofs = prove_all(tx, found, size=head.size)
    for start in range(0, len(found), PAGE):
        page = found[start : start + PAGE]
        query = _EVENTS.where(LEAVES.c.seq.in_(page)).order_by(LEAVES.c.seq)
        rows = tx.execute(query).all()
        parts = _parts(tx, [row.id for row in rows])
        for row in rows:
            told = [_part(part, out, opener) for part in parts.get(row.id, ())]
            yield _event(row, told, next(proofs).path)


def _event(
    row: AnyRow, parts: Sequence[dict[str, object]], path: Iterable[bytes]
) -> dict[str, object]:
    columns = {
        name: _time(value) if isinstance(value, datetime) else value
        for name in _WRITTEN
        if (value := getattr(row, name)) is not None
    }
    return {
        "seq": row.seq,
        "version": row.schema_version,
        "columns": columns,
        "parts": list(parts),
        "path": [step.hex() for step in path],
    }


def _parts(tx: Connection, event_ids: Sequence[str]) -> dict[str, list[AnyRow]]:
    """The parts of each event in their order."""
    query = select(PARTS).where(PARTS.c.event_id.in_(event_ids))
    found: dict[str, list[AnyRow]] = {}
    for part in tx.execute(query.order_by(PARTS.c.event_id, PARTS.c.ord)):
        found.setdefault(part.event_id, []).append(part)
    return found


def _part(part: AnyRow, out: _Written, opener: Opener | None) -> dict[str, object]:
    """A part as its state allows to show it."""
    told = _cover(part)
    payload: bytes | None = None
    if part.payload is None:
        told = _gone(part)
        if part.destroyed_by is not None:
            out.erasers[part.destroyed_by] = None
    elif opener is not None and (payload := _opened(part, opener)) is not None:
        told |= {
            "state": PartState.OPENED.value,
            "salt": part.salt.hex(),
            "payload": payload.decode(),
        }
        out.opened_about.add(SubjectId(part.subject))
    out.states[PartState(str(told["state"]))] += 1
    return told


def _cover(part: AnyRow) -> dict[str, object]:
    """What the leaf covers of a part, as of one that is withheld."""
    return {
        "id": part.id,
        "subject": part.subject,
        "commitment": part.commitment.hex(),
        "sealed_hash": part.sealed_hash.hex(),
        "state": PartState.WITHHELD.value,
    }


def _opened(part: AnyRow, opener: Opener) -> bytes | None:
    """The content, if it may be shown; raises PartForgedError if it is not what was recorded."""
    if sealed_hash(part.salt, part.payload) != part.sealed_hash:
        raise PartForgedError
    payload = opener(SubjectId(part.subject), RowId(part.id), part.payload)
    if payload is not None and commitment(part.salt, payload) != part.commitment:
        raise PartForgedError
    return payload


def _erasure(tx: Connection, event_id: str, head: Checkpoint) -> dict[str, object] | None:
    """The erasing event with all that it destroyed; None while it is not in the signed tree."""
    query = _EVENTS.where(EVENTS.c.id == event_id, LEAVES.c.seq < head.size)
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    destroyed = select(PARTS.c.id).where(PARTS.c.destroyed_by == event_id).order_by(PARTS.c.id)
    told = [
        _cover(part) if part.payload is not None else _gone(part)
        for part in _parts(tx, [EventId(row.id)]).get(row.id, ())
    ]
    proof = next(prove_all(tx, [row.seq], size=head.size))
    ids = (*tx.execute(destroyed).scalars(), *expired_parts(tx, event_id))
    return {
        "kind": "erasure",
        "event": _event(row, told, proof.path),
        "part_ids": sorted(ids),
    }


def _gone(part: AnyRow) -> dict[str, object]:
    return _cover(part) | {"state": PartState.ERASED.value, "destroyed_by": part.destroyed_by}


def _spelled(asked: EventFilter) -> dict[str, str]:
    """The conditions that were set."""
    return {
        name: _time(value) if isinstance(value, datetime) else str(value)
        for name in EventFilter.__dataclass_fields__
        if (value := getattr(asked, name)) is not None
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
