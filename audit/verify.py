"""Recomputes the whole log from its rows and says what it is worth; it changes nothing.

Every leaf is computed again from the event's columns and parts and compared with the stored
leaf and tile; the roots with every checkpoint in the database and the one kept outside it; the
newest checkpoint with the pinned keys. A destroyed part is lawful only if an erasing event in
the tree names its person and, by digest, exactly the parts that it destroyed; a missing row only
if an event in the tree names its place as ended (audit/lawful.py).
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from audit.anchor import lost_notes, read_anchor
from audit.decisions.checking import check_decisions
from audit.errors import NoteFormError, NoteSignatureError, UnknownLeafVersionError
from audit.findings import Evidence, Finding, FoundError, Report
from audit.key_changes import followed
from audit.lawful import Lawful, check_destroyed, check_set_aside, lawful
from audit.leaf import COLUMNS, leaves_of, parts_digest, sealed_hash
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
    said = lawful(tx)
    frontier, head, gone = _walk(tx, outside, said)
    _check_edge(tx, frontier, gone)
    _check_outside(tx, frontier)
    check_destroyed(tx)
    if anchor is not None:
        check_set_aside(said, lost_notes(anchor))
    check_decisions(tx)
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
    report = _weigh(heads, replace(evidence, keys=trusted))
    finding = Finding.RESTORED if said.restored else None
    return replace(report, finding=finding, expired=gone, restored=said.restored)


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


def _walk(tx: Connection, outside: Head | None, said: Lawful) -> tuple[Frontier, Head | None, int]:
    """The tree over all rows, the newest checkpoint, and how many rows have ended lawfully.

    Every checkpoint and every tree that an event names was compared on the way.
    """
    end = tx.execute(select(func.max(LEAVES.c.seq) + 1)).scalar() or 0
    frontier, head, good, gone = Frontier(), None, 0, 0
    heads, named = _heads(tx), deque(sorted(said.claims, key=lambda claim: claim.size))
    following = next(heads, None)
    for start in range(0, end, WIDTH):
        leaves, missing = _block(tx, start, min(start + WIDTH, end), said)
        gone += missing
        marks: list[tuple[int, bytes, Finding, int]] = []
        while following is not None and following.checkpoint.size <= start + len(leaves):
            marks.append((following.checkpoint.size, following.checkpoint.root, Finding.ROOT, -1))
            head, following = following, next(heads, None)
        if outside is not None and start < outside.checkpoint.size <= start + len(leaves):
            # a checkpoint from outside contradicts every row: the stored ones were re-signed
            marks.append((outside.checkpoint.size, outside.checkpoint.root, Finding.ROOT, 0))
        while named and named[0].size <= start + len(leaves):
            claim = named.popleft()
            marks.append((claim.size, claim.root, Finding.SHARD, claim.seq))
        for size, root, finding, place in sorted(marks, key=lambda mark: mark[0]):
            frontier = frontier.extended(leaves[frontier.size - start : size - start])
            if frontier.root() != root:
                raise FoundError(
                    finding,
                    size=size,
                    root=frontier.root(),
                    at_seq=good if place < 0 else place,
                    expected=root,
                    found=frontier.root(),
                )
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
    return frontier, head, gone


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


def _block(tx: Connection, start: int, end: int, said: Lawful) -> tuple[list[bytes], int]:
    """The leaves [start, end) computed from the rows, and how many have ended lawfully.

    Raises FoundError for the first bad one.
    """
    try:
        return _compute(tx, start, end, said)
    except (DBAPIError, UnknownLeafVersionError, ValueError, TypeError, OverflowError) as error:
        if end - start > 1:  # a row cannot even be read: find out which
            for seq in range(start, end):
                _block(tx, seq, seq + 1, said)
        raise FoundError(Finding.ROW_UNREADABLE, size=start, at_seq=start) from error


def _compute(tx: Connection, start: int, end: int, said: Lawful) -> tuple[list[bytes], int]:
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
    gone = 0
    for place, seq in enumerate(range(start, end)):
        row = rows.get(seq)
        kept = tile[place] if place < len(tile) else None
        if row is None and kept is not None and said.may_be_gone(seq):
            leaves.append(kept)  # what was signed; the roots behind it hold it to that
            gone += 1
            continue
        if row is None or row.schema_version is None:
            raise FoundError(Finding.ROW_MISSING, size=end, at_seq=seq, expected=kept)
        stored, leaf = bytes(row.leaf), computed[seq]
        if leaf != stored or leaf != kept:
            expected = kept if leaf == stored else stored
            raise FoundError(Finding.LEAF, size=end, at_seq=seq, expected=expected, found=leaf)
        _check_parts(seq, row.parts_digest, parts.get(seq, []))
        leaves.append(leaf)
    return leaves, gone


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


def _check_edge(tx: Connection, frontier: Frontier, gone: int) -> None:
    """The stored edge of the tree is the edge of the rows, and no row stands beside the tree."""
    count = tx.execute(select(func.count()).select_from(LEAVES)).scalar_one()
    edge = tx.execute(select(STATE.c.size, STATE.c.frontier)).one_or_none()
    size, blob = (0, b"") if edge is None else (edge.size, bytes(edge.frontier))
    if (size, blob) != (frontier.size, frontier.to_bytes()) or count + gone != frontier.size:
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
