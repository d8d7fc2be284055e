"""Recomputes the whole log from its rows and says what it is worth; it changes nothing.

Every leaf is computed again from the event's columns and parts and compared with the stored
leaf and tile; the roots with every checkpoint in the database and the one kept outside it; the
newest checkpoint with the pinned keys. A destroyed part is lawful only if an erasing event in
the tree names its person and, by digest, exactly the parts that it destroyed.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from audit.actions import ERASING
from audit.anchor import read_anchor
from audit.errors import NoteFormError, NoteSignatureError, UnknownLeafVersionError
from audit.findings import Evidence, Finding, FoundError, Report
from audit.key_changes import followed
from audit.leaf import COLUMNS, destroyed_digest, leaves_of, parts_digest, sealed_hash
from audit.models import CHECKPOINTS, EVENTS, LEAVES, PARTS, PENDING, STATE, TILES
from audit.note import Checkpoint, VerifierKey, parse_checkpoint, parse_note, verify_note
from audit.tiles import WIDTH, split
from audit.tree import Frontier
from audit.types import PartCover, Verdict
from audit.witness.asking import newest_cosigned
from governance.core.errors import UnavailableError
from governance.core.terms import RowId, SubjectId
from governance.db.engine import Database

AnyRow = Row[*tuple[Any, ...]]
NOTE_PAGE = 200  # checkpoints read at once; a note is about 4 kB

_COVERED = tuple(
    LEAVES.c.recorded_at if name == "recorded_at" else EVENTS.c[name] for name in COLUMNS
)
_BLOCK = (
    select(LEAVES.c.seq, LEAVES.c.leaf, LEAVES.c.event_id, EVENTS.c.schema_version, *_COVERED)
    .join_from(LEAVES, EVENTS, EVENTS.c.id == LEAVES.c.event_id, isouter=True)
    .where(LEAVES.c.seq >= bindparam("start"), LEAVES.c.seq < bindparam("end"))
    .order_by(LEAVES.c.seq)
)
_BLOCK_PARTS = (
    select(LEAVES.c.seq, PARTS)
    .join_from(LEAVES, PARTS, PARTS.c.event_id == LEAVES.c.event_id)
    .where(LEAVES.c.seq >= bindparam("start"), LEAVES.c.seq < bindparam("end"))
    .order_by(LEAVES.c.seq, PARTS.c.ord)
)
_TILE = select(TILES.c.hashes).where(TILES.c.level == 0, TILES.c.n == bindparam("n"))
_NOTES = (
    select(CHECKPOINTS.c.size, CHECKPOINTS.c.root, CHECKPOINTS.c.note)
    .where(CHECKPOINTS.c.size > bindparam("after"))
    .order_by(CHECKPOINTS.c.size)
    .limit(NOTE_PAGE)
)
_DESTROYED = (
    select(PARTS.c.id, PARTS.c.subject, PARTS.c.destroyed_by, LEAVES.c.seq)
    .join_from(PARTS, LEAVES, LEAVES.c.event_id == PARTS.c.event_id, isouter=True)
    .where(PARTS.c.payload.is_(None))
)
_ERASER = (
    select(EVENTS.c.action, EVENTS.c.subject, EVENTS.c.refs, LEAVES.c.seq, PENDING.c.event_id)
    .join_from(EVENTS, LEAVES, LEAVES.c.event_id == EVENTS.c.id, isouter=True)
    .join(PENDING, PENDING.c.event_id == EVENTS.c.id, isouter=True)
    .where(EVENTS.c.id == bindparam("id"))
)
_OUTSIDE = (
    select(EVENTS.c.id)
    .join_from(EVENTS, LEAVES, LEAVES.c.event_id == EVENTS.c.id, isouter=True)
    .join(PENDING, PENDING.c.event_id == EVENTS.c.id, isouter=True)
    .where(LEAVES.c.seq.is_(None), PENDING.c.event_id.is_(None))
    .limit(1)
)
_ORPHANS = (
    select(PENDING.c.event_id)
    .join_from(PENDING, EVENTS, EVENTS.c.id == PENDING.c.event_id, isouter=True)
    .where(EVENTS.c.id.is_(None))
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest signed tree head, with its note."""

    checkpoint: Checkpoint
    note: str


