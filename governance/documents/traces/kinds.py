"""What the first octets say a file is; its name and its sender's word say nothing."""

from typing import Final

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
TIFF, HEIC, PDF = "image/tiff", "image/heic", "application/pdf"
TEXT: Final = "text/plain"
MAGIC: Final = {
    b"\xff\xd8\xff": JPEG,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"%PDF-": PDF,
    b"II*\x00": TIFF,
    b"MM\x00*": TIFF,
}
HEIC_BRANDS: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
)


def media_of(content: bytes) -> str | None:
    """The media type of a picture or a PDF; None for everything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        return HEIC
    return next((media for magic, media in MAGIC.items() if content.startswith(magic)), None)
