"""Readers of the files that persons send."""

from collections.abc import Callable, Mapping

from governance.documents.traces.kinds import JPEG, PNG, WEBP
from governance.documents.traces.office import MAIN
from governance.documents.traces.rules import handle, paper_media
from governance.documents.traces.types import Handled
from tests.fuzz.target import Target
from tests.governance.documents.traces.pictures import PNG_TOLD, TOLD, WEBP_TOLD, jpeg, png, webp
from tests.governance.documents.traces.test_office import DOCX, PARTS, packed


def papers() -> Mapping[str, Target]:
    """All of them by name."""
    return {
        "jpeg": Target(
            read=_handled(JPEG), seeds=(jpeg(*TOLD.values(), tail=b"x"), jpeg()),
            words=(b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xff", b"\xff\xe1\x00\x02",
                   b"Exif\x00\x00", b"II*\x00\x08\x00\x00\x00"),
        ),
        "png": Target(
            read=_handled(PNG), seeds=(png(*PNG_TOLD.values(), tail=b"x"), png()),
            words=(b"IHDR", b"IEND\xaeB`\x82", b"eXIf", b"\xff\xff\xff\xff", b"tEXt"),
        ),
        "webp": Target(
            read=_handled(WEBP), seeds=(webp(*WEBP_TOLD.values(), tail=b"x"),),
            words=(b"RIFF", b"VP8X", b"ANMF", b"EXIF", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"),
        ),
        "office": Target(
            read=_handled(DOCX), seeds=(packed(PARTS),),
            words=(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"_rels/.rels", b"\xff\xff"),
        ),
    }  # fmt: skip


def _handled(media: str) -> Callable[[bytes], object]:
    """What is taken out once is gone: a second reading finds nothing, of the same kind."""

    def fed(octets: bytes) -> object:
        known = paper_media(octets)
        found = handle(media, octets, keep=False)
        if isinstance(found, Handled):
            assert media in MAIN.values() or paper_media(found.content) == media
            again = handle(media, found.content, keep=False)
            assert isinstance(again, Handled)
            assert (again.content, again.found) == (found.content, frozenset())
        return known

    return fed