def verify_log(
    db: Database,
    *,
    keys: Sequence[VerifierKey],
    witnesses: Sequence[VerifierKey] = (),
    successors: Sequence[VerifierKey] = (),
    anchor: Path | None = None,
) -> Report:
    """What the log in this database is worth to someone who pinned these keys.

    `successors` are keys that may have followed them (audit/key_changes.py).
    """
    evidence = Evidence(keys=tuple(keys), witnesses=tuple(witnesses), successors=tuple(successors))
    try:
        with db.read() as tx:
            return _verify(tx, evidence, anchor)
    except FoundError as found:
        return found.report
    except (DBAPIError, UnavailableError, OSError, NoteFormError, UnicodeError):
        return Report(verdict=Verdict.UNREADABLE, finding=Finding.UNREADABLE)


def _verify(tx: Connection, evidence: Evidence, anchor: Path | None) -> Report:
    outside = None if anchor is None else _head_of(read_anchor(anchor))
    frontier, head = _walk(tx, outside)
    _check_edge(tx, frontier)
    _check_outside(tx, frontier)
    _check_destroyed(tx)
    if outside is not None and outside.checkpoint.size > frontier.size:
        raise FoundError(
            Finding.ROLLED_BACK,
            verdict=Verdict.INCOMPLETE,
            size=frontier.size,
            root=frontier.root(),
            at_seq=frontier.size,
            expected=outside.checkpoint.root,
            found=frontier.root(),
        )
    newest = max(
        (found for found in (head, outside) if found is not None),
        key=lambda found: found.checkpoint.size,
        default=None,
    )
    if newest is None:
        return Report(
            verdict=Verdict.INCOMPLETE,
            finding=Finding.UNSIGNED,
            size=frontier.size,
            root=frontier.root(),
            at_seq=0,
        )
    witnessed = _head_of(newest_cosigned(tx, evidence.witnesses) if evidence.witnesses else None)
    trusted = followed(tx, evidence.keys, evidence.successors) if evidence.keys else ()
    heads = list(dict.fromkeys(filter(None, (newest, witnessed, outside))))
    return _weigh(heads, replace(evidence, keys=trusted))


def _weigh(heads: Sequence[Head], evidence: Evidence) -> Report:
    """The verdict on a tree that holds together, from who signed its heads; the newest first."""
    newest = heads[0]
    size, root = newest.checkpoint.size, newest.checkpoint.root
    signed_by = []
    for head in heads:
        try:
            signed_by.append(verify_note(parse_note(head.note), evidence.all_keys))
        except NoteSignatureError as error:
            raise FoundError(
                Finding.SIGNATURE, size=size, root=root, at_seq=head.checkpoint.size
            ) from error
    if not evidence.keys:
        return Report(verdict=Verdict.UNPINNED, size=size, root=root)
    for head, signers in zip(heads, signed_by, strict=True):
        own = {signer.key for signer in signers} & set(evidence.keys)
        if not own or any(key.name != head.checkpoint.origin for key in own):
            raise FoundError(Finding.OTHER_KEY, size=size, root=root, at_seq=head.checkpoint.size)
        if {key.kind for key in evidence.keys} - {key.kind for key in own}:
            # fails closed: a pinned kind of signature, perhaps the stronger one, was left out
            raise FoundError(
                Finding.KEY_MISSING,
                verdict=Verdict.INCOMPLETE,
                size=size,
                root=root,
                at_seq=head.checkpoint.size,
            )
    for head, signers in zip(heads, signed_by, strict=True):
        for signer in signers:
            log_itself = signer.key in evidence.keys or signer.key.name == head.checkpoint.origin
            if signer.key in evidence.witnesses and not log_itself:
                return Report(
                    verdict=Verdict.VERIFIED_WITNESSED,
                    size=size,
                    root=root,
                    witness=signer.key.name,
                    witnessed_at=signer.at,
                    witnessed_size=head.checkpoint.size,
                )
    return Report(verdict=Verdict.VERIFIED_SELF_SIGNED, size=size, root=root)


