"""Server-sent events (WHATWG HTML, 9.2) read from lines of text."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Event(NamedTuple):
    """One event as it was dispatched."""

    kind: str
    data: str
    id: str | None  # of this event; None: it carried none


def events(lines: Iterable[str]) -> Iterator[Event]:
    """Every event; a comment line is one of the kind `:`, so that its coming can be noticed."""
    kind, last = "", None
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Event(kind or "message", "\n".join(data), last)
            kind, data, last = "", [], None
        elif line.startswith(":"):
            yield Event(":", line[1:].strip(), None)
        else:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                kind = value
            elif field == "data":
                data.append(value)
            elif field == "id" and "\0" not in value:
                last = value
