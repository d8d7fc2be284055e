"""Facts of the register of breaches (漏えい等: APPI 26; GDPR 33(5))."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from governance.core.clock import JST
from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError, WrongUseError
from governance.core.terms import ActorId, RowId
from policies.law.reasons import Reason
from policies.law.types import When


class BreachKind(StrEnum):
    """What happened, or may have happened (おそれ is enough)."""

    LEAK = "leak"  # 漏えい
    LOSS = "loss"  # 滅失
    DAMAGE = "damage"  # 毀損
    KEY_COMPROMISE = "key_compromise"  # somebody else may hold a key or a credential


class Ground(StrEnum):
    """Which of the four makes it reportable (Rule 7)."""

    SPECIAL_CARE = "special_care"  # (i) 要配慮個人情報
    PROPERTY = "property"  # (ii) 財産的被害のおそれ
    WRONGFUL = "wrongful"  # (iii) 不正の目的
    MANY = "many"  # (iv) over 1,000 persons


class Topic(StrEnum):
    """What a report says, item by item (Rule 8(1); GDPR 33(3), (5))."""

    OUTLINE = "outline"  # (i) 概要
    ITEMS = "items"  # (ii) 個人データの項目
    PERSONS = "persons"  # (iii) 本人の数
    CAUSE = "cause"  # (iv) 原因
    HARM = "harm"  # (v) 二次被害又はそのおそれ
    RESPONSE = "response"  # (vi) 本人への対応の実施状況
    PUBLISHED = "published"  # (vii) 公表の実施状況
    PREVENTION = "prevention"  # (viii) 再発防止のための措置
    OTHER = "other"  # (ix) その他参考となる事項


class Outcome(StrEnum):
    """How a record ended."""

    REPORTED = "reported"
    NOT_REPORTABLE = "not_reportable"
    DRILL = "drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One record, without a word about a person."""

    id: RowId
    kind: BreachKind
    about: str  # what it concerns: a system, an account, an epoch, a place
    grounds: frozenset[Ground]
    aware_at: datetime
    recorded_by: ActorId
    recorded_at: datetime
    outcome: Outcome | None = None
    closed_by: ActorId | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was written about one item; the newest of an item stands, the older ones are kept."""

    id: RowId
    topic: Topic
    words: str = field(repr=False)
    noted_by: ActorId
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One report that a law asks for: on which article, until when, and when it was made."""

    rule: str  # the name of the report
    obligation: str  # of the law files: the article that asks for it
    by: When | None  # none: the law names no number of days
    aim: date | None = None  # the day that guidance aims at
    counted: tuple[Reason, ...] = ()  # how the day was found
    always: bool = True  # false: only where the persons' risk is high (GDPR 34)
    reported_at: datetime | None = None
    reported_by: ActorId | None = None

    @property
    def owed(self) -> bool:
        """Whether the record cannot end as reported without it."""
        return self.always and self.reported_at is None

    def overdue(self, *, at: datetime) -> bool:
        """Whether it should have been made; a day of the law ends at midnight in Japan."""
        if self.reported_at is not None or self.by is None:
            return False
        if isinstance(self.by, datetime):
            return at > self.by
        return at.astimezone(JST).date() > self.by


class BreachUnknownError(NotFoundError):
    """There is no record of this id in the register of breaches."""

    code = "breach_unknown"


class BreachClosedError(GovernanceError):
    """The record is closed. Nothing was changed."""

    code, status = "breach_closed", 409


class BreachSamePersonError(ForbiddenError):
    """Whoever recorded a breach does not close the record; another person does."""

    code = "breach_same_person"


class BreachUnreportedError(GovernanceError):
    """A report that the law asks for is not on record; the record stays open."""

    code, status = "breach_unreported", 409


class BreachReportableError(GovernanceError):
    """A ground of Rule 7 is on record, so a report is due. Nothing was changed."""

    code, status = "breach_reportable", 409


class BreachDutyError(WrongUseError):
    """This record has no report of that name. Nothing was changed."""

    code, status = "breach_duty", 422


class BreachAboutError(WrongUseError):
    """What the breach concerns is no number or name of a system. Nothing was changed."""

    code, status = "breach_about", 422


class BreachFormError(WrongUseError):
    """The moment at which it became known is none, or lies ahead. Nothing was changed."""

    code, status = "breach_form", 422


class BreachNoteError(WrongUseError):
    """An item of the report has no words, or too many. Nothing was changed."""

    code, status = "breach_note", 422


class BreachAddresseeError(WrongUseError):
    """The address has too many lines, or one that is too long. Params: lines, signs."""

    code, status = "breach_addressee", 422