def _walk(tx: Connection, outside: Head | None) -> tuple[Frontier, Head | None]:
    """The tree over all rows, and the newest checkpoint, after every comparison on the way."""
    end = tx.execute(select(func.max(LEAVES.c.seq) + 1)).scalar() or 0
    frontier, head, good = Frontier(), None, 0
    heads = _heads(tx)
    following = next(heads, None)
    for start in range(0, end, WIDTH):
        leaves = _block(tx, start, min(start + WIDTH, end))
        marks = []
        while following is not None and following.checkpoint.size <= start + len(leaves):
            marks.append(following)
            head, following = following, next(heads, None)
        if outside is not None and start < outside.checkpoint.size <= start + len(leaves):
            marks.append(outside)
        for mark in sorted(marks, key=lambda found: found.checkpoint.size):
            size = mark.checkpoint.size
            frontier = frontier.extended(leaves[frontier.size - start : size - start])
            if frontier.root() != mark.checkpoint.root:
                # a checkpoint from outside contradicts every row: the stored ones were re-signed
                _raise_root(mark.checkpoint, frontier.root(), 0 if mark is outside else good)
            good = size
        frontier = frontier.extended(leaves[frontier.size - start :])
    if following is not None:
        raise FoundError(
            Finding.ROW_MISSING,
            size=end,
            root=frontier.root(),
            at_seq=end,
            expected=following.checkpoint.root,
            found=frontier.root(),
        )
    return frontier, head


def _raise_root(mark: Checkpoint, root: bytes, good: int) -> None:
    """The rows since the last good checkpoint are not those that were signed."""
    raise FoundError(
        Finding.ROOT,
        size=mark.size,
        root=root,
        at_seq=good,
        expected=mark.root,
        found=root,
    )


def _heads(tx: Connection) -> Iterator[Head]:
    """The stored checkpoints by size; each row says what its note says."""
    after = 0
    while rows := tx.execute(_NOTES, {"after": after}).all():
        for row in rows:
            after = row.size
            try:
                head = _head_of(row.note)
            except NoteFormError:
                head = None
            said = None if head is None else (head.checkpoint.size, head.checkpoint.root)
            if head is None or said != (row.size, bytes(row.root)):
                raise FoundError(Finding.CHECKPOINT, size=row.size, at_seq=row.size)
            yield head


def _head_of(note: str | None) -> Head | None:
    if note is None:
        return None
    return Head(checkpoint=parse_checkpoint(parse_note(note).text), note=note)


def _block(tx: Connection, start: int, end: int) -> list[bytes]:
    """The leaves [start, end) computed from the rows; raises FoundError for the first bad one."""
    try:
        return _compute(tx, start, end)
    except (DBAPIError, UnknownLeafVersionError, ValueError, TypeError, OverflowError) as error:
        if end - start > 1:  # a row cannot even be read: find out which
            for seq in range(start, end):
                _block(tx, seq, seq + 1)
        raise FoundError(Finding.ROW_UNREADABLE, size=start, at_seq=start) from error


def _compute(tx: Connection, start: int, end: int) -> list[bytes]:
    parts: defaultdict[int, list[AnyRow]] = defaultdict(list)
    span = {"start": start, "end": end}
    for part in tx.execute(_BLOCK_PARTS, span):
        parts[part.seq].append(part)
    tile = _tile(tx, start, end)
    leaves: list[bytes] = []
    rows = {row.seq: row for row in tx.execute(_BLOCK, span)}
    there = [row for row in rows.values() if row.schema_version is not None]
    made = leaves_of((row.schema_version, *row[4:]) for row in there)
    computed = dict(zip((row.seq for row in there), made, strict=True))
    for place, seq in enumerate(range(start, end)):
        row = rows.get(seq)
        kept = tile[place] if place < len(tile) else None
        if row is None or row.schema_version is None:
            raise FoundError(Finding.ROW_MISSING, size=end, at_seq=seq, expected=kept)
        stored, leaf = bytes(row.leaf), computed[seq]
        if leaf != stored or leaf != kept:
            expected = kept if leaf == stored else stored
            raise FoundError(Finding.LEAF, size=end, at_seq=seq, expected=expected, found=leaf)
        _check_parts(seq, row.parts_digest, parts.get(seq, []))
        leaves.append(leaf)
    return leaves


