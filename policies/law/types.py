"""Law as facts: deadline rules, obligations, keeping duties, request machines, amendments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

When = date | datetime  # an event: a day, or an aware instant
Plain = str | int | bool | None | tuple["Plain", ...] | Mapping[str, "Plain"]


class Unit(StrEnum):
    """What a period is measured in, or why it has no measure."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    ASAP = "asap"  # 遅滞なく / without undue delay: no number in law
    BEFORE_EVENT = "before_event"
    AT_EVENT = "at_event"
    CONTINUOUS = "continuous"


class DayOne(StrEnum):
    """The four ways in which laws count the first day."""

    CORRESPONDING = "event_date_is_corresponding_date"  # 1182/71 Art. 3(2)(c), C-171/03
    EXCLUSIVE = "exclusive"  # 民法140条, 143条
    INCLUSIVE = "inclusive"  # 起算して: the day itself is day 1
    INSTANT = "instant"  # elapsed hours


class Roll(StrEnum):
    """What happens when the last day is closed."""

    NONE = "none"
    NEXT_WORKING_DAY = "next_working_day"  # 1182/71 Art. 3(4)
    NEXT_OPEN_DAY = "next_open_day"  # 行政機関の休日に関する法律2条


class RuleKind(StrEnum):
    """What a deadline rule asks for."""

    ACT_BY = "act_by"
    RETAIN_AT_LEAST = "retain_at_least"
    RECURRING = "recurring"


class KeepingKind(StrEnum):
    """What a keeping duty asks for."""

    DUTY = "duty"
    CLAIM_DEFENCE = "claim_defence"
    MUST_DELETE = "must_delete"


class Verification(StrEnum):
    """How far the text of the law was seen."""

    VERIFIED = "verified"
    PARTIAL = "partial"
    MEMORY = "memory"
    NOT_APPLICABLE = "n/a"


JP_ADMIN = "jp_admin"
MEMBER_STATE = "member_state_of_action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """First and last day on which an entry is law; open where None."""

    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, at: date) -> bool:
        """True when the entry is law on this day."""
        return (self.valid_from is None or self.valid_from <= at) and (
            self.valid_to is None or at <= self.valid_to
        )


ALWAYS = Validity()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """How one period is counted."""

    id: str
    amount: int | None
    unit: Unit
    verification: Verification
    sources: tuple[str, ...]
    soft_amount: int | None = None
    policy_days: int | None = None
    start: str | None = None
    day_one: DayOne | None = None
    clamps: bool = False
    roll: Roll = Roll.NONE
    roll_calendar: str | None = None
    conservative_roll: Roll | None = None
    pausable: tuple[str, ...] | None = None
    extends_id: str | None = None
    extends: "DeadlineRule | None" = None  # resolved in a rule set, for its day
    extension_id: str | None = None  # the rule that may extend this one, resolved likewise
    kind: RuleKind = RuleKind.ACT_BY
    condition: str | None = None
    also: tuple[str, ...] = ()
    title_ja: str | None = None
    title_en: str | None = None
    note: str | None = None
    validity: Validity = ALWAYS
    rule_set: str | None = None  # law only where this set is switched on

    @property
    def pauses(self) -> tuple[str, ...]:
        """Grounds that stop this clock; an extension keeps those of the period it extends."""
        if self.pausable is not None:
            return self.pausable
        return self.extends.pauses if self.extends else ()

    @property
    def closed_days(self) -> str | None:
        """Whose closed days move the last day; None when nothing moves it."""
        match self.roll:
            case Roll.NONE:
                return None
            case Roll.NEXT_WORKING_DAY:
                return self.roll_calendar or MEMBER_STATE
            case Roll.NEXT_OPEN_DAY:
                return self.roll_calendar or JP_ADMIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One duty of one article, with its clock and the record that proves it."""

    id: str
    law: str
    article: str
    duty_ja: str
    duty_en: str
    trigger: str
    deadline_rule: str
    in_force: bool
    verification: Verification
    sources: tuple[str, ...]
    scope: str | None = None
    record_fields: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    software: str | None = None
    publish: str | None = None
    notice_to_person: str | None = None
    fee: str | None = None
    identity: str | None = None
    validity: Validity = ALWAYS
    rule_set: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How long a law makes a company keep something."""

    id: str
    law: str
    what: str
    start: str
    months: int
    kind: KeepingKind
    verification: Verification
    sources: tuple[str, ...]
    current_months: int | None = None
    long_months: int | None = None
    long_when: str | None = None
    alt: str | None = None
    applies: str | None = None
    note: str | None = None
    validity: Validity = ALWAYS
    rule_set: str | None = None

    @property
    def minimum_months(self) -> int:
        """Months that bind today (a transitional figure goes first: 労基法附則143条)."""
        return self.months if self.current_months is None else self.current_months


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One lawful step of a request."""

    source: str
    target: str
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachine:
    """The life of a request under one law."""

    id: str
    states: tuple[str, ...]
    transitions: tuple[Transition, ...]
    side_effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildAge:
    """Age of consent to online services in one Member State (GDPR Art. 8(1))."""

    country: str
    age: int
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentStep:
    """One date of an amendment; the day is None when only text is known."""

    when: str
    day: date | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A change of law on the watch list."""

    id: str
    law: str
    in_force: bool
    items: tuple[str, ...]
    verification: Verification
    sources: tuple[str, ...]
    enacted: date | None = None
    promulgated: date | None = None
    steps: tuple[AmendmentStep, ...] = ()
    next: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A rule set of an amendment: off until somebody switches it on."""

    id: str
    amendment: str
    title_ja: str
    title_en: str
    collects: tuple[str, ...] = ()  # what is recorded already, so that nothing is missing then


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a statement about the law was read."""

    id: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LawBook:
    """Everything the law files say, over all days."""

    schema: str
    compiled: date
    digest: str
    rules: tuple[DeadlineRule, ...]
    obligations: tuple[Obligation, ...]
    retention_rules: tuple[RetentionRule, ...]
    machines: Mapping[str, StateMachine]
    amendments: Mapping[str, Amendment]
    sources: Mapping[str, Source]
    calendars: Mapping[str, str] = field(default_factory=dict)
    guidelines: Mapping[str, str] = field(default_factory=dict)
    special_categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    personal_identifier_codes: tuple[str, ...] = ()
    child_ages: Mapping[str, ChildAge] = field(default_factory=dict)
    standards: Mapping[str, Plain] = field(default_factory=dict)
    disclaimer: str = ""
    switches: Mapping[str, Switch] = field(default_factory=dict)
    switched_on: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[DeadlineRule | Obligation | RetentionRule, ...]:
        """Everything that a rule set may hold."""
        return (*self.rules, *self.obligations, *self.retention_rules)

    @property
    def version(self) -> str:
        """Stamp for cases: schema, date of compilation, content hash, sets switched on."""
        stamp = f"{self.schema}@{self.compiled.isoformat()}#{self.digest[:16]}"
        return "+".join((stamp, *sorted(self.switched_on)))
