"""What a colleague says of a system: a reason in words, and an export as records."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from governance.connectors.errors import TaskAnswerError
from governance.connectors.types import OutsideRecord, OutsideValue
from policies.types import Label

MOST: Final = 5_000_000  # characters of an export
MOST_RECORDS: Final = 10_000
ENCODINGS: Final = ("utf-8-sig", "cp932")
NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\uf8f0-\uf8f3\ufffd]")
CONTENT: Final = Label(ja="内容", en="Content")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The reason, and the export as it was attached."""

    reason: str = field(default="", repr=False)
    export: str = field(default="", repr=False)


def to_bytes(said: Said) -> bytes:
    """The answer for sealing."""
    return json.dumps({"reason": said.reason, "export": said.export}, ensure_ascii=False).encode()


def from_bytes(content: bytes) -> Said:
    """The answer that `to_bytes` wrote."""
    found: dict[str, str] = json.loads(content)
    return Said(reason=found["reason"], export=found["export"])


def read_text(content: bytes) -> str | None:
    """The text of a file; None for what is no text. Bytes that no text has are not guessed at."""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if NO_TEXT.search(text) else text
    return None


def read_export(content: bytes) -> str:
    """The text of an attached file; raises TaskAnswerError for what is no text or too large."""
    text = read_text(content) if len(content) <= MOST * 4 else None
    if text is None:
        raise TaskAnswerError(field="export")
    return text


def records_of(name: str, export: str) -> tuple[OutsideRecord, ...]:
    """The records of an export: a list in JSON, a table in CSV, else one text.

    Every value is free text: nobody knows beforehand what a colleague attaches.
    """
    if len(export) > MOST:
        raise TaskAnswerError(field="export")
    rows = _json(export) or _csv(export) or ({"": export.strip()},)
    if len(rows) > MOST_RECORDS:
        raise TaskAnswerError(field="export")
    return tuple(
        OutsideRecord(
            values=tuple(
                OutsideValue(
                    name=f"{name}.{column or 'content'}",
                    label=Label(ja=column, en=column) if column else CONTENT,
                    text=text,
                    free_text=True,
                )
                for column, text in row.items()
                if text
            )
        )
        for row in rows
    )


def _json(export: str) -> tuple[Mapping[str, str], ...]:
    try:
        found = json.loads(export)
    except (ValueError, RecursionError):
        return ()
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) for row in rows):
        return ()
    return tuple({str(k): _word(v) for k, v in row.items()} for row in rows)


def _word(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv(export: str) -> tuple[Mapping[str, str], ...]:
    """Rows under their heads; empty where every row does not have as many cells as the first."""
    try:
        rows = [row for row in csv.reader(io.StringIO(export), strict=True) if row]
    except csv.Error:
        return ()
    if len(rows) < 2 or len(rows[0]) < 2:  # noqa: PLR2004 # a head and a row of two cells
        return ()
    head = [name.strip() for name in rows[0]]
    if len(set(head)) != len(head) or any(len(row) != len(head) for row in rows):
        return ()
    return tuple(dict(zip(head, (cell.strip() for cell in row), strict=True)) for row in rows[1:])
