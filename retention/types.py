"""Facts of retention: schedules and their rules, what is known of a person, what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from governance.core.terms import FieldId, Lang, PurposeId, RowId, SubjectId
from governance.customers.subjects import SubjectKind, SubjectState


class Trigger(StrEnum):
    """The event that a period runs from."""

    REGISTERED = "registered"  # 登録
    LAST_TRANSACTION = "last_transaction"  # 最終取引
    WITHDRAWN = "withdrawn"  # 退会
    CONTRACT_ENDED = "contract_ended"  # 契約終了
    CONSENT_WITHDRAWN = "consent_withdrawn"  # 同意撤回
    LAST_INQUIRY = "last_inquiry"  # 最終問い合わせ
    LAST_DEAL = "last_deal"  # 最終商談
    TASK_ENDED = "task_ended"  # 事務終了: an inquiry closed, a deal with a result
    RECORDED = "recorded"  # 記録: the day on which the row was stored


class Pick(StrEnum):
    """Which of several events counts; one without a date is passed over."""

    LATEST = "latest_of"
    FIRST = "first_of"  # the first that has a date


class Action(StrEnum):
    """What a rule does with what it matches: a person, or rows and fields of a table."""

    DELETE = "delete"  # of a person with the data key, so that no copy opens it either
    DE_IDENTIFY = "de_identify"  # rows become a count by month and kind, if the k-check passes
    NULL = "null"  # the named fields are emptied, the row stays
    DESTROY_KEY = "destroy_key"  # of a person the data key, so that rows stay without what it seals
    KEEP = "keep"


OF_PERSONS = frozenset({Action.DELETE, Action.DESTROY_KEY, Action.KEEP})
OF_PARTS = frozenset({Action.DELETE, Action.DE_IDENTIFY, Action.NULL, Action.KEEP})


class Overflow(StrEnum):
    """Where a period ends whose month has no such day (29 February + 1 year)."""

    NEXT_DAY = "next_day"  # 1 March
    MONTH_END = "month_end"  # 28 February, 民法143条2項


class GdprView(StrEnum):
    """What a keeping duty of a non-EU law is under the GDPR (17(3)(b) needs EU or state law)."""

    CLAIMS = "claims"  # kept as needed for legal claims, 17(3)(e)
    REVIEW = "review"  # a person decides


class DecisionKind(StrEnum):
    """The three answers of a plan."""

    DUE = "due"
    KEPT = "kept"
    REVIEW = "review"


class Ending(StrEnum):
    """What follows a rule's id in a decision that is not the rule's own effect."""

    NOT_YET = "_NOT_YET"
    NO_DATE = "_NO_DATE"
    NON_EU_DUTY = "_NON_EU_DUTY"
    ENDED = "_ENDED"


RESTRICTED = "RESTRICTED"  # GDPR 18: only stored until the person or a court lifts it
NO_RULE = "NO_RULE"  # fails closed: what no rule covers is not deleted
REQUEST = "REQUEST"  # erased because the person asked for it and two principals agreed
RESTORED = "RESTORED"  # erased before, and again because an older database was put back


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text in both languages."""

    ja: str
    en: str

    def of(self, lang: Lang) -> str:
        """The text in one language."""
        return self.ja if lang is Lang.JA else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A length of calendar time."""

    years: int = 0
    months: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """The events of which one starts the period."""

    pick: Pick
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must be true of a person; None and empty ask nothing."""

    statuses: frozenset[str] = frozenset()
    kinds: frozenset[SubjectKind] = frozenset()
    unpaid: bool | None = None
    running_contract: bool | None = None
    transactions: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppress:
    """Keyed tokens of these fields stay, so that a re-import of the person is caught."""

    fields: tuple[FieldId, ...]
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a schedule; the first whose condition holds decides."""

    id: str
    label: Label
    basis: Label  # law article or the company's reason
    when: Condition
    action: Action
    since: Since | None = None
    period: Period | None = None
    suppress: Suppress | None = None
    rows: Period | None = None  # with destroy_key: how long after the event the rows stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line about rows of a table or fields of it, while their person stays."""

    id: str
    label: Label
    basis: Label
    table: str
    fields: tuple[FieldId, ...]  # emptied, or with de_identify what the count is by; empty: the row
    when: Condition
    action: Action
    since: Since | None = None
    period: Period = Period()  # none: at once
    purposes: tuple[PurposeId, ...] = ()  # whose withdrawal starts the period
    k: int = 0  # persons that a group needs before its rows count as erased
    law: str | None = None  # of a line that keeps: the rule of the law book that sets the period