def _tile(tx: Connection, start: int, end: int) -> list[bytes]:
    """The stored hashes of these leaves, which stand in one tile."""
    hashes = tx.execute(_TILE, {"n": start // WIDTH}).scalar_one_or_none()
    return [] if hashes is None else split(bytes(hashes))[start % WIDTH :][: end - start]


def _check_parts(seq: int, digest: bytes | None, parts: Sequence[AnyRow]) -> None:
    covers = [
        PartCover(
            id=RowId(part.id),
            subject=SubjectId(part.subject),
            commitment=bytes(part.commitment),
            sealed_hash=bytes(part.sealed_hash),
        )
        for part in parts
    ]
    found = parts_digest(covers)
    if found != digest:
        raise FoundError(Finding.PART, size=seq + 1, at_seq=seq, expected=digest, found=found)
    for order, (part, cover) in enumerate(zip(parts, covers, strict=True)):
        if part.ord != order or (part.salt is None) != (part.payload is None):
            raise FoundError(Finding.PART, size=seq + 1, at_seq=seq)
        if part.payload is None:
            continue  # whether that was lawful is asked of the whole log
        stored = sealed_hash(part.salt, part.payload)
        if stored != cover.sealed_hash or part.destroyed_by is not None:
            raise FoundError(
                Finding.PART, size=seq + 1, at_seq=seq, expected=cover.sealed_hash, found=stored
            )


def _check_edge(tx: Connection, frontier: Frontier) -> None:
    """The stored edge of the tree is the edge of the rows, and no row stands beside the tree."""
    count = tx.execute(select(func.count()).select_from(LEAVES)).scalar_one()
    edge = tx.execute(select(STATE.c.size, STATE.c.frontier)).one_or_none()
    size, blob = (0, b"") if edge is None else (edge.size, bytes(edge.frontier))
    if (size, blob) != (frontier.size, frontier.to_bytes()) or count != frontier.size:
        raise FoundError(
            Finding.EDGE,
            size=frontier.size,
            root=frontier.root(),
            at_seq=min(size, frontier.size),
        )


def _check_outside(tx: Connection, frontier: Frontier) -> None:
    """Every event is in the tree or waits for it; every waiting one exists."""
    for query in (_OUTSIDE, _ORPHANS):
        if tx.execute(query).first() is not None:
            raise FoundError(
                Finding.OUTSIDE_TREE,
                size=frontier.size,
                root=frontier.root(),
                at_seq=frontier.size,
            )


def _check_destroyed(tx: Connection) -> None:
    """Every destroyed part is named by an erasing event that is in the tree."""
    groups: defaultdict[str | None, list[AnyRow]] = defaultdict(list)
    for part in tx.execute(_DESTROYED):
        groups[part.destroyed_by].append(part)
    for eraser_id, parts in groups.items():
        eraser = tx.execute(_ERASER, {"id": eraser_id}).one_or_none()
        places = [part.seq for part in parts if part.seq is not None]
        at_seq = min(places, default=None)
        if eraser is None or not _names(eraser, parts):
            raise FoundError(Finding.PART_DESTROYED, at_seq=at_seq)
        if eraser.seq is None:
            verdict = Verdict.TAMPERED if eraser.event_id is None else Verdict.INCOMPLETE
            raise FoundError(Finding.ERASURE_WAITING, verdict=verdict, at_seq=at_seq)


def _names(eraser: AnyRow, parts: Sequence[AnyRow]) -> bool:
    refs = set((eraser.refs or "").split(","))
    named = {eraser.subject} | {
        ref.removeprefix("person:") for ref in refs if ref.startswith("person:")
    }
    return (
        eraser.action in ERASING
        and {part.subject for part in parts} <= named
        and f"parts:{destroyed_digest(part.id for part in parts)}" in refs
    )
