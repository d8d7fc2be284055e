"""What a row of a file changes in a stored one: three readings compared, field by field; pure.

What the source says now is held against what is stored and against what it said last time. Its
own former word is replaced; what somebody wrote since stays, and a difference is told.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from zlib import crc32

from governance.core.terms import FieldId
from governance.customers.catalogue import Storage, catalogue, derived
from governance.customers.master.types import FORMS, Wanted
from governance.gateway.intake.drafts import DEFAULTS

WANTED, SINCE = FieldId("channel_permission.wanted"), FieldId("channel_permission.since")
SAID_WITH_IT = (WANTED, SINCE, FieldId("channel_permission.source"))
PAIR = struct.Struct(">HI")  # which field, check value of what was said
KEPT_BY_STORE = frozenset(
    {
        *("id", "subject_id", "version", "source_file", "source_row", "source_key", "recorded_at"),
        *("problems", "company_id", "acquired_on", "recorded_by", "verified_by", "author"),
    }
)  # bookkeeping of the row, which no file says


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Fields that take the file's value, and fields where both keep theirs."""

    taken: Mapping[FieldId, object] = field(repr=False)
    conflicts: tuple[FieldId, ...]


@derived
def spoken(table: str) -> tuple[tuple[FieldId, str, bool], ...]:
    """Field, column and whether it is sealed, of everything that a file may say about a row."""
    forms = FORMS.get(table, {})
    return tuple(
        (entry.id, entry.column, entry.storage is Storage.SEALED)
        for entry in catalogue().table(table).fields
        if entry.column not in KEPT_BY_STORE
        and entry.custom is None
        and not (entry.column in forms and forms[entry.column].fixed)  # said once
    )


@cache
def _mark(name: FieldId) -> int:
    return crc32(name.encode()) & 0xFFFF


def check(value: object) -> int:
    """A value's check number; kept sealed, so that it need not withstand anybody."""
    if isinstance(value, str):
        return crc32(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, datetime):
        return crc32(value.astimezone(UTC).isoformat().encode())
    return crc32(str(value).encode())


def words(
    table: str, plain: Mapping[FieldId, object], clear: Mapping[str, object]
) -> dict[FieldId, object]:
    """Everything that a row says; what stands for "not said" is left out."""
    found: dict[FieldId, object] = {}
    for name, column, sealed in spoken(table):
        value = plain.get(name) if sealed else clear.get(column)
        if value is not None and (sealed or value != DEFAULTS.get(name)):
            found[name] = value
    return found


def said(spoken_words: Mapping[FieldId, object]) -> bytes:
    """What a row says, as check values."""
    pack = PAIR.pack
    return b"".join(
        [
            pack(
                _mark(name),
                crc32(value.encode("utf-8", "surrogatepass"))  # the usual kind, without a call
                if type(value) is str
                else check(value),
            )
            for name, value in spoken_words.items()
        ]
    )


def read_said(packed: bytes) -> dict[int, int]:
    """Check values by field."""
    return dict(PAIR.iter_unpack(packed))


def compare(
    theirs: Mapping[FieldId, object],
    ours: Mapping[FieldId, object],
    *,
    before: Mapping[int, int] | None,
    newer: bool,
) -> Change:
    """What a file changes: without a former word, empty fields are filled and nothing replaced."""
    taken: dict[FieldId, object] = {}
    conflicts: list[FieldId] = []
    for name, value in theirs.items():
        held = ours.get(name)
        if value is None or held == value or (held is not None and str(held) == str(value)):
            continue
        word = before.get(_mark(name)) if before is not None else None
        if word is None:
            if held is None:
                taken[name] = value
            else:
                conflicts.append(name)
        elif word == check(value):
            continue  # the source repeats itself; what was written since stays
        elif newer and held is not None and word == check(held):
            taken[name] = value
        else:
            conflicts.append(name)
    return Change(taken=taken, conflicts=tuple(conflicts))


def narrowed(
    table: str,
    change: Change,
    theirs: Mapping[FieldId, object],
    ours: Mapping[FieldId, object],
) -> Change:
    """The change; that somebody does not want to hear stands against an older wish to hear."""
    if WANTED not in change.conflicts or not narrows(table, theirs, ours):
        return change
    said_with = {name: theirs[name] for name in SAID_WITH_IT if name in theirs}
    return Change(
        taken={**change.taken, **said_with},
        conflicts=tuple(name for name in change.conflicts if name not in said_with),
    )


def narrows(table: str, theirs: Mapping[FieldId, object], ours: Mapping[FieldId, object]) -> bool:
    """Whether a row takes a wish back that the store has; the later day is the word that holds."""
    if table != "channel_permission" or theirs.get(WANTED) != Wanted.UNWANTED:
        return False
    said_on, held_on = theirs.get(SINCE), ours.get(SINCE)
    later = isinstance(said_on, date) and isinstance(held_on, date) and held_on > said_on
    return ours.get(WANTED) != Wanted.UNWANTED and not later


def differing(packed: bytes, theirs: Mapping[FieldId, object]) -> tuple[FieldId, ...]:
    """Fields in which a row that a dry run would have stored differs from what is said now."""
    held = read_said(packed)
    return tuple(
        name
        for name, value in theirs.items()
        if value is not None and (_mark(name)) in held and held[_mark(name)] != check(value)
    )


def joined(packed: bytes, more: bytes) -> bytes:
    """Check values of a row after the fields that it lacked were filled."""
    held = read_said(more) | read_said(packed)
    return b"".join(PAIR.pack(name, value) for name, value in held.items())
