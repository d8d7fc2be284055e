"""The two facts of an EXIF block that count here: how the picture stands, whether it names a place.

EXIF 2.32 is a TIFF structure: a head, then directories of entries of 12 octets. Only the first
directory is read; nothing in it leads the reader backwards, so that it ends after one walk.
"""

import struct
from dataclasses import dataclass
from typing import Final

HEAD: Final = b"Exif\x00\x00"  # before the TIFF structure in a JPEG
ORIENTATION: Final = 0x0112
PLACE: Final = 0x8825  # points to the directory of positions
SHORT: Final = 3
UPRIGHT: Final = 1
TURNED: Final = range(2, 9)
ENTRY: Final = 12
SHORTEST: Final = 10  # octets of a head and an empty directory
ORDERS: Final = {b"II*\x00": "<", b"MM\x00*": ">"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exif:
    """What is read of the block."""

    orientation: int = UPRIGHT
    place: bool = False


def read_exif(block: bytes) -> Exif:
    """The facts of a TIFF structure; a damaged one says nothing, as it does to viewers."""
    order = ORDERS.get(block[:4])
    if order is None or len(block) < SHORTEST:
        return Exif()
    (first,) = struct.unpack_from(f"{order}I", block, 4)
    if first + 2 > len(block):
        return Exif()
    (count,) = struct.unpack_from(f"{order}H", block, first)
    orientation, place = UPRIGHT, False
    for number in range(min(count, (len(block) - first - 2) // ENTRY)):
        tag, kind, values, said = struct.unpack_from(
            f"{order}HHIH", block, first + 2 + number * ENTRY
        )
        place = place or tag == PLACE
        if tag == ORIENTATION and kind == SHORT and values == 1 and said in TURNED:
            orientation = said
    return Exif(orientation=orientation, place=place)


def orientation_alone(orientation: int) -> bytes:
    """The smallest TIFF structure that says how the picture stands, and nothing else."""
    entry = struct.pack(">HHIHH", ORIENTATION, SHORT, 1, orientation, 0)
    return b"MM\x00*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
