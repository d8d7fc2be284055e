"""Merkle tree hashing after RFC 6962 2.1: leaves, nodes, roots, and a frontier that grows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


def parents(level: Sequence[bytes]) -> list[bytes]:
    """The hashes one level up; a last hash without partner is left out."""
    return [
        sha256(NODE_PREFIX + left + right).digest()
        for left, right in zip(level[::2], level[1::2], strict=False)
    ]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes (RFC 6962 2.1)."""
    if not leaves:
        return EMPTY_ROOT
    level: Sequence[bytes] = leaves
    while len(level) > 1:
        above = parents(level)
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that stand side by side, the largest first."""
    if not peaks:
        return EMPTY_ROOT
    found = peaks[-1]
    for peak in reversed(peaks[:-1]):
        found = node_hash(peak, found)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The complete subtrees of a tree, largest first: all that appending needs."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def extended(self, leaves: Iterable[bytes]) -> "Frontier":
        """The frontier after these leaf hashes were appended."""
        joining = list(leaves)
        size, old = self.size + len(joining), list(self.peaks)
        peaks: list[bytes] = []  # the smallest first
        height = 0
        while old or joining:
            if self.size >> height & 1:
                joining.insert(0, old.pop())
            if len(joining) & 1:
                peaks.append(joining[-1])
            joining = parents(joining)
            height += 1
        return Frontier(size=size, peaks=tuple(reversed(peaks)))

    def root(self) -> bytes:
        """The root of the tree."""
        return fold(self.peaks)

    def to_bytes(self) -> bytes:
        """The peaks side by side; with the size they are the frontier."""
        return b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, size: int, blob: bytes) -> "Frontier":
        """The frontier of a tree of this size; raises ValueError if the bytes cannot be it."""
        if len(blob) != size.bit_count() * HASH_BYTES:
            raise ValueError("frontier does not fit the size")
        cut = range(0, len(blob), HASH_BYTES)
        return cls(size=size, peaks=tuple(blob[at : at + HASH_BYTES] for at in cut))
