"""What a review still lacks, where a word stands, and what an exception leaves out; pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from dsar.case import WithheldItem
from dsar.found import Found, FoundFile, FoundRecord, FoundValue, named
from dsar.review.applying import shown, spot_of, standing
from dsar.review.types import EXCEPTIONS, Act, ActKind, Lack, Spot
from dsar.types import Ground
from governance.core.terms import FieldId, Law, RowId
from governance.customers.catalogue import catalogue
from governance.pii.shadow import shadow_of
from policies.masking import Span

LONGEST_PHRASE: Final = 200  # signs
MOST_PLACES: Final = 20_000  # that one act covers


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A value, a field in every record, or a whole record of a source."""

    source: str
    row: RowId | None = None
    name: FieldId | None = None


def basis_of(runs: Iterable[RowId]) -> str:
    """What a review rests on: the runs of the sources. Another run is another basis."""
    return sha256("\n".join(sorted(runs)).encode()).hexdigest()


def values_of(findings: Iterable[Found]) -> Iterator[tuple[Found, FoundRecord, FoundValue]]:
    """Every value with its record and source, in the order of the answer."""
    for found in findings:
        for record in found.records:
            for value in record.values:
                yield found, record, value


def suggestions(findings: Iterable[Found]) -> tuple[Spot, ...]:
    """Every place that the analysis wants hidden, in the order of the answer."""
    return tuple(
        spot_of(found.source, record.row, value, place)
        for found, record, value in values_of(findings)
        for place in value.others
    )


def words_at(findings: Iterable[Found], spots: Iterable[Spot]) -> dict[Spot, str]:
    """What stands at each of these places, for the officer alone."""
    wanted: dict[tuple[str, RowId, FieldId], list[Spot]] = {}
    for spot in spots:
        wanted.setdefault((spot.source, spot.row, spot.name), []).append(spot)
    return {
        spot: value.text[spot.start : spot.end]
        for found, record, value in values_of(findings)
        for spot in wanted.get((found.source, record.row, value.name), ())
    }


def file_at(findings: Iterable[Found], spot: Spot) -> FoundFile | None:
    """The file that this place stands for; None where it is a place in a text."""
    mine = (record.file for found in findings for record in found.records if record.row == spot.row)
    file = next(mine, None)
    return file if file is not None and file.stands_for == spot.name else None


def alike(findings: Sequence[Found], spot: Spot) -> tuple[Spot, ...]:
    """The suggested places of the whole answer at which the same words stand."""
    every = suggestions(findings)
    said = words_at(findings, every)
    wanted = bare(said.get(spot, ""))
    return tuple(one for one in every if one.label == spot.label and bare(said[one]) == wanted)


def open_suggestions(findings: Sequence[Found], acts: Iterable[Act]) -> tuple[Spot, ...]:
    """Suggested redactions that nobody has judged in this very text."""
    judged = standing(acts).judged
    return tuple(spot for spot in suggestions(findings) if spot not in judged)


def stale(findings: Iterable[Found], acts: Iterable[Act]) -> tuple[Act, ...]:
    """Covers in force that name a text which is not there any more; they cover nothing now."""
    covers = standing(acts).covers
    if not covers:
        return ()
    here = {
        spot_of(found.source, record.row, value, Span(start=0, end=0, label="")).digest
        for found, record, value in values_of(findings)
    }
    return tuple(act for act in covers if any(spot.digest not in here for spot in act.spots))


def lacking(findings: Sequence[Found], acts: Sequence[Act]) -> Lack | None:
    """Why the review cannot end; None when everything was judged."""
    if open_suggestions(findings, acts):
        return Lack.OPEN
    return Lack.STALE if stale(findings, acts) else None


def finished(findings: Sequence[Found], acts: Sequence[Act], *, basis: str) -> bool:
    """Whether the last act ended the review of these very findings, and nothing is left over."""
    last = max(acts, key=lambda act: act.seq, default=None)
    ended = last is not None and last.kind is ActKind.FINISH and last.basis == basis
    return ended and lacking(findings, acts) is None


def places_of(
    phrase: str, findings: Iterable[Found], *, label: str, where: Where | None = None
) -> tuple[Spot, ...]:
    """Every place of these words: widths, letter cases and blanks between signs do not matter."""
    signs = bare(phrase)
    if not signs or len(signs) > LONGEST_PHRASE:
        return ()
    pattern = re.compile(r"\s*".join(map(re.escape, signs)), re.IGNORECASE)
    return tuple(
        spot_of(
            found.source, record.row, value, Span(start=hit.start(), end=hit.end(), label=label)
        )
        for found, record, value in values_of(findings)
        if where is None or _within(where, found, record, value)
        for hit in pattern.finditer(shadow_of(value.text))
    )


def bare(words: str) -> str:
    """The words without blanks, folded as they are compared."""
    return "".join(shadow_of(words).split()).casefold()


def _within(where: Where, found: Found, record: FoundRecord, value: FoundValue) -> bool:
    return (
        where.source == found.source
        and where.row in (None, record.row)
        and where.name in (None, value.name)
    )


def items_at(
    where: Where, findings: Iterable[Found], grounds: tuple[Ground, ...]
) -> tuple[WithheldItem, ...]:
    """What an exception there leaves out; nothing where the finding has no such place."""
    declared = catalogue().fields
    inside = [
        WithheldItem(
            field=value.name,
            row=record.row,
            grounds=grounds,
            label=None if value.name in declared else named(found.label, value.label),
        )
        for found, record, value in values_of(findings)
        if _within(where, found, record, value)
    ]
    if where.row is None:  # the field, or every field, in whatever record of the answer
        return tuple({item.field: replace(item, row=None) for item in inside}.values())
    return tuple(inside)


def grounds_fit(grounds: Iterable[Ground], laws: Iterable[Law]) -> bool:
    """Whether the exception has a ground under each law of the case, and none of another."""
    given = frozenset(grounds)
    lawful = {law: frozenset(EXCEPTIONS.get(law, ())) for law in laws}
    every: frozenset[Ground] = frozenset().union(*lawful.values())
    return bool(lawful) and given <= every and all(given & own for own in lawful.values())


def items_of(acts: Iterable[Act]) -> tuple[WithheldItem, ...]:
    """Everything that exceptions in force leave out; the newest ground of a field counts."""
    items = {
        (item.field, item.row): item for act in standing(acts).exceptions for item in act.items
    }
    return tuple(items.values())


def left_out(findings: Sequence[Found], acts: Sequence[Act]) -> int:
    """How many places and fields the person does not get."""
    gone = {(item.field, item.row) for item in items_of(acts)}
    seen = shown(findings, acts)
    excepted = sum(
        (value.name, record.row) in gone or (value.name, None) in gone
        for _, record, value in values_of(seen)
    )
    return excepted + sum(part.redactions + len(part.withheld) for part in seen)
