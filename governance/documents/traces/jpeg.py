"""JPEG (ITU-T T.81) without what cameras write beside the picture; the picture's octets stay.

Kept are the segments that a decoder needs, JFIF's head, the colour profile (ICC in APP2) and
Adobe's colour transform (APP14). Every other APPn goes: EXIF and XMP (APP1), IPTC (APP13), further
pictures (APP2 MPF), makers' own; so do comments, previews, and whatever follows the end.
"""

import re
from typing import Final

from governance.documents.traces.exif import HEAD, UPRIGHT, Exif, orientation_alone, read_exif
from governance.documents.traces.types import Stripped, Stuck, Trace

START: Final = b"\xff\xd8"
END: Final = 0xD9
SCAN: Final = 0xDA
COMMENT: Final = 0xFE
APPS: Final = range(0xE0, 0xF0)
JFIF, EXIF, PROFILE, IPTC, ADOBE = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE: Final = frozenset(range(0xD0, 0xD8)) | {0x01}  # markers without a length
MOST_SEGMENTS: Final = 20_000
SEGMENT: Final = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)  # any fill octets, then its marker
LENGTH: Final = 2  # octets of a segment's length, which counts itself
MARKER: Final = re.compile(rb"\xff(?![\x00\xd0-\xd7\xff])")  # ends the data of a scan
JFIF_HEAD: Final = 16  # octets of the segment without its preview, its length counted
XMP: Final = (b"http://ns.adobe.com/xap/1.0/\x00", b"http://ns.adobe.com/xmp/extension/\x00")


class _Reading:
    """The parts that stay, and what was found, while a file is walked through once."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.found: set[Trace] = set()
        self.exif: Exif | None = None
        self.frames = 0
        self.scans = 0

    def take(self, marker: int, body: bytes) -> None:
        """One segment, its marker and length apart."""
        if marker == JFIF and body.startswith(b"JFIF\x00") and len(body) >= JFIF_HEAD - 2:
            if len(body) > JFIF_HEAD - 2 or body[12] or body[13]:
                self.found.add(Trace.PREVIEW)
            self._keep(marker, body[:12] + b"\x00\x00")
        elif marker == EXIF and body.startswith(HEAD):
            exif = read_exif(body[len(HEAD) :])
            self.exif = self.exif or exif
            self.found |= {Trace.CAMERA, *((Trace.PLACE,) if exif.place else ())}
        elif (trace := _trace(marker, body)) is not None:
            self.found.add(trace)
        else:
            self.frames += marker in FRAMES
            self.scans += marker == SCAN
            self._keep(marker, body)

    def _keep(self, marker: int, body: bytes) -> None:
        self.kept.append(bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body)


def _trace(marker: int, body: bytes) -> Trace | None:
    """What a segment tells that no decoder needs; None for one that stays."""
    if marker == COMMENT:
        return Trace.COMMENT
    if marker not in APPS:
        return None
    if marker == PROFILE and body.startswith(b"ICC_PROFILE\x00"):
        return None
    if marker == ADOBE and body.startswith(b"Adobe"):
        return None
    if marker == EXIF and body.startswith(XMP):
        return Trace.EDITING
    if marker == IPTC:
        return Trace.CAPTION
    return Trace.PREVIEW if marker in {JFIF, PROFILE} else Trace.UNKNOWN


def strip_jpeg(content: bytes) -> Stripped | Stuck:
    """The picture alone, standing as before; Stuck where the octets are no whole JPEG."""
    reading = _Reading()
    end = _walk(content, reading)
    if end is None or not reading.frames or not reading.scans:
        return Stuck.DAMAGED
    if end < len(content):
        reading.found.add(Trace.TAIL)
    exif = reading.exif or Exif()
    if exif.orientation != UPRIGHT:
        block = HEAD + orientation_alone(exif.orientation)
        said = bytes((0xFF, EXIF)) + (len(block) + 2).to_bytes(2, "big") + block
        reading.kept.insert(1 if reading.kept[0][1] == JFIF else 0, said)
        if content == START + b"".join(reading.kept):  # as this very function writes it
            reading.found.discard(Trace.CAMERA)
    return Stripped(content=START + b"".join(reading.kept), found=frozenset(reading.found))


def _walk(content: bytes, reading: _Reading) -> int | None:
    """The place after the end marker, everything before it taken; None for what is no JPEG."""
    at = len(START) if content.startswith(START) else len(content)
    for _ in range(MOST_SEGMENTS):
        found = SEGMENT.match(content, at)
        if found is None:
            return None
        marker, at = found[1][0], found.end()
        if marker == END:
            reading.kept.append(b"\xff\xd9")
            return at
        if marker in BARE:
            reading.kept.append(bytes((0xFF, marker)))
            continue
        end = at + int.from_bytes(content[at : at + LENGTH], "big")
        if not at + LENGTH <= end <= len(content):
            return None
        reading.take(marker, content[at + LENGTH : end])
        at = _scanned(content, end, reading) if marker == SCAN else end
    return None


def _scanned(content: bytes, at: int, reading: _Reading) -> int:
    """The place of the marker after a scan's data, which stays octet for octet."""
    found = MARKER.search(content, at)
    end = found.start() if found is not None else len(content)
    reading.kept.append(content[at:end])
    return end
