"""What may stand in a data set and how its values are made coarser; pure.

Sources: APPI 41, 43, 施行規則 31条, 34条. No method can be turned back: a person's sign is random
for the one data set and nobody keeps a table of them, a coarser value tells no finer one.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

from governance.core.terms import FieldId
from governance.customers.catalogue import CatalogueField, Sensitivity
from policies.masking import MARK, Masking, MaskMethod, mask
from retention.datasets.types import (
    OTHER,
    Checked,
    DatasetKind,
    Item,
    Line,
    Point,
    Request,
    Standard,
    Way,
)

IDENTIFYING: Final = frozenset(
    {"identifier", "name", "contact", "guardian", "online_id", "location", "acquisition"}
)
CODES: Final = frozenset({"my_number", "face_features"})  # 個人識別符号 by category
BOOKKEEPING: Final = "record_keeping"
_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
_BANDED: Final = re.compile(r"\d{1,3}-\d{1,3}|\d{2}\+")  # an age band that the gate made
_MONTH: Final = re.compile(r"(\d{4})-\d{2}(?:-\d{2}.*)?")
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")
_COARSE: Final[Mapping[str, Mapping[DatasetKind, frozenset[Way]]]] = MappingProxyType(
    {
        "address": {
            DatasetKind.PSEUDONYMISED: frozenset({Way.PREFECTURE, Way.MUNICIPALITY}),
            DatasetKind.ANONYMISED: frozenset({Way.PREFECTURE}),
        },
        "birth": {
            DatasetKind.PSEUDONYMISED: frozenset({Way.YEAR, Way.AGE_BAND}),
            DatasetKind.ANONYMISED: frozenset({Way.AGE_BAND}),
        },
    }
)
_MASKS: Final[Mapping[Way, MaskMethod]] = MappingProxyType(
    {
        Way.YEAR_MONTH: MaskMethod.YEAR_MONTH,
        Way.PREFECTURE: MaskMethod.PREFECTURE,
        Way.MUNICIPALITY: MaskMethod.MUNICIPALITY,
    }
)


def checklist(request: Request, entries: Mapping[FieldId, CatalogueField]) -> tuple[Point, ...]:
    """Every item of the standard that the kind asks for, in the order of the rule."""
    identifying = _against(request, entries, _identifies)
    codes = _against(request, entries, lambda _, entry, __: _is_code(entry))
    if request.kind is DatasetKind.PSEUDONYMISED:
        harmful = _against(request, entries, lambda _, entry, __: _can_harm(entry))
        return (
            Point(standard=Standard.R31_1, against=identifying),
            Point(standard=Standard.R31_2, against=codes),
            Point(standard=Standard.R31_3, against=harmful),
        )
    linking = _against(request, entries, lambda _, entry, __: entry.category == BOOKKEEPING)
    peculiar = _against(request, entries, lambda _, entry, __: _is_grave(entry))
    fine = tuple(item.field for item in request.items if not item.quasi and _must_count(item))
    return (
        Point(standard=Standard.R34_1, against=identifying),
        Point(standard=Standard.R34_2, against=codes),
        Point(standard=Standard.R34_3, against=linking),
        Point(standard=Standard.R34_4, against=peculiar),
        Point(standard=Standard.R34_5, against=fine),
    )


def _against(
    request: Request,
    entries: Mapping[FieldId, CatalogueField],
    stands: Callable[[Item, CatalogueField, DatasetKind], bool],
) -> tuple[FieldId, ...]:
    return tuple(
        item.field for item in request.items if stands(item, entries[item.field], request.kind)
    )


def _identifies(item: Item, entry: CatalogueField, kind: DatasetKind) -> bool:
    """Fails closed: what is not known to be coarse enough identifies."""
    if entry.free_text or entry.third_person or entry.category in IDENTIFYING:
        return True
    if entry.column == "postal_code":
        return True  # seven digits are a few streets; the address tells the prefecture
    if entry.category == "address":
        return item.way not in _COARSE["address"][kind]
    if entry.column.startswith("birth"):
        return item.way not in _COARSE["birth"][kind]
    return kind is DatasetKind.PSEUDONYMISED and entry.category == BOOKKEEPING


def _is_code(entry: CatalogueField) -> bool:
    return entry.sensitivity is Sensitivity.IDENTIFICATION_CODE or entry.category in CODES


def _can_harm(entry: CatalogueField) -> bool:
    return entry.sensitivity is Sensitivity.FINANCIAL


def _is_grave(entry: CatalogueField) -> bool:
    """What is too peculiar or too grave to stand in data that anybody may receive."""
    return entry.sensitivity in (
        Sensitivity.SPECIAL_CARE,
        Sensitivity.GDPR_9,
        Sensitivity.FINANCIAL,
    )


def _must_count(item: Item) -> bool:
    """Ages and places are known to others, so they always count for the combinations."""
    return item.way in (Way.AGE_BAND, Way.PREFECTURE, Way.MUNICIPALITY, Way.YEAR)


def treated(value: str | None, item: Item, *, on: date) -> str:
    """The value as it may stand; empty where it is missing, hidden or of another form."""
    plain = "" if value is None or value == MARK else value.strip()
    if not plain:
        return ""
    match item.way:
        case Way.AS_IS:
            return plain
        case Way.YEAR:
            found = _MONTH.fullmatch(plain)
            return found[1] if found else plain if re.fullmatch(r"\d{4}", plain) else ""
        case Way.AGE_BAND if _BANDED.fullmatch(plain):
            return plain
        case Way.AGE_BAND:
            return _shown(mask(plain, Masking(method=MaskMethod.AGE_BAND), on=on))
        case Way.YEAR_MONTH if re.fullmatch(r"\d{4}-\d{2}", plain):
            return plain
        case Way.YEAR_MONTH | Way.PREFECTURE | Way.MUNICIPALITY as way:
            return _shown(mask(plain, Masking(method=_MASKS[way])))
        case Way.BAND:
            return band(plain, width=item.width or 1)


def _shown(value: str) -> str:
    return "" if value == MARK else value


def band(value: str, *, width: int) -> str:
    """The band of a number, ``10000-19999``; empty for anything else."""
    found = _NUMBER.fullmatch(value.replace(",", ""))
    if found is None:
        return ""
    low = int(float(found[0]) // width * width)
    return str(low) if width == 1 else f"{low}-{low + width - 1}"


def fine_dates(lines: Iterable[Line], items: Sequence[Item]) -> tuple[FieldId, ...]:
    """Columns with a date finer than a month."""
    found = {
        place
        for line in lines
        for place, cell in enumerate(line.cells)
        if _DATE.fullmatch(cell) is not None
    }
    return tuple(items[place].field for place in sorted(found))


def checked(lines: Sequence[Line], request: Request) -> Checked:
    """For an anonymised data set, the rows after rare values and rare combinations are gone.

    Persons are counted, not rows: ten purchases of one person hide nobody. The rows of a
    pseudonymised one stay; how rare the rarest is, is told.
    """
    read = len({line.person for line in lines})
    replaced: Counter[FieldId] = Counter()
    kept = tuple(lines)
    if request.kind is DatasetKind.ANONYMISED:
        kept = _common(kept, request, replaced)
        sizes = _sizes(kept, request.items)
        kept = tuple(line for line in kept if sizes[_key(line, request.items)] >= request.k)
    sizes = _sizes(kept, request.items)
    return Checked(
        lines=kept,
        persons_read=read,
        persons=len({line.person for line in kept}),
        combinations=len(sizes),
        smallest=min(sizes.values(), default=0),
        replaced=MappingProxyType(dict(replaced)),
        removed=len(lines) - len(kept),
    )


def _common(
    lines: tuple[Line, ...], request: Request, replaced: Counter[FieldId]
) -> tuple[Line, ...]:
    """Values that fewer than k persons have are OTHER, in every column."""
    having: list[defaultdict[str, set[str]]] = [defaultdict(set) for _ in request.items]
    for line in lines:
        for place, cell in enumerate(line.cells):
            having[place][cell].add(line.person)
    rare = [
        {cell for cell, persons in column.items() if len(persons) < request.k} for column in having
    ]
    made = []
    for line in lines:
        cells = list(line.cells)
        for place, cell in enumerate(cells):
            if cell in rare[place]:
                cells[place] = OTHER
                replaced[request.items[place].field] += 1
        made.append(replace(line, cells=tuple(cells)))
    return tuple(made)


def _key(line: Line, items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(cell for cell, item in zip(line.cells, items, strict=True) if item.quasi)


def _sizes(lines: Iterable[Line], items: Sequence[Item]) -> dict[tuple[str, ...], int]:
    """How many persons each combination has."""
    having: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for line in lines:
        having[_key(line, items)].add(line.person)
    return {key: len(persons) for key, persons in having.items()}
