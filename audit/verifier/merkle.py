"""Merkle proofs after RFC 6962 2.1 and RFC 9162 2.1.3-4."""

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32
LEAF_PREFIX, NODE_PREFIX = b"\x00", b"\x01"
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one log entry."""
    return sha256(LEAF_PREFIX + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(NODE_PREFIX + left + right).digest()


def root_from(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which the path leads from this leaf; None when the path does not fit."""
    if not 0 <= index < size:
        return None  # fails closed: no such place
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def consistent(*, old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """True only if the second tree begins with the first (RFC 9162 2.1.4.2)."""
    if old == size:
        return not path and old_root == root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not 0 < old < size or not path:
        return False  # fails closed: no such pair of trees
    steps = list(path)
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