@dataclass(frozen=True, slots=True, kw_only=True)
class LawPeriod:
    """A period that stands in the law book; tax books run from the filing deadline."""

    rule: str
    fiscal_year_end: tuple[int, int] | None = None  # month, day
    filing_months: int = 2  # 法人税法74条1項


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A statutory or company minimum: these fields of this table stay until their time ends."""

    id: str
    label: Label
    basis: Label
    table: str
    fields: frozenset[FieldId]
    until: Period | LawPeriod
    gdpr: GdprView = GdprView.CLAIMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One version of the company's schedule; never edited, only followed by another."""

    name: str
    version: int
    label: Label
    overflow: Overflow
    covers: frozenset[SubjectKind]
    hold: str  # rule id of what a legal hold keeps
    hold_label: Label
    rules: tuple[Rule, ...]
    duties: tuple[Duty, ...]
    ledger: Period  # how long a tombstone stays: until the oldest backup has ended
    digest: str
    text: str = field(repr=False)
    parts: tuple[Part, ...] = ()

    def part(self, id_: str) -> Part | None:
        """The line about rows of this id."""
        return next((part for part in self.parts if part.id == id_), None)

    def rule(self, id_: str) -> Rule | None:
        """The rule of this id."""
        return next((rule for rule in self.rules if rule.id == id_), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """What one register row says in clear columns."""

    status: str
    registered_on: date | None = None
    last_purchase_on: date | None = None
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What one purchase says in clear columns."""

    row: RowId
    subscription: bool = False
    unpaid: bool = False
    purchased_on: date | None = None
    contracted_on: date | None = None
    renewed_on: date | None = None
    cancelled_on: date | None = None
    recorded_on: date | None = None  # asked where no other day is known

    @property
    def last_on(self) -> date | None:
        """The latest day on which something happened under it."""
        days = (self.purchased_on, self.contracted_on, self.renewed_on, self.cancelled_on)
        return latest(*days)

    @property
    def running(self) -> bool:
        """A subscription that nobody ended."""
        return self.subscription and self.cancelled_on is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a subscription's row says: whether it runs on the day, and when it last moved."""

    running: bool
    last_on: date | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """Everything that decides about one person."""

    subject: SubjectId
    kind: SubjectKind = SubjectKind.CUSTOMER
    state: SubjectState = SubjectState.ACTIVE
    fence: int = 0
    held: bool = False
    gdpr: bool = False
    shredded: str | None = None  # the rule that ended the key; the rows stay without it
    rows: tuple[RegisterRow, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    plans: tuple[Plan, ...] = ()
    inquiry_on: date | None = None
    deal_on: date | None = None
    consent_withdrawn_on: date | None = None
    spared: Mapping[RowId, "RowKeep"] = field(default_factory=dict)  # by holds on parts of them
    task_ended_on: date | None = None  # the last thing that was open ended; None while one is
    moves_on: date | None = None  # next day on which the calendar alone changes one of these


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Why one field stays, and until when; deletion is free from `free_from` on."""

    duty: str
    until: date
    free_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKeep:
    """The fields of one row that a duty or hold keeps; the longest wins, each for its own."""

    row: RowId
    fields: Mapping[FieldId, Keep]
    table: str = "purchase"

    @property
    def until(self) -> date:
        """The last day of the longest."""
        return max(keep.until for keep in self.fields.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided about one person, by which rule, on what date."""

    rule: str
    basis: date | None = None
    due_on: date | None = None
    ledger_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due(Decided):
    """The person's data goes, but for the fields that a law keeps."""

    @property
    def kind(self) -> DecisionKind:
        """`due`."""
        return DecisionKind.DUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Decided):
    """The person's data stays."""

    @property
    def kind(self) -> DecisionKind:
        """`kept`."""
        return DecisionKind.KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Decided):
    """A person has to look."""

    @property
    def kind(self) -> DecisionKind:
        """`review`."""
        return DecisionKind.REVIEW


Decision = Due | Kept | Review


def latest(*days: date | None) -> date | None:
    """The latest of the days that are known."""
    known = [day for day in days if day is not None]  # asked for each purchase: no generator
    return max(known) if known else None
