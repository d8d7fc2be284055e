"""Inclusion and consistency proofs: made and checked after RFC 6962 2.1 and RFC 9162 2.1.3-4."""

from collections.abc import Sequence

from audit.errors import ProofRangeError
from audit.tiles import NodeReader
from audit.tree import EMPTY_ROOT, fold, node_hash


def range_root(start: int, end: int, node: NodeReader) -> bytes:
    """The root over leaves [start, end); start is a multiple of the range's widest subtree."""
    peaks = []
    while start < end:
        height = (end - start).bit_length() - 1
        peaks.append(node(height, start >> height))
        start += 1 << height
    return fold(peaks)


def root_at(size: int, node: NodeReader) -> bytes:
    """The root that the tree had at this size."""
    return range_root(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(
    index: int, size: int, node: NodeReader, *, edges: dict[int, bytes] | None = None
) -> tuple[bytes, ...]:
    """The audit path of a leaf in the tree of this size (RFC 6962 2.1.1).

    `edges` remembers the roots at the right edge between proofs of the same size.
    """
    if not 0 <= index < size:
        raise ProofRangeError(index=index, size=size)
    path = []
    start, end = 0, size
    while end - start > 1:
        width = 1 << ((end - start - 1).bit_length() - 1)
        middle = start + width
        if index < middle:
            path.append(_right(middle, end, node, edges))
            end = middle
        else:
            path.append(node(width.bit_length() - 1, start // width))
            start = middle
    return tuple(reversed(path))


def _right(start: int, end: int, node: NodeReader, edges: dict[int, bytes] | None) -> bytes:
    """The root over a right-hand range: one node, or several at the edge of the tree."""
    width = end - start
    if width & (width - 1) == 0:
        return node(width.bit_length() - 1, start // width)
    if edges is None:
        return range_root(start, end, node)
    if start not in edges:
        edges[start] = range_root(start, end, node)
    return edges[start]


def consistency_proof(old: int, size: int, node: NodeReader) -> tuple[bytes, ...]:
    """The proof that the tree of `size` begins with the tree of `old` (RFC 6962 2.1.2)."""
    if not 0 <= old <= size:
        raise ProofRangeError(index=old, size=size)
    if old in (0, size):
        return ()
    path = []
    start, end = 0, size
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    if start:
        path.append(range_root(start, end, node))
    return tuple(reversed(path))


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """True only if the leaf stands at this index of the tree with this root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False  # fails closed: no such place
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(
    *, old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]
) -> bool:
    """True only if the second tree begins with the first (RFC 9162 2.1.4.2)."""
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not 0 < old < size or not proof:
        return False  # fails closed: no such pair of trees
    steps = list(proof)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == root


def _split(width: int) -> int:
    """The largest power of two below the width."""
    return 1 << ((width - 1).bit_length() - 1)
