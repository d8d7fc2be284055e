"""Annotated texts as JSON lines: id, lang, text and spans (start, end, label, optional).

Offsets are code points, end exclusive. A fault is told by file, line and reason; no text of it.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from governance.pii.corpus.errors import CorpusFormatError
from governance.pii.corpus.reading import LANGUAGES, AnnotatedText, Mark, parse
from governance.pii.types import Entity

# Labels of other published sets that are no entity of ours; their spans are read over
SKIPPED: Final = frozenset({
    "AGE", "DATE", "DOMAIN_NAME", "LOCATION", "NRP", "ORGANIZATION", "SENSITIVE", "TITLE",
})  # fmt: skip


class _BadLineError(ValueError):
    """A line that breaks the form; carries the reason's code only."""


def read_file(path: Path) -> tuple[AnnotatedText, ...]:
    """Texts of a file, in JSON lines or in the form of our own corpus; ids are unique."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise CorpusFormatError(source=path.name, block="1", reason="unreadable") from fault
    if content.lstrip().startswith("{"):
        return tuple(parse_lines(content, source=path.name))
    return tuple(parse(content, source=path.name))


def parse_lines(content: str, *, source: str) -> Iterator[AnnotatedText]:
    """Texts of JSON lines in order; the first line that breaks the form is refused."""
    seen: set[str] = set()
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            text = _new(_text(line), seen)
        except _BadLineError as bad:
            raise CorpusFormatError(source=source, block=str(number), reason=str(bad)) from None
        yield text


def _new(text: AnnotatedText, seen: set[str]) -> AnnotatedText:
    if text.id in seen:
        raise _BadLineError("duplicate_id")
    seen.add(text.id)
    return text


def _text(line: str) -> AnnotatedText:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise _BadLineError("not_json") from None
    if not isinstance(record, dict) or "id" not in record:
        raise _BadLineError("not_an_object_with_id")
    text, lang = record.get("text"), record.get("lang", "ja")
    if not isinstance(text, str):
        raise _BadLineError("text_is_not_a_string")
    if lang not in LANGUAGES:
        raise _BadLineError("unknown_language")
    spans = record.get("spans", [])
    if not isinstance(spans, list):
        raise _BadLineError("spans_are_not_a_list")
    marks = sorted(
        (mark for span in spans if (mark := _mark(span, len(text))) is not None),
        key=lambda mark: mark.start,
    )
    for left, right in pairwise(marks):
        if right.start < left.end:
            raise _BadLineError("spans_overlap")
    return AnnotatedText(
        id=str(record["id"]),
        lang=lang,
        register=str(record.get("register", "other")),
        text=text,
        spans=tuple(marks),
    )


def _mark(span: object, size: int) -> Mark | None:
    if not isinstance(span, dict):
        raise _BadLineError("span_is_not_an_object")
    start, end, label = span.get("start"), span.get("end"), span.get("label")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= size:
        raise _BadLineError("bad_offsets")
    if label in SKIPPED:
        return None
    if not isinstance(label, str) or label not in Entity.__members__:
        raise _BadLineError("unknown_label")
    return Mark(start=start, end=end, entity=Entity(label), optional=bool(span.get("optional")))
