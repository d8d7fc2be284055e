"""What a scan says of a place: kinds, counts and how sure, never a value."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from governance.core.errors import (
    GovernanceError,
    NotFoundError,
    UnavailableError,
    WrongUseError,
)
from governance.pii.types import Span, Tie

Record: TypeAlias = Sequence[tuple[str, str]]  # column and value, in the order of the source
Analyse: TypeAlias = Callable[[Iterable[tuple[str, str]]], Iterator[tuple[Span, ...]]]
Progress: TypeAlias = Callable[[int, int | None], None]  # places done, of how many


class ScanTargetError(WrongUseError):
    """There is nothing at this path, or the address of a database is none; params: reason."""

    code, status = "scan_target", 400


class ScanDatabaseError(UnavailableError):
    """The database cannot be reached or read; params: reason."""

    code, status, exit_code = "scan_database", 503, 3


class ScanReportError(WrongUseError):
    """The report's name ends in no form that is written; params: suffix."""

    code, status = "scan_report_form", 422


class ScanFileError(WrongUseError):
    """A file that was sent is not looked through; params: reason. Nothing was kept."""

    code, status = "scan_file", 422


class ScanUnknownError(NotFoundError):
    """No kept scan has this id, or its time is over."""

    code = "scan_unknown"


class ScanTooLongError(GovernanceError):
    """The findings of this scan were too long to be kept; the report file holds them."""

    code, status = "scan_too_long", 409


class NotReadReason(StrEnum):
    """Why nothing can be said of a place."""

    BINARY = "binary"  # no text and of no format that is read
    LINK = "link"  # leads elsewhere; its target is read where it lies
    DENIED = "denied"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    PART_MISSING = "part_missing"  # the format needs an extra package
    ATTACHMENT = "attachment"  # of a mail
    FAILED = "failed"  # the analysis gave no answer: not the same as nothing found
    NOT_REACHED = "not_reached"  # the scan was broken off before


class PlaceError(GovernanceError):
    """A place cannot be read; params: reason."""

    code, status = "scan_place", 422

    def __init__(self, reason: NotReadReason) -> None:
        super().__init__(reason=reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFinding:
    """One column, or the lines of a text, by what a sample of its rows holds."""

    name: str
    label: str | None  # entity, FREE_TEXT or None
    confidence: float  # share of the sampled values that agree with the label
    filled: float  # share of the sampled rows with a value
    sampled: int  # values looked at
    counts: Mapping[str, int]  # values of the sample in which each kind was found
    at_most: float  # with the report's confidence, the share of rows that hold anything else
    special_care: tuple[str, ...] = ()  # kinds of 要配慮個人情報 (APPI 2(3))
    examples: tuple[str, ...] = ()  # masked
    lines: tuple[int, ...] = ()  # first lines or rows with personal data, of texts alone
    tie: str = "none"  # how it is tied to a person: a value of governance.pii.types.Tie

    @property
    def personal(self) -> bool:
        """Whether personal data was found, by the column's kind, in its texts or by its tie.

        What only stands beside names is told, and left to a person to judge.
        """
        if self.tie == Tie.THING:
            return False
        found = bool(self.counts) or self.label not in {None, "FREE_TEXT"}
        return found or self.tie in {Tie.POINTS, Tie.DESCRIBES}

    @property
    def review(self) -> bool:
        """Whether nothing was found, yet nothing proves the column harmless: a person must look."""
        return self.tie == Tie.BESIDE and not self.personal

    @property
    def tied(self) -> bool:
        """Whether the column holds no name or number of a person, yet tells of one."""
        return self.tie in {Tie.POINTS, Tie.DESCRIBES, Tie.BESIDE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A table or text that was read."""

    name: str
    kind: str  # csv, xlsx, json, parquet, text, mail, html, database
    rows: int  # rows or lines of the source
    sampled: int  # of them, looked at
    columns: tuple[ColumnFinding, ...]
    proposal: str = field(default="", repr=False)  # a part of a catalogue in YAML

    @property
    def personal(self) -> bool:
        """Whether any column holds personal data."""
        return any(column.personal for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """A place of which nothing can be said."""

    name: str
    reason: NotReadReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What was read, what was found, what was not read."""

    target: str
    began: datetime
    ended: datetime
    complete: bool  # False: broken off; what stands here is true, the rest unknown
    sample: int | None  # rows of each table that were looked at; None: all
    confidence: float
    places: tuple[Place, ...]
    not_read: tuple[NotRead, ...]

    @property
    def found(self) -> bool:
        """Whether any place holds personal data."""
        return any(place.personal for place in self.places)

    @property
    def failed(self) -> bool:
        """Whether of some place the analysis gave no answer."""
        return any(one.reason is NotReadReason.FAILED for one in self.not_read)
