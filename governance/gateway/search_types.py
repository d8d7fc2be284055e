"""Searches and their answers; no repr shows what was asked or found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.core.errors import ForbiddenError, NotFoundError, WrongUseError
from governance.core.terms import EventId, FieldId, PurposeId, RowId, SubjectId
from governance.customers.search_terms import Level
from governance.gateway.types import RowView
from policies.reasons import ReasonCode

SHOWN = tuple(
    FieldId(f"person.{name}")
    for name in (
        "customer_id", "name", "kana", "phone", "mobile", "email", "postal_code", "address",
        "status",
    )
)  # fmt: skip
PAGE_MOST = 100  # rows of one page


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
    show: tuple[FieldId, ...] = SHOWN
    limit: int = 20
    cursor: str | None = field(default=None, repr=False)
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One row that really is what was asked, as the searcher may see it."""

    subject: SubjectId
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
    searched: tuple[FieldId, ...]  # fields that were looked into
    refused: Mapping[FieldId, ReasonCode]  # fields that this searcher may not look into
    index_behind: int  # rows that cannot yet be found in every way
    policy_version: str
    consent_seq: int

    @property
    def more(self) -> bool:
        """Whether there is another page; how many more rows is not counted, it would tell."""
        return self.cursor is not None
