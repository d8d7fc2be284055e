"""One event as a flat row: the columns that every table form of the log has."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection

from audit.review import EventFilter, RecordedEvent, events

PAGE: Final = 500
COLUMNS: Final = (
    "seq",
    "recorded_at",
    "occurred_at",
    "id",
    "action",
    "outcome",
    "actor",
    "actor_os",
    "object_type",
    "object_id",
    "subject",
    "purpose",
    "reasons",
    "policy_version",
    "consent_seq",
    "request_id",
    "network",
    "fields",
    "counts",
    "refs",
    "leaf",
)
TIMES: Final = ("recorded_at", "occurred_at")
NUMBERS: Final = ("seq", "consent_seq")


def found(
    tx: Connection, asked: EventFilter, *, start: int = 0, below: int | None = None
) -> Iterator[RecordedEvent]:
    """The matching events by rising place, from `start`, read in pages."""
    places: list[int] = []
    before = below
    while page := events(tx, asked, before=before, limit=PAGE):
        places += [event.seq for event in page if event.seq >= start]
        before = page[-1].seq
        if before <= start:
            break
    for at in range(len(places), 0, -PAGE):
        part = places[max(at - PAGE, 0) : at]
        wanted = frozenset(part)
        page = events(tx, asked, before=part[0] + 1, limit=PAGE)
        yield from sorted((e for e in page if e.seq in wanted), key=lambda event: event.seq)


def row(event: RecordedEvent) -> dict[str, str | int | None]:
    """The event under the names of COLUMNS; times in RFC 3339, the leaf in hexadecimal."""
    flat: dict[str, str | int | None] = {}
    for name in COLUMNS:
        value = getattr(event, name)
        if name in TIMES:
            flat[name] = value.isoformat(timespec="microseconds").replace("+00:00", "Z")
        elif name == "leaf":
            flat[name] = value.hex()
        else:
            flat[name] = value
    return flat
