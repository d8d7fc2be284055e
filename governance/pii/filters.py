"""Streaming filters behind `sekisho pii analyze` and `pii columns`: lines in and out."""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from governance.pii.types import ColumnLabel, Span
from governance.pii.worker import MAX_TEXT

Answers = Callable[[Iterable[tuple[str, str]]], Iterator[tuple[Span, ...] | None]]
Classify = Callable[[str, Sequence[object]], ColumnLabel]
_LANGUAGES: Final = frozenset({"ja", "en"})
LONGEST: Final = 12 * MAX_TEXT  # code points of a line; JSON may write six or twelve for one


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


def _numbered(stream: TextIO) -> Iterator[tuple[int, str | None]]:
    """Lines with their numbers; None for one that is longer than any record may be."""
    number = 0
    while line := stream.readline(LONGEST):
        number += 1
        if len(line) < LONGEST or line.endswith("\n"):
            yield number, line
            continue
        while line and not line.endswith("\n"):
            line = stream.readline(LONGEST)
        yield number, None


def _read(line: str | None) -> dict[str, object]:
    if line is None:
        raise _BadLineError("line_is_too_long")
    return _object(line)


def _spans(spans: tuple[Span, ...], tally: Tally, *, reasons: bool) -> list[dict[str, object]]:
    tally.found.update(span.label for span in spans)
    return [
        {"start": s.start, "end": s.end, "label": s.label, "score": round(s.score, 3)}
        | ({"reason": s.reason.value, "role": s.role.value} if reasons else {})
        for s in spans
    ]


def _bad(number: int, bad: _BadLineError, tally: Tally) -> str:
    tally.bad += 1
    return _dump({"error": {"code": str(bad), "line": number}})


def _text_of(record: dict[str, object]) -> tuple[str, str]:
    text, lang = record.get("text"), record.get("lang", "ja")
    if not isinstance(text, str):
        raise _BadLineError("text_is_not_a_string")
    if len(text) > MAX_TEXT:
        raise _BadLineError("text_is_too_long")
    if not isinstance(lang, str) or lang not in _LANGUAGES:
        raise _BadLineError("unknown_language")
    return text, lang


def analyze_lines(
    stream: TextIO, analyse: Answers, tally: Tally, *, reasons: bool = False
) -> Iterator[str]:
    """{"id","lang","text"} per line becomes {"id","spans":[{"start","end","label","score"}]}.

    With `reasons` each span tells also why it was found and whose it is. Lines are answered in
    their order, several at a time; one of which nothing can be said is an error with its number
    and stops nobody.
    """
    waiting: deque[tuple[int, object, _BadLineError | None]] = deque()

    def asked() -> Iterator[tuple[str, str]]:
        for number, line in _numbered(stream):
            if line is not None and not line.strip():
                continue
            tally.lines += 1
            try:
                record = _read(line)
                item = _text_of(record)
            except _BadLineError as bad:
                waiting.append((number, None, bad))
                yield "", "ja"  # keeps its place among the answers
                continue
            waiting.append((number, record["id"], None))
            yield item

    for spans in analyse(asked()):
        number, name, bad = waiting.popleft()
        if bad is not None or spans is None:
            yield _bad(number, bad or _BadLineError("not_analysed"), tally)
        else:
            yield _dump({"id": name, "spans": _spans(spans, tally, reasons=reasons)})


def _column_of(record: dict[str, object]) -> tuple[str, list[object]]:
    name, values = record.get("column", ""), record.get("values")
    if not isinstance(name, str) or not isinstance(values, list):
        raise _BadLineError("values_are_not_a_list")
    return name, values


def column_lines(
    stream: TextIO, classify: Classify, tally: Tally, *, ties: bool = False
) -> Iterator[str]:
    """{"id","column","values"} per line becomes {"id","label"}.

    With `ties` each tells also how the column reaches a person, and how sure that is.
    """
    for number, line in _numbered(stream):
        if line is not None and not line.strip():
            continue
        tally.lines += 1
        try:
            record = _read(line)
            name, values = _column_of(record)
        except _BadLineError as bad:
            yield _bad(number, bad, tally)
            continue
        said = classify(name, values)
        tally.found.update([said.label or "none"])
        more = {"tie": said.tie.value, "confidence": said.confidence} if ties else {}
        yield _dump({"id": record["id"], "label": said.label} | more)
