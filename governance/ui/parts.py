"""What pages hand to components: small facts, already in the reader's language.

Only navigation carries catalogue keys, because it is declared once for both languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from governance.core.terms import Treatment


class Tone(StrEnum):
    """One colour, one meaning; plain is the normal case and has no colour."""

    PLAIN = "plain"
    NOTE = "note"
    GOOD = "good"
    ATTENTION = "attention"
    REFUSED = "refused"
    HOLD = "hold"  # legal hold and nothing else


class StepState(StrEnum):
    """Where a step of the road stands."""

    DONE = "done"
    HERE = "here"
    AHEAD = "ahead"
    STOPPED = "stopped"


class GateState(StrEnum):
    """What one of the three gates answered."""

    PASSED = "passed"
    STOPPED = "stopped"
    UNASKED = "unasked"
    UNAVAILABLE = "unavailable"


class Sorted(StrEnum):
    """The direction of a sorted column, in the words of aria-sort."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One entry of a menu or footer; `label` is a catalogue key."""

    href: str
    label: str
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NavGroup:
    """Entries under one word; `label` is a catalogue key."""

    label: str
    items: tuple[NavItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The signed-in principal as shown in the top bar."""

    name: str
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crumb:
    """One place on the way here; the last one has no link."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Words that lead somewhere."""

    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One option of a select, a radio or a checkbox group."""

    value: str = field(repr=False)
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One wrong field; the sentence says how to mend it."""

    field_id: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table; a row gives its cell under `key`."""

    key: str
    label: str
    number: bool = False
    sort_href: str = ""
    sorted: Sorted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Which rows of how many are shown, and the ways to the others."""

    first: int
    last: int
    total: int
    previous_href: str = ""
    next_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One row of a description list."""

    term: str
    text: str
    note: str = ""
    href: str = ""
    mono: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that is a link to the list that yields it, qualified underneath."""

    label: str
    count: int
    href: str
    unit: str = ""
    note: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a road."""

    name: str
    state: StepState
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate's answer and its reason."""

    state: GateState
    reason: str
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The three gates of a decision, in the order in which they are asked."""

    actor: Gate
    purpose: Gate
    subject: Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedField:
    """A field as the gate let it through; a withheld one has no value here at all."""

    label: str
    treatment: Treatment
    reason: str
    value: str = field(default="", repr=False)
    extent: str = ""  # of a masked one, for instance 下4桁のみ


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One line of a timeline."""

    at: datetime
    kind: str
    sentence: str
    record: Link | None = None
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDay:
    """A date with its name and what is left of it; or words where the law gives no date."""

    label: str
    day: date | None = None
    words: str = ""
    left: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawClock:
    """The dates of one request under one law, and why they are these."""

    law: str
    days: tuple[ClockDay, ...]
    why: str
    context: str = ""
    calculation: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainVerdict:
    """The answer of the verifier; `verdict` is a value of the audit's verdict enum."""

    verdict: str
    size: int = 0
    checked_at: datetime | None = None
    witness: str = ""
    witnessed_at: datetime | None = None
    at_seq: int | None = None
    expected: str = ""
    found: str = ""
    waiting: int = 0  # records not yet verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature of a checkpoint."""

    algorithm: str
    matches: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofPath:
    """From one record's leaf to the root that others keep."""

    leaf: str
    siblings: int
    size: int
    root: str
    signatures: tuple[Signature, ...]
    witness: str = ""
    witnessed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A paper that a person carries away."""

    number: str
    to: str = field(repr=False)
    sentence: str
    terms: tuple[Term, ...]
    kept: tuple[Term, ...] = ()
    issuer: str = ""
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One way in from the start page."""

    icon: str
    name: str
    text: str
    href: str


Row = Mapping[str, object]
