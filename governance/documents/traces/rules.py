"""What becomes of the traces in a file that somebody sends: taken out unless they stay by consent.

Pure: octets in, octets out. A file of a kind that has no rules here, or that is not of its form,
is stored with consent alone, and then untouched (OWASP ASVS 5.0 V14.2.8).
"""

from collections.abc import Callable, Mapping
from typing import Final

from governance.documents.traces.jpeg import strip_jpeg
from governance.documents.traces.kinds import JPEG, PNG, TEXT, WEBP, media_of
from governance.documents.traces.office import MAIN, office_media, strip_office
from governance.documents.traces.png import strip_png
from governance.documents.traces.types import Handled, Handling, Stripped, Stuck
from governance.documents.traces.webp import strip_webp

STRIP: Final[Mapping[str, Callable[[bytes], Stripped | Stuck]]] = {
    JPEG: strip_jpeg,
    PNG: strip_png,
    WEBP: strip_webp,
    **dict.fromkeys(MAIN.values(), strip_office),
}


def paper_media(content: bytes) -> str | None:
    """The media type of a picture, a PDF or an Office file; None for everything else."""
    return media_of(content) or office_media(content)


def handle(media: str, content: bytes, *, keep: bool) -> Handled | Stuck:
    """The file as it may be stored; `keep` is the consent of whoever sends it."""
    if media == TEXT:  # carries nothing beside its words
        return Handled(content=content, handling=Handling.NONE)
    if keep:
        return Handled(content=content, handling=Handling.KEPT)
    strip = STRIP.get(media)
    stripped = strip(content) if strip is not None else Stuck.KIND
    if isinstance(stripped, Stuck):
        return stripped  # fails closed: nothing is stored
    handling = Handling.REMOVED if stripped.found else Handling.NONE
    return Handled(content=stripped.content, handling=handling, found=stripped.found)
