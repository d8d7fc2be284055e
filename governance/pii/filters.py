"""Streaming filters behind `sekisho pii analyze`, `pii columns`, `pii scan`: lines in and out."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

from governance.pii.errors import PiiFileError
from governance.pii.types import ColumnLabel, Span

Analyse = Callable[[str, str], tuple[Span, ...]]
Classify = Callable[[str, Sequence[object]], ColumnLabel]
_LANGUAGES: Final = frozenset({"ja", "en"})
SCAN_BLOCK: Final = 64_000  # code points of a line without end that are analysed together


@dataclass(slots=True)
class Tally:
    """What a filter saw; its exit code is 1 when any line was bad."""

    lines: int = 0
    bad: int = 0
    found: Counter[str] = field(default_factory=Counter)

    @property
    def exit_code(self) -> int:
        """0 fine, 1 some line could not be read."""
        return 1 if self.bad else 0


class _BadLineError(ValueError):
    """A line that is not of the form; carries the reason's code only."""


def _object(line: str) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise _BadLineError("not_json") from None
    if not isinstance(record, dict) or "id" not in record:
        raise _BadLineError("not_an_object_with_id")
    return record


def _dump(record: dict[str, object]) -> str:
    # Lone surrogates have no UTF-8; JSON escapes carry them
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(record, separators=(",", ":"))
    return line


def _stream(
    lines: Iterable[str], answer: Callable[[dict[str, object]], dict[str, object]], tally: Tally
) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        tally.lines += 1
        try:
            yield _dump(answer(_object(line)))
        except _BadLineError as bad:
            tally.bad += 1
            yield _dump({"error": {"code": str(bad), "line": number}})


def _spans(spans: tuple[Span, ...], tally: Tally) -> list[dict[str, object]]:
    tally.found.update(span.label for span in spans)
    return [
        {"start": s.start, "end": s.end, "label": s.label, "score": round(s.score, 3)}
        for s in spans
    ]


def analyze_lines(lines: Iterable[str], analyse: Analyse, tally: Tally) -> Iterator[str]:
    """{"id","lang","text"} per line becomes {"id","spans":[{"start","end","label","score"}]}."""

    def answer(record: dict[str, object]) -> dict[str, object]:
        text, lang = record.get("text"), record.get("lang", "ja")
        if not isinstance(text, str):
            raise _BadLineError("text_is_not_a_string")
        if not isinstance(lang, str) or lang not in _LANGUAGES:
            raise _BadLineError("unknown_language")
        return {"id": record["id"], "spans": _spans(analyse(text, lang), tally)}

    return _stream(lines, answer, tally)


def column_lines(lines: Iterable[str], classify: Classify, tally: Tally) -> Iterator[str]:
    """{"id","column","values"} per line becomes {"id","label"}."""

    def answer(record: dict[str, object]) -> dict[str, object]:
        name, values = record.get("column", ""), record.get("values")
        if not isinstance(name, str) or not isinstance(values, list):
            raise _BadLineError("values_are_not_a_list")
        label = classify(name, values).label
        tally.found.update([label or "none"])
        return {"id": record["id"], "label": label}

    return _stream(lines, answer, tally)


def _pieces(stream: TextIO) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a line without end comes in blocks."""
    number = 1
    while piece := stream.readline(SCAN_BLOCK):
        yield number, piece
        if piece.endswith("\n"):
            number += 1


def _open(path: Path) -> TextIOWrapper:
    if not path.exists():
        raise PiiFileError(reason="missing")
    if not path.is_file():
        raise PiiFileError(reason="not_a_file")
    with path.open("rb") as probe:
        head = probe.read(65_536)
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PiiFileError(reason="binary")
    return path.open(encoding=_encoding(head), errors="replace", newline=None)


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as fault:
        # A character cut by the end of the probe is still UTF-8
        return "utf-8" if fault.start >= len(head) - 3 else "cp932"
    return "utf-8"


def scan_file(path: Path, analyse: Analyse, tally: Tally, *, lang: str = "ja") -> Iterator[str]:
    """Findings of a text file, one JSON line per line that has any: {"line","spans"}; no text."""
    with _open(path) as stream:
        for number, piece in _pieces(stream):
            tally.lines += 1
            spans = _spans(analyse(piece.rstrip("\r\n"), lang), tally)
            if spans:
                yield _dump({"line": number, "spans": spans})
