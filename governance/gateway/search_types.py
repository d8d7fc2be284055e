"""Searches and their answers; no repr shows what was asked or found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from governance.core.errors import ForbiddenError, NotFoundError, WrongUseError
from governance.core.terms import EventId, FieldId, PurposeId, RowId, SubjectId
from governance.customers.search_terms import Level
from governance.gateway.glass.types import Glass
from governance.gateway.search_registers import PERSONS, Register
from governance.gateway.types import RowView
from policies.reasons import ReasonCode

PAGE_MOST = 100  # rows of one page


class Order(StrEnum):
    """In which order a search lists what it finds."""

    BEST = "best"  # the better answer first, then the newer row
    KANA = "kana"  # as 五十音 order the readings, where few enough are found


class SearchEmptyError(WrongUseError):
    """Nothing in the query can be looked for: too short, or no form of any field."""

    code = "search_empty"


class SearchCursorError(WrongUseError):
    """The place to go on from belongs to another search, or is none."""

    code = "search_cursor"


class SearchRefusedError(ForbiddenError):
    """None of the fields that the query is about may be searched for this purpose."""

    code = "search_refused"


class SearchGoneError(NotFoundError):
    """There is no such saved search of this person, or its time is over."""

    code = "search_gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What to look for, in one text or by named values, and what to show of whom is found."""

    purpose: str
    text: str = field(default="", repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    register: Register = PERSONS
    show: tuple[FieldId, ...] = ()  # what the register shows, unless fields are named
    limit: int = 20
    cursor: str | None = field(default=None, repr=False)
    count: bool = False  # whether to look on, behind the page, for how many there are
    order: Order = Order.BEST
    request_id: str | None = None

    @property
    def shown(self) -> tuple[FieldId, ...]:
        """Fields that every hit shows."""
        return self.show or self.register.shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One person or company that really is what was asked, as the searcher may see it."""

    subject: SubjectId  # of a company its representative
    row: RowId
    level: Level
    matched: tuple[FieldId, ...]  # fields that answered; why the row stands where it stands
    view: RowView


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """A page of hits, best first, with the event that says what was searched and who was shown."""

    decision_id: EventId
    purpose: PurposeId
    hits: tuple[Hit, ...]
    cursor: str | None = field(repr=False)  # the next page; None when this was the last
    total: int  # hits up to here and as far as was looked: whom the searcher may see alone
    total_exact: bool  # whether there are no more; else there may be
    searched: tuple[FieldId, ...]  # fields that were looked into
    refused: Mapping[FieldId, ReasonCode]  # fields that this searcher may not look into
    index_behind: int  # rows that cannot yet be found in every way
    policy_version: str
    consent_seq: int
    order: Order = Order.BEST  # in which the hits really stand
    glass: Glass | None = None  # the emergency access under which was searched

    @property
    def more(self) -> bool:
        """Whether there may be another page."""
        return self.cursor is not None
