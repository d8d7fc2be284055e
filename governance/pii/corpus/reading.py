"""The project's own annotated texts: marks in a text file become a text and its spans.

A file holds blocks parted by a line `%%%`. A block begins with `#<id> <lang> <register>`; a span
is `⟦LABEL|surface⟧`, or `⟦?LABEL|surface⟧` where both finding and leaving it are right.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from governance.pii.corpus.errors import CorpusFormatError
from governance.pii.types import Entity

SEPARATOR: Final = "%%%"
LANGUAGES: Final = frozenset({"ja", "en", "mixed"})
_HEAD: Final = re.compile(r"#([a-z0-9-]+) (\w+) (\w+)")
_MARK: Final = re.compile(r"⟦(\??)([A-Z_]+)\|([^⟦⟧]+)⟧")
_SIGNS: Final = re.compile(r"[⟦⟧]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One annotated span: code points of the text without marks, end exclusive."""

    start: int
    end: int
    entity: Entity
    optional: bool  # finding it is no fault, leaving it neither


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedText:
    """One text of the corpus."""

    id: str
    lang: str
    register: str
    text: str
    spans: tuple[Mark, ...]


def read_part(folder: Path) -> tuple[AnnotatedText, ...]:
    """All texts of a part (`train`, `dev`, `held`), file by file; ids are unique."""
    texts: list[AnnotatedText] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.txt")):
        for text in parse(path.read_text(encoding="utf-8"), source=path.name):
            if text.id in seen:
                raise CorpusFormatError(source=path.name, block=text.id, reason="duplicate_id")
            seen.add(text.id)
            texts.append(text)
    return tuple(texts)


def parse(content: str, *, source: str) -> Iterator[AnnotatedText]:
    """The texts of one file in order; a block that breaks the format is refused by its number."""
    seen: set[str] = set()
    for number, block in enumerate(content.rstrip("\n").split(f"\n{SEPARATOR}\n"), 1):
        head, _, body = block.partition("\n")
        found = _HEAD.fullmatch(head)
        if found is None or found[2] not in LANGUAGES or not body.strip():
            raise CorpusFormatError(source=source, block=str(number), reason="head")
        if found[1] in seen:
            raise CorpusFormatError(source=source, block=str(number), reason="duplicate_id")
        seen.add(found[1])
        text, spans = _unmarked(body, source=source, block=str(number))
        yield AnnotatedText(id=found[1], lang=found[2], register=found[3], text=text, spans=spans)


def _unmarked(body: str, *, source: str, block: str) -> tuple[str, tuple[Mark, ...]]:
    pieces: list[str] = []
    spans: list[Mark] = []
    at = length = 0
    for mark in _MARK.finditer(body):
        if mark[2] not in Entity.__members__:
            raise CorpusFormatError(source=source, block=block, reason="unknown_label")
        if not mark[3].strip():
            raise CorpusFormatError(source=source, block=block, reason="empty_mark")
        before = body[at : mark.start()]
        start = length + len(before)
        end = start + len(mark[3])
        spans.append(Mark(start=start, end=end, entity=Entity(mark[2]), optional=bool(mark[1])))
        pieces += (before, mark[3])
        at, length = mark.end(), end
    text = "".join((*pieces, body[at:]))
    if _SIGNS.search(text):
        raise CorpusFormatError(source=source, block=block, reason="stray_mark")
    return text, tuple(spans)
