"""Words of the review of what was found: acts of an officer, reasons, the places they name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dsar.case import WithheldItem
from dsar.found import Found
from dsar.types import COPYING, Ground, RequestKind
from governance.core.terms import ActorId, FieldId, Law, RowId


class ActKind(StrEnum):
    """What an officer does in a review; every act is an entry of its own, none is changed."""

    ACCEPT = "accept"  # a suggested redaction stands
    REVEAL = "reveal"  # a suggested redaction is undone: the person sees what stands there
    COVER = "cover"  # places that the officer blacks out beside the suggestions
    WITHHOLD = "withhold"  # a field or record is left out on a legal ground
    LIFT = "lift"  # an earlier cover or exception is taken back
    FINISH = "finish"  # everything was looked at


class Reason(StrEnum):
    """Why a place is shown, or hidden, though the analysis said otherwise."""

    CONSENTED = "consented"  # the named person agreed
    ACTS_FOR = "acts_for"  # the named person acts for the one who asks
    GAVE_IT = "gave_it"  # the one who asks told us this themselves
    OWN = "own"  # it is about the one who asks
    NOBODY = "nobody"  # it names no person
    PUBLIC = "public"  # known to everybody, as the office of a company's head
    THIRD_PERSON = "third_person"
    BUSINESS = "business"
    OTHER_LAW = "other_law"


REVIEWED: Final = COPYING | {RequestKind.PROVISION_RECORDS}  # findings leave with their answer
REVEALING: Final = (
    *(Reason.CONSENTED, Reason.ACTS_FOR, Reason.GAVE_IT),
    *(Reason.OWN, Reason.NOBODY, Reason.PUBLIC),
)
COVERING: Final = (Reason.THIRD_PERSON, Reason.BUSINESS, Reason.OTHER_LAW)
EXCEPTIONS: Final[Mapping[Law, tuple[Ground, ...]]] = MappingProxyType(
    {
        Law.APPI: (Ground.APPI_33_2_1, Ground.APPI_33_2_2, Ground.APPI_33_2_3),
        Law.GDPR: (Ground.GDPR_15_4, Ground.GDPR_20_4, Ground.GDPR_23),
    }
)  # on which a part of a copy may be left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in one value of a finding, bound to the very text in which it was judged."""

    source: str
    row: RowId
    name: FieldId
    digest: str = field(repr=False)  # of the value, with its place in the finding
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One judgement: by whom, when, why, about what. `spots` and `items` are kept sealed."""

    id: RowId
    seq: int
    kind: ActKind
    by: ActorId
    at: datetime
    reason: Reason | None = None
    lifts: RowId | None = None
    basis: str = ""  # of FINISH: the runs of the sources that were looked at
    spots: tuple[Spot, ...] = ()
    items: tuple[WithheldItem, ...] = ()


class Lack(StrEnum):
    """What a review still lacks."""

    OPEN = "open"  # a suggested redaction that nobody judged
    STALE = "stale"  # a cover of a text that was read anew and is another now


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What was found about the person with everything that officers did about it."""

    basis: str
    findings: tuple[Found, ...] = field(repr=False)
    acts: tuple[Act, ...] = field(repr=False)

    @property
    def head(self) -> int:
        """The number of the last act; 0 before the first."""
        return max((act.seq for act in self.acts), default=0)
