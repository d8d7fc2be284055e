"""What a report is: figures with the query behind each, in sections, as of one checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from governance.core.clock import JST
from governance.core.terms import ActorId, Lang

ROWS: Final = 50  # lines of a table in a report; the figure above it counts them all
Value = str | int | float | None


class ReportId(StrEnum):
    """The reports that exist; an id is never used again."""

    R02 = "R02"  # record of processing and map of data
    R07 = "R07"  # requests of persons
    R08 = "R08"  # breaches
    R09 = "R09"  # provisions to, and receipts from, third parties
    R10 = "R10"  # recipients and processors
    R11 = "R11"  # transfers abroad
    R12 = "R12"  # retention schedule and purge log
    R12H = "R12H"  # register of legal holds
    R13 = "R13"  # access rights and their reviews
    R14 = "R14"  # integrity of the audit log
    R16 = "R16"  # training
    R19 = "R19"  # complaints
    R22 = "R22"  # pseudonymised and anonymised data


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days in Japan, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(), tzinfo=JST)

    @property
    def until(self) -> datetime:
        """The first moment that lies behind it."""
        return datetime.combine(self.last + timedelta(days=1), time(), tzinfo=JST)

    @property
    def words(self) -> str:
        """The period as conditions of `sekisho audit events`."""
        return f"from={self.first.isoformat()} to={self.last.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The tree head that a report rests on."""

    size: int
    root: str
    signed_at: datetime
    keys: tuple[str, ...]  # by which the auditor checks the signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """When, by whom, over which period and on which checkpoint a report was made."""

    at: datetime
    by: ActorId
    period: Period
    head: Head
    controller: str
    origin: str  # the log's name
    names: Mapping[str, str] = field(default_factory=dict)  # of accounts in it, by their ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number or word of a report, and how anybody finds it again."""

    key: str  # stable within its report
    label: str
    value: Value = field(repr=False)
    shown: str
    source: str  # a command line, or the table and condition behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows under a heading; `total` counts those that are not shown too."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report."""

    key: str
    title: str
    figures: tuple[Figure, ...]
    listing: Listing | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A finished report in one language."""

    id: ReportId
    lang: Lang
    title: str
    finding: str  # the sentence that answers the report's question
    made: Made
    sections: tuple[Section, ...]
    complete: bool = False  # its listings hold every row, so that a file of it is the record
