"""Reads the log: the tree's edge, tiles, proofs, opened parts."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from audit.errors import EventNotFoundError, PartForgedError, ProofRangeError
from audit.leaf import commitment, sealed_hash
from audit.models import CHECKPOINTS, LEAVES, PARTS, STATE, TILES
from audit.proofs import consistency_proof, inclusion_proof, root_at
from audit.tiles import TileNodes
from audit.tree import Frontier
from audit.types import OpenedPart
from governance.core.terms import EventId, RowId, SubjectId

Opener = Callable[[SubjectId, RowId, bytes], bytes]  # (person, row, sealed) -> clear

_TILE = select(TILES.c.hashes).where(
    TILES.c.level == bindparam("level"), TILES.c.n == bindparam("n")
)
_SEQ = select(LEAVES.c.seq).where(LEAVES.c.event_id == bindparam("event_id"))
_EDGE = select(STATE.c.size, STATE.c.frontier).where(STATE.c.id == 1)
_LAST_NOTE = select(CHECKPOINTS.c.note).order_by(CHECKPOINTS.c.size.desc()).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That the leaf stands at `seq` of the tree of this size and root."""

    seq: int
    size: int
    leaf: bytes
    root: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyProof:
    """That the tree of `size` begins with the tree of `old`."""

    old: int
    size: int
    old_root: bytes
    root: bytes
    path: tuple[bytes, ...]


def frontier_of(tx: Connection) -> Frontier:
    """The growing edge of the committed tree."""
    row = tx.execute(_EDGE).one_or_none()
    return Frontier() if row is None else Frontier.from_bytes(row.size, row.frontier)


def nodes_in(tx: Connection) -> TileNodes:
    """A reader of the tree's nodes, good for this transaction."""

    def fetch(level: int, n: int) -> bytes:
        found = tx.execute(_TILE, {"level": level, "n": n}).scalar_one()
        return bytes(found)

    return TileNodes(fetch)


def seq_of(tx: Connection, event_id: EventId) -> int:
    """The event's place in the tree; raises EventNotFoundError while it has none."""
    found: int | None = tx.execute(_SEQ, {"event_id": event_id}).scalar_one_or_none()
    if found is None:
        raise EventNotFoundError
    return found


def last_note(tx: Connection) -> str | None:
    """The newest signed checkpoint."""
    found: str | None = tx.execute(_LAST_NOTE).scalar_one_or_none()
    return found


def _within(tx: Connection, size: int | None) -> int:
    """The asked size, or that of the whole tree; raises ProofRangeError beyond it."""
    whole = frontier_of(tx).size
    if size is not None and not 0 <= size <= whole:
        raise ProofRangeError(index=size, size=whole)
    return whole if size is None else size


def prove_inclusion(tx: Connection, seq: int, *, size: int | None = None) -> InclusionProof:
    """The proof of one leaf in the tree of this size, or of the whole tree."""
    return next(prove_all(tx, [seq], size=size))


def prove_all(
    tx: Connection, places: Iterable[int], *, size: int | None = None
) -> Iterator[InclusionProof]:
    """The proofs of many leaves in one tree, sharing what they read."""
    size = _within(tx, size)
    nodes = nodes_in(tx)
    root = root_at(size, nodes)
    edges: dict[int, bytes] = {}
    for seq in places:
        path = inclusion_proof(seq, size, nodes, edges=edges)
        yield InclusionProof(seq=seq, size=size, leaf=nodes(0, seq), root=root, path=path)


def prove_consistency(tx: Connection, old: int, *, size: int | None = None) -> ConsistencyProof:
    """The proof that the tree of this size (or the whole tree) begins with the old one."""
    size = _within(tx, size)
    nodes = nodes_in(tx)
    path = consistency_proof(old, size, nodes)
    return ConsistencyProof(
        old=old, size=size, old_root=root_at(old, nodes), root=root_at(size, nodes), path=path
    )


def opened_parts(tx: Connection, event_id: EventId, *, opener: Opener) -> tuple[OpenedPart, ...]:
    """What the event says of persons, checked against its commitments; erased parts are None."""
    query = select(PARTS).where(PARTS.c.event_id == event_id).order_by(PARTS.c.ord)
    found = []
    for row in tx.execute(query):
        payload: bytes | None = None
        if row.payload is not None:
            if sealed_hash(row.salt, row.payload) != row.sealed_hash:
                raise PartForgedError
            payload = opener(SubjectId(row.subject), RowId(row.id), row.payload)
            if commitment(row.salt, payload) != row.commitment:
                raise PartForgedError
        found.append(
            OpenedPart(
                id=RowId(row.id),
                subject=SubjectId(row.subject),
                payload=payload,
                destroyed_by=None if row.destroyed_by is None else EventId(row.destroyed_by),
            )
        )
    return tuple(found)
