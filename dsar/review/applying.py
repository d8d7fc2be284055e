"""What the person sees of the findings after the officer's acts; the same for preview and package.

Fails closed: a suggested redaction stands until an act undoes it in this very text, and a place
that any standing redaction covers stays covered. The order in which acts are handed over does not
matter: their own numbers say which came last.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from audit.types import canonical_json
from dsar.found import Found, FoundRecord, FoundValue
from dsar.review.types import Act, ActKind, Spot
from governance.core.terms import RowId
from policies.masking import Span


def digest_of(source: str, row: RowId, value: FoundValue) -> str:
    """The digest of one value where it stands; kept sealed, for a short text can be guessed."""
    told = {"source": source, "row": row, "field": value.name, "text": value.text}
    return sha256(canonical_json(told)).hexdigest()


def spot_of(source: str, row: RowId, value: FoundValue, place: Span) -> Spot:
    """The place as acts name it."""
    return Spot(
        source=source,
        row=row,
        name=value.name,
        digest=digest_of(source, row, value),
        start=place.start,
        end=place.end,
        label=place.label,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands of all acts: the last word on each suggestion, covers and exceptions in force."""

    judged: dict[Spot, Act]
    covers: tuple[Act, ...]
    exceptions: tuple[Act, ...]

    @property
    def covered(self) -> frozenset[Spot]:
        """Every place that an officer blacked out."""
        return frozenset(spot for act in self.covers for spot in act.spots)


def standing(acts: Iterable[Act]) -> Standing:
    """What stands of these acts, in whatever order they come."""
    ordered = sorted(acts, key=lambda act: act.seq)
    lifted = {act.lifts for act in ordered if act.kind is ActKind.LIFT}
    judged: dict[Spot, Act] = {}
    for act in ordered:
        if act.kind in (ActKind.ACCEPT, ActKind.REVEAL):
            judged |= dict.fromkeys(act.spots, act)
    alive = [act for act in ordered if act.id not in lifted]
    return Standing(
        judged=judged,
        covers=tuple(act for act in alive if act.kind is ActKind.COVER),
        exceptions=tuple(act for act in alive if act.kind is ActKind.WITHHOLD),
    )


def shown(findings: Iterable[Found], acts: Iterable[Act]) -> tuple[Found, ...]:
    """The findings with exactly those places marked that the person must not see."""
    stands = standing(acts)
    covered = _by_value(stands.covered)
    return tuple(
        replace(
            found,
            records=tuple(
                _record(found.source, record, stands, covered) for record in found.records
            ),
        )
        for found in findings
    )


def _by_value(spots: Iterable[Spot]) -> dict[str, list[Span]]:
    places: dict[str, list[Span]] = {}
    for spot in spots:
        place = Span(start=spot.start, end=spot.end, label=spot.label)
        places.setdefault(spot.digest, []).append(place)
    return places


def _record(
    source: str, record: FoundRecord, stands: Standing, covered: dict[str, list[Span]]
) -> FoundRecord:
    if not covered and not any(value.others for value in record.values):
        return record
    return replace(
        record,
        values=tuple(
            replace(value, others=_places(source, record.row, value, stands, covered))
            for value in record.values
        ),
    )


def _places(
    source: str, row: RowId, value: FoundValue, stands: Standing, covered: dict[str, list[Span]]
) -> tuple[Span, ...]:
    """Suggestions that nobody undid, and the officer's own places in this very text."""
    kept = [
        place
        for place in value.others
        if (act := stands.judged.get(spot_of(source, row, value, place))) is None
        or act.kind is not ActKind.REVEAL
    ]
    own = covered.get(digest_of(source, row, value), ()) if covered else ()
    every = {(place.start, -place.end, place.label): place for place in (*kept, *own)}
    return tuple(every[key] for key in sorted(every))
