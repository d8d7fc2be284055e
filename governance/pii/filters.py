"""Streaming filters behind `sekisho pii analyze` and `pii columns`: lines in and out."""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TextIO

from governance.pii.types import ColumnLabel, Span
from governance.pii.worker import MAX_TEXT

Answers = Callable[[Iterable[tuple[str, str]]], Iterator[tuple[Span, ...] | None]]
Classify = Callable[[str, Sequence[object]], ColumnLabel]


class Judge(Protocol):
    """The labels of the columns of one table, as they stand side by side."""

    def __call__(
        self,
        names: Sequence[str],
        samples: Sequence[Sequence[str]],
        labels: Sequence[ColumnLabel],
        *,
        table: str,
    ) -> Sequence[ColumnLabel]:
        """The labels, each with the tie that the table and the others give it."""
        ...


KEPT: Final = 400  # values of a column that wait for the others of its table
MOST_COLUMNS: Final = 2_000  # of a table that are judged together
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


def _column_of(record: dict[str, object]) -> tuple[str, list[object], str]:
    name, values, table = record.get("column", ""), record.get("values"), record.get("table", "")
    if not isinstance(name, str) or not isinstance(values, list) or not isinstance(table, str):
        raise _BadLineError("values_are_not_a_list")
    return name, values, table


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One column that waits for the others of its table; of its values a sample alone."""

    id: object
    name: str
    sample: Sequence[str] = field(repr=False)
    label: ColumnLabel


@dataclass(slots=True)
class _Waiting:
    """The columns of the table that is being read, with the answers to bad lines between them."""

    table: str = ""
    columns: list[_Column | str] = field(default_factory=list)

    def said(self, judge: Judge) -> Iterator[tuple[_Column, ColumnLabel] | str]:
        """The columns in their order, each as its table shows it; then nothing waits."""
        whole = [one for one in self.columns if isinstance(one, _Column)]
        labels = iter(
            judge(
                [one.name for one in whole],
                [one.sample for one in whole],
                [one.label for one in whole],
                table=self.table,
            )
            if self.table
            else [one.label for one in whole]
        )
        for one in self.columns:
            yield one if isinstance(one, str) else (one, next(labels))
        self.columns.clear()


def column_lines(
    stream: TextIO, classify: Classify, judge: Judge, tally: Tally, *, ties: bool = False
) -> Iterator[str]:
    """{"id","column","values"} per line becomes {"id","label"}.

    Lines with the same "table" one after another are judged as one table. With `ties` each tells
    also how the column reaches a person, how sure that is, and whether a person must look.
    """
    waiting = _Waiting()

    def answered() -> Iterator[str]:
        for item in waiting.said(judge):
            yield item if isinstance(item, str) else _label(*item, tally, ties=ties)

    for number, line in _numbered(stream):
        if line is not None and not line.strip():
            continue
        tally.lines += 1
        try:
            record = _read(line)
            name, values, table = _column_of(record)
        except _BadLineError as bad:
            waiting.columns.append(_bad(number, bad, tally))
        else:
            if table != waiting.table or len(waiting.columns) >= MOST_COLUMNS:
                yield from answered()
                waiting.table = table
            sample = [str(one) for one in values[:KEPT] if one is not None and one != ""]
            label = classify(name, values)
            waiting.columns.append(_Column(id=record["id"], name=name, sample=sample, label=label))
        if not waiting.table:  # nothing to wait for
            yield from answered()
    yield from answered()


def _label(column: _Column, said: ColumnLabel, tally: Tally, *, ties: bool) -> str:
    tally.found.update([said.label or "none"])
    more = {"tie": said.tie.value, "confidence": said.confidence, "review": said.review}
    return _dump({"id": column.id, "label": said.label} | (more if ties else {}))
