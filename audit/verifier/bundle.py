"""Reads a bundle line by line; the format stands in audit/bundle.py, and nothing is trusted yet.

Every line is one JSON object in its one spelling (sorted keys, no spaces, UTF-8), with exactly
the members of its kind. What is spelled otherwise is refused before any hash is looked at.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import IO, assert_never

from audit.verifier.findings import Finding, FormError, FoundError, Verdict
from audit.verifier.leaf import COLUMNS, NUMBERS, REQUIRED, TIMES, Event, Part, PartState
from audit.verifier.merkle import HASH_BYTES
from audit.verifier.note import Note, VerifierKey, parse_note, parse_vkey

SCHEMA = "sekisho-audit-bundle/1"
LINE_LIMIT = 256 << 20  # bytes; an erasure that names millions of parts still fits
INTEGER_LIMIT = 1 << 63
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
HEX = re.compile(r"(?:[0-9a-f]{2})*")
FILTERS = (
    "subject",
    "actor",
    "action",
    "outcome",
    "field",
    "purpose",
    "object_type",
    "object_id",
    "network",
    "network_class",
    "request_id",
    "reason",
    "since",
    "until",
)

JsonObject = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier tree head, with the proof that the newest tree begins with it."""

    size: int
    root: bytes
    path: tuple[bytes, ...]
    note: Note | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the bundle says of itself."""

    note: Note
    earlier: tuple[Earlier, ...]
    keys: tuple[VerifierKey, ...]
    filter: Mapping[str, str]
    places: tuple[int, int]  # asked for: from, up to and not including
    count: int
    first_seq: int | None
    last_seq: int | None
    exported_at: str
    exported_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasing event with the ids of all parts that it destroyed."""

    event: Event
    part_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The counts of the last line."""

    events: int
    erasures: int
    opened: int
    withheld: int
    erased: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """The event that announced other keys of the log, and the tree that the keys before signed."""

    event: Event
    under: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event by which the log says that months ended, or that an older database was put back."""

    event: Event


Item = Manifest | KeyChange | Told | Event | Erasure | End


def items(stream: IO[bytes]) -> Iterator[Item]:
    """The parts of the bundle in their order, the end only if the digest of all before it holds.

    Raises FormError, or FoundError for a bundle that was cut off or changed.
    """
    digest, begun = sha256(), False
    while raw := stream.readline(LINE_LIMIT + 1):
        if len(raw) > LINE_LIMIT:
            raise FormError("line")
        if not raw.endswith(b"\n"):
            break
        line = _line(raw)
        item = _item(line)
        if isinstance(item, End):
            if line["sha256"] != digest.hexdigest():
                raise FoundError(
                    Finding.DIGEST, expected=_text(line, "sha256"), found=digest.hexdigest()
                )
            if stream.read(1):
                raise FormError("after_end")
            yield item
            return
        yield item
        digest.update(raw)
        begun = True
    if not begun:
        raise FormError("manifest")
    raise FoundError(Finding.TRUNCATED, verdict=Verdict.INCOMPLETE)


