"""PNG (third edition) without what programs write beside the picture.

Kept are the chunks that change how the picture is drawn; text, times, EXIF and every chunk that is
not known go, and so does whatever follows the end. A turned picture keeps an eXIf that says so.
"""

import zlib
from typing import Final

from governance.documents.traces.exif import UPRIGHT, orientation_alone, read_exif
from governance.documents.traces.types import Stripped, Stuck, Trace

START: Final = b"\x89PNG\r\n\x1a\n"
DRAWN: Final = frozenset(
    (
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP"),
        *(b"sBIT", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"cICP", b"mDCV", b"cLLI"),
        *(b"acTL", b"fcTL", b"fdAT"),
    )
)
TRACES: Final = {
    b"tEXt": Trace.TEXT,
    b"zTXt": Trace.TEXT,
    b"iTXt": Trace.TEXT,
    b"tIME": Trace.TIME,
    b"eXIf": Trace.CAMERA,
}
FRAME: Final = 12  # length, kind and check of a chunk
MOST_CHUNKS: Final = 100_000


def strip_png(content: bytes) -> Stripped | Stuck:
    """The picture alone, standing as before; Stuck where the octets are no whole PNG."""
    if not content.startswith(START):
        return Stuck.DAMAGED
    kept, found, at = [START], set[Trace](), len(START)
    drawn = False
    for number in range(MOST_CHUNKS):
        length = int.from_bytes(content[at : at + 4], "big")
        end = at + FRAME + length
        kind = content[at + 4 : at + 8]
        if end > len(content) or (number == 0) != (kind == b"IHDR"):
            return Stuck.DAMAGED
        if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            return Stuck.DAMAGED
        if kind in DRAWN:
            kept.append(content[at:end])
        elif (said := _said(kind, content[at + 8 : end - 4], found)) is not None:
            kept.append(said)
        drawn = drawn or kind == b"IDAT"
        at = end
        if kind == b"IEND":
            break
    else:
        return Stuck.DAMAGED
    if not drawn:
        return Stuck.DAMAGED
    found |= {Trace.TAIL} if at < len(content) else set()
    return Stripped(content=b"".join(kept), found=frozenset(found))


def _said(kind: bytes, body: bytes, found: set[Trace]) -> bytes | None:
    """What stays of a chunk that no picture needs: of EXIF how it stands, of others nothing."""
    if kind != b"eXIf":
        found.add(TRACES.get(kind, Trace.UNKNOWN))
        return None
    exif = read_exif(body)
    alone = orientation_alone(exif.orientation)
    found |= {Trace.CAMERA} if body != alone else set()
    found |= {Trace.PLACE} if exif.place else set()
    return None if exif.orientation == UPRIGHT else chunk(kind, alone)


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length and check."""
    check = zlib.crc32(kind + body)
    return len(body).to_bytes(4, "big") + kind + body + check.to_bytes(4, "big")
