"""Facts of data sets: what is asked for, how each item is treated, what the checks found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NewType

from governance.core.terms import ActorId, FieldId, PurposeId, RowId

DatasetId = NewType("DatasetId", str)  # UUIDv7 text
K: Final = 10  # persons that share every combination, where the request names no number
LEAST_K: Final = 3
MOST_REMOVED: Final = 0.2  # share of the persons that may be left out for k
OTHER: Final = "*"  # stands for every value that too few persons have


class DatasetKind(StrEnum):
    """What the law calls the data set."""

    PSEUDONYMISED = "pseudonymised"  # 仮名加工情報, APPI 2(5), 41
    ANONYMISED = "anonymised"  # 匿名加工情報, APPI 2(6), 43


class Way(StrEnum):
    """How one item is treated, beside what the gate did to it."""

    AS_IS = "as_is"
    YEAR = "year"
    YEAR_MONTH = "year_month"
    AGE_BAND = "age_band"
    PREFECTURE = "prefecture"
    MUNICIPALITY = "municipality"
    BAND = "band"  # numbers by width


class State(StrEnum):
    """Where a data set stands."""

    MADE = "made"  # waits for a second person
    RELEASED = "released"
    ENDED = "ended"  # its rows are gone


class Standard(StrEnum):
    """Each item of the two standards (施行規則31条, 34条) and of what follows from them."""

    R31_1 = "r31_1"  # identifying descriptions
    R31_2 = "r31_2"  # 個人識別符号
    R31_3 = "r31_3"  # descriptions that allow harm to property
    R34_1 = "r34_1"
    R34_2 = "r34_2"
    R34_3 = "r34_3"  # codes that link to other data
    R34_4 = "r34_4"  # peculiar descriptions
    R34_5 = "r34_5"  # other measures for what singles out within the data


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One column that is asked for."""

    field: FieldId
    way: Way = Way.AS_IS
    width: int | None = None  # of a band
    quasi: bool = True  # counts for the combinations that k persons must share


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What data set is wanted; the text stays as the method of its making."""

    name: str
    kind: DatasetKind
    purpose: str
    table: str
    items: tuple[Item, ...]
    expires_on: date
    k: int = K
    most_removed: float = MOST_REMOVED
    digest: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One item of a standard, and which columns stand against it."""

    standard: Standard
    against: tuple[FieldId, ...] = ()

    @property
    def met(self) -> bool:
        """Whether nothing stands against it."""
        return not self.against


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row with the person it is about, known for the counting alone."""

    person: str = field(repr=False)
    cells: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The rows that may stand, and what it took."""

    lines: tuple[Line, ...] = field(repr=False)
    persons_read: int
    persons: int
    combinations: int
    smallest: int  # persons of the rarest combination; 0 for no rows
    replaced: Mapping[FieldId, int]  # cells whose value too few persons had
    removed: int  # rows left out

    @property
    def removed_share(self) -> float:
        """The share of persons who are left out."""
        return 1 - self.persons / self.persons_read if self.persons_read else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """To whom an anonymised data set went, and when they were told what it is (APPI 43(4))."""

    recipient: str
    told_at: datetime
    by: ActorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set as it is listed; its method and its rows are read apart."""

    id: DatasetId
    kind: DatasetKind
    name: str
    purpose: PurposeId
    table: str
    fields: tuple[FieldId, ...]
    state: State
    k: int
    persons_read: int
    persons: int
    rows: int
    smallest: int
    removed: int
    export: RowId  # the export through the gate that it was made from
    request_digest: str
    content_digest: str
    made_by: ActorId
    made_at: datetime
    expires_on: date
    released_by: ActorId | None = None
    released_at: datetime | None = None
    ended_by: ActorId | None = None
    ended_at: datetime | None = None
    provisions: tuple[Provision, ...] = ()