def canonical(value: JsonObject) -> bytes:
    """One spelling of a JSON object."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def micros_of(text: str, part: str) -> int:
    """The microseconds since 1970 of a time; raises FormError unless it is spelled so."""
    if TIME.fullmatch(text) is None:
        raise FormError(part)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise FormError(part) from error
    if moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z" != text:
        raise FormError(part)  # fails closed: 24:00 is a second spelling
    return (moment - EPOCH) // MICROSECOND


def _line(raw: bytes) -> JsonObject:
    try:
        found = json.loads(raw)
        same = isinstance(found, dict) and canonical(found) + b"\n" == raw
    except (ValueError, RecursionError) as error:
        raise FormError("line") from error
    if not same or not isinstance(found, dict):
        raise FormError("line")
    return found


def _item(line: JsonObject) -> Item:
    match line.get("kind"):
        case "manifest":
            return _manifest(line)
        case "event":
            return _event(_only(line, "kind", "seq", "version", "columns", "parts", "path"))
        case "key":
            _only(line, "kind", "event", "under")
            event = _event(_only(_object(line, "event"), *_EVENT))
            return KeyChange(event=event, under=_size(line, "under"))
        case "joint":
            _only(line, "kind", "event")
            return Told(event=_event(_only(_object(line, "event"), *_EVENT)))
        case "erasure":
            _only(line, "kind", "event", "part_ids")
            event = _event(_only(_object(line, "event"), *_EVENT))
            return Erasure(event=event, part_ids=_texts(line, "part_ids"))
        case "end":
            _only(line, "kind", "sha256", *_COUNTS)
            return End(**{name: _size(line, name) for name in _COUNTS})
        case _:
            raise FormError("kind")


_EVENT = ("seq", "version", "columns", "parts", "path")
_COUNTS = ("events", "erasures", "opened", "withheld", "erased")
_MANIFEST = (
    "kind",
    "schema",
    "checkpoint",
    "earlier",
    "keys",
    "filter",
    "places",
    "count",
    "first_seq",
    "last_seq",
    "exported_at",
    "exported_by",
)
_PART = ("id", "subject", "commitment", "sealed_hash", "state")


def _manifest(line: JsonObject) -> Manifest:
    if line.get("schema") != SCHEMA:
        raise FormError("schema")
    _only(line, *_MANIFEST)
    asked = _object(line, "filter")
    for name in asked:
        if name not in FILTERS:
            raise FormError("filter")
    places = line["places"]
    if not isinstance(places, list) or [type(place) for place in places] != [int, int]:
        raise FormError("places")
    exported_at = _text(line, "exported_at")
    micros_of(exported_at, "exported_at")
    return Manifest(
        note=parse_note(_text(line, "checkpoint")),
        earlier=tuple(_earlier(one) for one in _objects(line, "earlier")),
        keys=tuple(parse_vkey(text) for text in _texts(line, "keys")),
        filter={name: _text(asked, name) for name in asked},
        places=(places[0], places[1]),
        count=_size(line, "count"),
        first_seq=None if line["first_seq"] is None else _size(line, "first_seq"),
        last_seq=None if line["last_seq"] is None else _size(line, "last_seq"),
        exported_at=exported_at,
        exported_by=_text(line, "exported_by"),
    )


def _earlier(line: JsonObject) -> Earlier:
    _only(line, "size", "root", "path", "note")
    note = None if line["note"] is None else parse_note(_text(line, "note"))
    found = Earlier(size=_size(line, "size"), root=_hash(line, "root"), path=_path(line), note=note)
    if note is not None and (note.checkpoint.size, note.checkpoint.root) != (
        found.size,
        found.root,
    ):
        raise FoundError(Finding.CHECKPOINT, at_seq=found.size)
    return found


def _event(line: JsonObject) -> Event:
    return Event(
        seq=_size(line, "seq"),
        version=_size(line, "version"),
        columns=_columns(_object(line, "columns")),
        parts=tuple(_part(part) for part in _objects(line, "parts")),
        path=_path(line),
    )


def _columns(line: JsonObject) -> dict[str, str | int]:
    """The present columns; the digest of the parts is computed, never read."""
    if not line.keys() >= REQUIRED or not line.keys() <= set(COLUMNS[:-1]):
        raise FormError("columns")
    found: dict[str, str | int] = {}
    for name in line:
        if name in NUMBERS:
            found[name] = _number(line, name)
        elif name in TIMES:
            found[name] = micros_of(_text(line, name), name)
        else:
            found[name] = _text(line, name)
    return found


def _part(line: JsonObject) -> Part:
    try:
        state = PartState(_text(line, "state"))
    except ValueError as error:
        raise FormError("state") from error
    salt: bytes | None = None
    payload: bytes | None = None
    destroyed_by: str | None = None
    match state:
        case PartState.OPENED:
            _only(line, *_PART, "salt", "payload")
            salt, payload = _hash(line, "salt"), _text(line, "payload").encode()
        case PartState.WITHHELD:
            _only(line, *_PART)
        case PartState.ERASED:
            _only(line, *_PART, "destroyed_by")
            if line["destroyed_by"] is not None:
                destroyed_by = _text(line, "destroyed_by")
        case _:
            assert_never(state)
    return Part(
        id=_text(line, "id"),
        subject=_text(line, "subject"),
        commitment=_hash(line, "commitment"),
        sealed_hash=_hash(line, "sealed_hash"),
        state=state,
        salt=salt,
        payload=payload,
        destroyed_by=destroyed_by,
    )


def _only(line: JsonObject, *names: str) -> JsonObject:
    """The object, which has exactly these members."""
    if line.keys() != set(names):
        raise FormError("members")
    return line


def _text(line: JsonObject, name: str) -> str:
    value = line.get(name)
    if not isinstance(value, str):
        raise FormError(name)
    return value


def _number(line: JsonObject, name: str) -> int:
    value = line.get(name)
    if type(value) is not int or not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
        raise FormError(name)
    return value


def _size(line: JsonObject, name: str) -> int:
    value = _number(line, name)
    if value < 0:
        raise FormError(name)
    return value


def _hash(line: JsonObject, name: str) -> bytes:
    return _hashed(line.get(name), name)


def _hashed(value: object, name: str) -> bytes:
    if not isinstance(value, str) or HEX.fullmatch(value) is None:
        raise FormError(name)
    raw = bytes.fromhex(value)
    if len(raw) != HASH_BYTES:
        raise FormError(name)
    return raw


def _path(line: JsonObject) -> tuple[bytes, ...]:
    return tuple(_hashed(step, "path") for step in _list(line, "path"))


def _list(line: JsonObject, name: str) -> list[object]:
    value = line.get(name)
    if not isinstance(value, list):
        raise FormError(name)
    return value


def _texts(line: JsonObject, name: str) -> tuple[str, ...]:
    found = _list(line, name)
    if not all(isinstance(value, str) for value in found):
        raise FormError(name)
    return tuple(str(value) for value in found)


def _object(line: JsonObject, name: str) -> JsonObject:
    value = line.get(name)
    if not isinstance(value, dict):
        raise FormError(name)
    return value


def _objects(line: JsonObject, name: str) -> tuple[JsonObject, ...]:
    return tuple(_object({name: value}, name) for value in _list(line, name))
