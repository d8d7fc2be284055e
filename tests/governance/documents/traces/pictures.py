"""Pictures as octets: whole ones of each kind, and what cameras and programs write beside them."""

import struct
import zlib

from governance.documents.traces.png import START as PNG_START
from governance.documents.traces.png import chunk as png_chunk
from governance.documents.traces.webp import chunk as riff_chunk

GPS = b"N35.6812 E139.7671"  # 架空 as far as anybody is concerned
SECRET = b"SECRET-" + GPS
MAKER = b"Kakuu Camera 1"


def exif(orientation: int = 1, *, order: str = "<", place: bool = True) -> bytes:
    """A TIFF structure with a maker, how the picture stands, and a position."""
    entries = [
        struct.pack(f"{order}HHII", 0x010F, 2, len(MAKER), 200),
        struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0),
        *([struct.pack(f"{order}HHII", 0x8825, 4, 1, 120)] if place else []),
    ]
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(f"{order}I", 8)
    whole = head + struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)
    return whole.ljust(200, b"\x00") + MAKER + SECRET


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


JFIF = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
PROFILE = segment(0xE2, b"ICC_PROFILE\x00\x01\x01" + b"colours")
ADOBE = segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01")
TABLES = segment(0xDB, b"\x00" + bytes(range(64))) + segment(0xC4, b"\x00" + bytes(28))
FRAME = segment(0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00")
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56\xff\x00"
TOLD = {  # segments that no decoder needs
    "exif": segment(0xE1, b"Exif\x00\x00" + exif(6)),
    "xmp": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>" + SECRET),
    "iptc": segment(0xED, b"Photoshop 3.0\x008BIM" + SECRET),
    "comment": segment(0xFE, SECRET),
    "mpf": segment(0xE2, b"MPF\x00" + SECRET),
    "maker": segment(0xE7, SECRET),
    "jfxx": segment(0xE0, b"JFXX\x00\x10" + SECRET),
}


def jpeg(*told: bytes, tail: bytes = b"") -> bytes:
    drawn = PROFILE + ADOBE + TABLES + FRAME + SCAN
    return b"\xff\xd8" + JFIF + b"".join(told) + drawn + b"\xff\xd9" + tail


def drawing(kind: bytes = b"IDAT") -> bytes:
    return png_chunk(kind, zlib.compress(b"\x00\x80" * 2))


HEAD = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 2, 8, 0, 0, 0, 0))
PNG_TOLD = {
    "text": png_chunk(b"tEXt", b"Author\x00" + SECRET),
    "packed": png_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(SECRET)),
    "xmp": png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + SECRET),
    "time": png_chunk(b"tIME", b"\x07\xea\x0b\x1b\x07\x00\x00"),
    "exif": png_chunk(b"eXIf", exif(8, order=">")),
    "own": png_chunk(b"caBX", SECRET),
}


def png(*told: bytes, tail: bytes = b"") -> bytes:
    drawn = png_chunk(b"gAMA", struct.pack(">I", 45455))
    return PNG_START + HEAD + drawn + b"".join(told) + drawing() + png_chunk(b"IEND", b"") + tail


WEBP_TOLD = {
    "exif": riff_chunk(b"EXIF", exif(3)),
    "xmp": riff_chunk(b"XMP ", SECRET),
    "own": riff_chunk(b"SEKI", SECRET),
}
PIXELS = riff_chunk(b"VP8L", b"\x2f\x00\x00\x00\x00\x88\x88\x08")
EXTENDED = riff_chunk(b"VP8X", bytes((0x2C,)) + bytes(9))  # ICC, EXIF, XMP


def webp(*told: bytes, tail: bytes = b"", extended: bytes = EXTENDED) -> bytes:
    inner = b"WEBP" + extended + riff_chunk(b"ICCP", b"colour") + PIXELS + b"".join(told)
    return b"RIFF" + struct.pack("<I", len(inner)) + inner + tail
