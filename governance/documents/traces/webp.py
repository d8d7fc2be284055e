"""WebP (RFC 9649) without EXIF, XMP and chunks that no picture needs.

The flags of the extended head say which of them the file has, so they are set anew. A turned
picture keeps an EXIF chunk that says so.
"""

from collections.abc import Iterator
from typing import Final

from governance.documents.traces.exif import HEAD, UPRIGHT, orientation_alone, read_exif
from governance.documents.traces.types import Stripped, Stuck, Trace

DRAWN: Final = frozenset((b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
PICTURES: Final = frozenset((b"VP8 ", b"VP8L", b"ANMF"))
IN_FRAME: Final = frozenset((b"VP8 ", b"VP8L", b"ALPH"))
EXTENDED: Final = b"VP8X"
EXTENDED_SIZE: Final = 10
HEAD_SIZE: Final = 12  # RIFF, size, WEBP
FRAME_HEAD: Final = 16  # octets of an animation's frame before its chunks
EXIF_FLAG, XMP_FLAG = 0x08, 0x04
MOST_CHUNKS: Final = 100_000


class _BrokenError(ValueError):
    """The octets are not of the form."""


def strip_webp(content: bytes) -> Stripped | Stuck:
    """The picture alone, standing as before; Stuck where the octets are no whole WebP."""
    size = int.from_bytes(content[4:8], "little")
    named = content[:4] == b"RIFF" and content[8:HEAD_SIZE] == b"WEBP"
    if not named or not HEAD_SIZE <= size + 8 <= len(content):
        return Stuck.DAMAGED
    try:
        return _stripped(content, size + 8)
    except _BrokenError:
        return Stuck.DAMAGED


def _stripped(content: bytes, end: int) -> Stripped | Stuck:
    kept, found = list[tuple[bytes, bytes]](), set[Trace]()
    orientation, pictures = UPRIGHT, 0
    for kind, body in _chunks(content[HEAD_SIZE:end]):
        pictures += kind in PICTURES
        if kind == EXTENDED or kind in DRAWN:
            kept.append((kind, _frame(body, found) if kind == b"ANMF" else body))
        elif kind == b"EXIF":
            exif = read_exif(body.removeprefix(HEAD))
            orientation = exif.orientation
            found |= {Trace.CAMERA} if body != orientation_alone(orientation) else set()
            found |= {Trace.PLACE} if exif.place else set()
        else:
            found.add(Trace.EDITING if kind == b"XMP " else Trace.UNKNOWN)
    if not pictures:
        return Stuck.DAMAGED
    extended = kept[0][0] == EXTENDED
    if extended:
        kept[0] = (EXTENDED, _flags(kept[0][1], turned=orientation != UPRIGHT))
    if any(kind == EXTENDED for kind, _ in kept[1:]):
        return Stuck.DAMAGED
    if extended and orientation != UPRIGHT:
        kept.append((b"EXIF", orientation_alone(orientation)))
    found |= {Trace.TAIL} if end < len(content) else set()
    inner = b"WEBP" + b"".join(chunk(kind, body) for kind, body in kept)
    whole = b"RIFF" + len(inner).to_bytes(4, "little") + inner
    return Stripped(content=whole, found=frozenset(found))


def _flags(body: bytes, *, turned: bool) -> bytes:
    if len(body) < EXTENDED_SIZE:
        raise _BrokenError
    flags = body[0] & ~(EXIF_FLAG | XMP_FLAG)
    return bytes((flags | (EXIF_FLAG if turned else 0),)) + body[1:]


def _frame(body: bytes, found: set[Trace]) -> bytes:
    """A frame of an animation, its unknown chunks apart."""
    inner = list(_chunks(body[FRAME_HEAD:]))
    if any(kind not in IN_FRAME for kind, _ in inner):
        found.add(Trace.UNKNOWN)
    return body[:FRAME_HEAD] + b"".join(
        chunk(kind, part) for kind, part in inner if kind in IN_FRAME
    )


def _chunks(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(MOST_CHUNKS):
        if at == len(octets):
            return
        size = int.from_bytes(octets[at + 4 : at + 8], "little")
        body = octets[at + 8 : at + 8 + size]
        if len(octets) < at + 8 or len(body) < size:
            raise _BrokenError
        yield octets[at : at + 4], body
        at += 8 + size + size % 2
        if at > len(octets):  # the last filling octet is missing
            raise _BrokenError
    raise _BrokenError


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length, filled up to an even one."""
    return kind + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) % 2)
