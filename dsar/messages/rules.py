"""Which message or file is taken, and who may read it; pure."""

import re
import unicodedata
from typing import Final

from dsar.messages.types import LONGEST, LONGEST_NAME, MOST_BYTES, Message, Side, Wrong
from governance.documents.traces.kinds import TEXT
from governance.documents.traces.office import BASE
from governance.documents.traces.rules import paper_media

ODD: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
PATH: Final = re.compile(r"[/\\:*?\"<>|\r\n\t]+")
ENDINGS: Final = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/tiff": ".tif",
    f"{BASE}wordprocessingml.document": ".docx",
    f"{BASE}spreadsheetml.sheet": ".xlsx",
    f"{BASE}presentationml.presentation": ".pptx",
    TEXT: ".txt",
}  # what a file is called follows from what it is
FIRST: Final = 4096  # octets of a text that are looked at for signs no text has


def words_wrong(words: str) -> Wrong | None:
    """Why these words are no message."""
    if not words.strip():
        return Wrong.EMPTY
    return Wrong.LONG if len(words) > LONGEST or ODD.search(words) else None


def kind_of_file(content: bytes) -> str | None:
    """What the octets say the file is; None for everything that is not taken."""
    return paper_media(content) or (TEXT if _is_text(content) else None)


def _is_text(content: bytes) -> bool:
    try:
        said = content.decode()
    except UnicodeDecodeError:
        return False
    return not ODD.search(said) and not said[:FIRST].lstrip("\ufeff \r\n\t").startswith("<")


def file_wrong(content: bytes) -> Wrong | None:
    """Why this file is not taken."""
    if not content:
        return Wrong.EMPTY
    if len(content) > MOST_BYTES:
        return Wrong.LARGE
    return Wrong.KIND if kind_of_file(content) is None else None


def safe_name(given: str, media: str) -> str:
    """The name without a path, odd signs or a foreign ending; the ending tells what the file is."""
    bare = PATH.sub("_", unicodedata.normalize("NFC", ODD.sub("", given))).strip(" ._")
    stem = bare.rpartition(".")[0] or bare or "file"
    printed = "".join(sign for sign in stem if sign.isprintable())
    return f"{printed[:LONGEST_NAME] or 'file'}{ENDINGS[media]}"


def person_sees(message: Message, *, known: bool) -> bool:
    """Fails closed: before it is proved who asks, only what was written to be read by anybody."""
    return message.side is Side.PERSON or known or message.open_to_asker
