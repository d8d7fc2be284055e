"""Words of what a file tells beside what it shows, and of what became of it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Trace(StrEnum):
    """A kind of fact that cameras, telephones and programs write into a file unasked."""

    CAMERA = "camera"  # EXIF: device, serial number, time, preview
    PLACE = "place"  # EXIF with a position
    EDITING = "editing"  # XMP: programs, edits, authors
    CAPTION = "caption"  # IPTC: author, caption, place names
    COMMENT = "comment"
    TEXT = "text"  # text chunks of PNG
    TIME = "time"
    PREVIEW = "preview"  # a small picture, perhaps of what was cut away
    PROPERTIES = "properties"  # authors and company of an Office file
    UNKNOWN = "unknown"  # parts that no picture needs
    TAIL = "tail"  # octets after the end


class Handling(StrEnum):
    """What became of them."""

    REMOVED = "removed"
    NONE = "none"  # there were none, or the kind of file carries none
    KEPT = "kept"  # whoever sent the file consented to leave them


class Stuck(StrEnum):
    """Why they cannot be taken out; such a file is stored with its sender's consent alone."""

    KIND = "kind"  # no rules for this kind of file
    DAMAGED = "damaged"  # the file is not of its form


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped:
    """The file without them, and which there were."""

    content: bytes = field(repr=False)
    found: frozenset[Trace]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """The file that may be stored, and what was done."""

    content: bytes = field(repr=False)
    handling: Handling
    found: frozenset[Trace] = frozenset()
