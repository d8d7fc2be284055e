"""The tree as tiles of 256 hashes (C2SP tlog-tiles), and reading any node out of them."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from audit.tree import HASH_BYTES, parents, root_of

HEIGHT = 8  # levels of the tree in one tile
WIDTH = 1 << HEIGHT
TILE_BYTES = WIDTH * HASH_BYTES
CACHED_TILES = 2_048  # of 16 KiB each when expanded

NodeReader = Callable[[int, int], bytes]  # (height, index) -> hash of that complete subtree


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Hashes side by side at one tile level; a width below 256 is the growing right edge."""

    level: int
    n: int
    hashes: bytes

    @property
    def width(self) -> int:
        """How many hashes it holds."""
        return len(self.hashes) // HASH_BYTES


def tile_path(level: int, n: int, width: int = WIDTH) -> str:
    """The tile's resource path: tile/0/x001/x234/067.p/5."""
    digits = f"{n:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + ("" if width == WIDTH else f".p/{width}")


def split(hashes: bytes) -> list[bytes]:
    """The hashes of a tile one by one."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def open_tiles(size: int) -> tuple[tuple[int, int], ...]:
    """(level, n) of the partial tiles at the right edge of a tree of this size."""
    found = []
    level = 0
    while size:
        if size % WIDTH:
            found.append((level, size // WIDTH))
        size //= WIDTH
        level += 1
    return tuple(found)


def grown(size: int, leaves: Sequence[bytes], partial: Mapping[int, bytes]) -> tuple[Tile, ...]:
    """Every tile that changes when leaves join a tree of this size.

    `partial` holds the hashes of the tiles that open_tiles(size) names, by level.
    """
    tiles: list[Tile] = []
    level, index, joining = 0, size, list(leaves)
    while joining:
        edge = partial[level] if index % WIDTH else b""
        if len(edge) != index % WIDTH * HASH_BYTES:
            raise ValueError("a partial tile does not fit the size")
        hashes = edge + b"".join(joining)
        joining = []
        for step, at in enumerate(range(0, len(hashes), TILE_BYTES)):
            tile = Tile(level=level, n=index // WIDTH + step, hashes=hashes[at : at + TILE_BYTES])
            tiles.append(tile)
            if tile.width == WIDTH:
                joining.append(root_of(split(tile.hashes)))
        level, index = level + 1, index // WIDTH
    return tuple(tiles)


class TileNodes:
    """Reads nodes from tiles and keeps expanded tiles; a complete node never changes."""

    def __init__(self, fetch: Callable[[int, int], bytes]) -> None:
        self._fetch = fetch
        self._kept: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def __call__(self, height: int, index: int) -> bytes:
        """The hash of the complete subtree at this height and index; raises LookupError."""
        level, above = divmod(height, HEIGHT)
        bits = HEIGHT - above
        key = (level, index >> bits)
        inside = index & ((1 << bits) - 1)
        rows = self._kept.get(key)
        if rows is None or inside >= len(rows[above]):
            rows = self._expand(key)
        return rows[above][inside]

    def _expand(self, key: tuple[int, int]) -> list[list[bytes]]:
        rows = [split(self._fetch(*key))]
        for _ in range(HEIGHT - 1):
            rows.append(parents(rows[-1]))
        self._kept[key] = rows
        self._kept.move_to_end(key)
        if len(self._kept) > CACHED_TILES:
            self._kept.popitem(last=False)
        return rows


def nodes_of(leaves: Sequence[bytes]) -> NodeReader:
    """A reader over leaf hashes in memory."""
    rows = [list(leaves)]
    while len(rows[-1]) > 1:
        rows.append(parents(rows[-1]))

    def node(height: int, index: int) -> bytes:
        return rows[height][index]

    return node
