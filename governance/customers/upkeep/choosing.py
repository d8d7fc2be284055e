"""Which value of merged rows stands: the newest record's, then the fuller one's; pure.

Fields that are only right together (postal code with address, name with reading) come from one
record, unless the officer says otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from governance.core.terms import FieldId, RowId
from governance.crypto.values import Plain
from governance.customers.subjects import LOWEST, AgeBand

TOGETHER = (("address", "postal_code"), ("name", "kana"))  # the first one leads
STRICTER_FIRST = ("no", "ask", "unknown", "yes")  # 連絡の可否
WANTED_STRICTER_FIRST = ("unwanted", "ask", "wanted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One register row, with the day on which it was last confirmed or changed."""

    row: RowId
    confirmed_on: date
    values: Mapping[FieldId, Plain] = field(repr=False)


def choose(
    candidates: Sequence[Candidate],
    fields: Iterable[FieldId],
    *,
    wanted: Mapping[FieldId, RowId] | None = None,
) -> dict[FieldId, RowId]:
    """The row whose value stands, for each of these fields that any row has."""
    order = sorted(candidates, key=lambda c: (-c.confirmed_on.toordinal(), -len(c.values), c.row))
    by_row = {candidate.row: candidate for candidate in order}
    chosen: dict[FieldId, RowId] = {}
    known = tuple(fields)
    for name in known:
        asked = (wanted or {}).get(name)
        if asked is not None and name in by_row[asked].values:
            chosen[name] = asked
            continue
        first = next((c.row for c in order if name in c.values), None)
        if first is not None:
            chosen[name] = first
    pairs = [(table, pair) for table in _tables(known) for pair in TOGETHER]
    for table, (leader, follower) in pairs:
        lead, follow = FieldId(f"{table}.{leader}"), FieldId(f"{table}.{follower}")
        if follow in (wanted or {}) or lead not in chosen or follow not in known:
            continue
        if follow in by_row[chosen[lead]].values:
            chosen[follow] = chosen[lead]
    return chosen


def _tables(fields: Iterable[FieldId]) -> list[str]:
    return sorted({name.partition(".")[0] for name in fields})


def strictest(words: Iterable[str | None], order: Sequence[str]) -> str | None:
    """The word that permits least; a word that nobody knows permits nothing and wins."""
    given = [word for word in words if word is not None]
    unknown = [word for word in given if word not in order]
    if unknown:
        return unknown[0]
    return min(given, key=order.index, default=None)


def youngest(bands: Iterable[AgeBand]) -> AgeBand:
    """The band that protects most; unknown only when none is known."""
    known = [band for band in bands if band is not AgeBand.UNKNOWN]
    return min(known, key=LOWEST.__getitem__, default=AgeBand.UNKNOWN)
