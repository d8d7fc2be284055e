"""Trees, tiles and proofs agree with each other at every size."""

import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import ProofRangeError
from audit.proofs import (
    consistency_proof,
    inclusion_proof,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from audit.tiles import TileNodes, grown, nodes_of, open_tiles, tile_path
from audit.tree import Frontier, leaf_hash, root_of

SIZE = 300
LEAVES = [sha256(str(n).encode()).digest() for n in range(SIZE)]
ROOTS = [root_of(LEAVES[:size]) for size in range(SIZE + 1)]
NODES = nodes_of(LEAVES)


@given(first=st.integers(0, 300), then=st.integers(0, 700))
def test_a_frontier_grows_by_many_as_by_one(first: int, then: int) -> None:
    leaves = [leaf_hash(bytes([n & 255, n >> 8])) for n in range(first + then)]
    grown = Frontier().extended(leaves[:first]).extended(leaves[first:])
    assert (grown.size, grown.root()) == (first + then, root_of(leaves))
    assert Frontier.from_bytes(grown.size, grown.to_bytes()) == grown


def test_a_frontier_grows_to_every_root() -> None:
    frontier = Frontier()
    for size in range(SIZE + 1):
        assert frontier.root() == ROOTS[size] == root_at(size, NODES)
        assert Frontier.from_bytes(size, frontier.to_bytes()) == frontier
        frontier = frontier.extended(LEAVES[size : size + 1])


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier.from_bytes(3, bytes(32))


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_inclusion_verifies_at_every_size(size: int) -> None:
    edges: dict[int, bytes] = {}
    for index in range(0, size, max(1, size // 40)):
        proof = inclusion_proof(index, size, NODES)
        assert proof == inclusion_proof(index, size, NODES, edges=edges)
        assert verify_inclusion(
            LEAVES[index], index=index, size=size, proof=proof, root=ROOTS[size]
        )
        wrong = (index + 1) % size
        assert size == 1 or not verify_inclusion(
            LEAVES[index], index=wrong, size=size, proof=proof, root=ROOTS[size]
        )


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_consistency_verifies_at_every_size(size: int) -> None:
    for old in range(0, size + 1, max(1, size // 40)):
        proof = consistency_proof(old, size, NODES)
        assert verify_consistency(
            old=old, size=size, old_root=ROOTS[old], root=ROOTS[size], proof=proof
        )
        assert not verify_consistency(
            old=old, size=size, old_root=bytes(32), root=ROOTS[size], proof=proof
        )


def test_a_proof_outside_the_tree_is_refused() -> None:
    with pytest.raises(ProofRangeError):
        inclusion_proof(5, 5, NODES)
    with pytest.raises(ProofRangeError):
        consistency_proof(6, 5, NODES)


@given(st.lists(st.integers(1, 700), min_size=1, max_size=4))
def test_tiles_grow_in_any_steps_to_the_same_tree(steps: list[int]) -> None:
    tiles: dict[tuple[int, int], bytes] = {}
    leaves: list[bytes] = []
    for step in steps:
        size = len(leaves)
        joining = [sha256(b"%d" % (size + k)).digest() for k in range(step)]
        partial = {level: tiles[level, n] for level, n in open_tiles(size)}
        for tile in grown(size, joining, partial):
            kept = tiles.get((tile.level, tile.n), b"")
            assert tile.hashes.startswith(kept)
            tiles[tile.level, tile.n] = tile.hashes
        leaves += joining
    nodes = TileNodes(lambda level, n: tiles[level, n])
    size = len(leaves)
    assert root_at(size, nodes) == root_of(leaves)
    index = random.Random(size).randrange(size)  # noqa: S311 # a place, not a secret
    proof = inclusion_proof(index, size, nodes)
    assert verify_inclusion(
        leaves[index], index=index, size=size, proof=proof, root=root_of(leaves)
    )


def test_cached_tiles_notice_growth() -> None:
    tiles = {(0, 0): LEAVES[0]}
    nodes = TileNodes(lambda level, n: tiles[level, n])
    assert root_at(1, nodes) == ROOTS[1]
    tiles[0, 0] = b"".join(LEAVES[:5])
    assert root_at(5, nodes) == ROOTS[5]


def test_tile_paths_are_those_of_tlog_tiles() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(2, 5, 17) == "tile/2/005.p/17"
    assert [level for level, _ in open_tiles(70_000)] == [0, 1, 2]
