"""Words of writing: items with their ground, what came of each, refusals without values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from governance.core.terms import Lang, RowId, SubjectId
from governance.customers.sources.types import AcquisitionGround
from governance.customers.types import ProblemKind
from governance.http.problems import DetailedError
from governance.i18n.catalogue import text
from policies.reasons import Audience, ReasonCode, reason_text

Given = str | int | bool | None  # what a member of a JSON object may be here


class Reason(StrEnum):
    """Why a stored value is corrected (APPI 22, 34; GDPR 16)."""

    PERSON_REQUEST = "person_request"  # the person told us
    CHANGED = "changed"  # it was right and is no longer: a move, a marriage
    ERROR = "error"  # it had never been right
    QUALITY = "quality"  # found by a review of the register
    DUTY = "duty"  # a law or an authority requires it


class AcquiredFrom(StrEnum):
    """Who gave the data (APPI 17 to 21, 30; GDPR 13, 14)."""

    PERSON = "person"
    REPRESENTATIVE = "representative"
    THIRD_PARTY = "third_party"
    PUBLIC = "public"
    JOINT_USER = "joint_user"


class AcquisitionMethod(StrEnum):
    """How the data came (取得方法)."""

    WEB_FORM = "web_form"
    PAPER = "paper"
    PHONE = "phone"
    CARD = "card"  # a business card
    FILE = "file"
    PROVISION = "provision"  # handed over by another company


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionRecord:
    """The record without which nothing new is stored: from whom, how, when, from what country."""

    acquired_from: AcquiredFrom
    method: AcquisitionMethod
    source: str  # 取得元
    on: date | None = None  # None: today
    origin: str | None = None
    ground: AcquisitionGround | None = None  # what permits 要配慮 (APPI 20(2))
    provider: str | None = None  # who provided it (APPI 30); needed from third parties
    own_sign_up: bool = False  # the person came back: lifts the suppression of an erased person


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A new row: a person or company, or a row about a known one."""

    table: str
    members: Mapping[str, Given] = field(repr=False)
    acquisition: AcquisitionRecord | None = None
    subject: SubjectId | None = None  # the known person whom the row is about
    company: RowId | None = None  # for a deal


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """New values of a stored row; None empties a field."""

    table: str
    members: Mapping[str, Given] = field(repr=False)
    match: frozenset[tuple[str, int]]  # row and version as the writer read them; any one counts
    reason: Reason
    subject: SubjectId | None = None  # a person, or whose row it is
    row: RowId | None = None  # None: the person's own row
    acquired_from: AcquiredFrom = AcquiredFrom.PERSON  # who told the new values
    ground: AcquisitionGround | None = None


Item = Creation | Correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A caller's key by which a repeated request is known; both are digests."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Items for one purpose; `atomic` stores all of them or none."""

    items: tuple[Item, ...]
    purpose: str
    atomic: bool = False
    once: Once | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A fault of a value that was taken all the same."""

    field: str
    kind: ProblemKind

    def as_json(self, lang: Lang) -> dict[str, str]:
        """The notice for people and programs."""
        words = text(f"customers.problem.{self.kind.value.lower()}", lang)
        return {"field": self.field, "code": self.kind.value, "detail": words}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was stored; `normalised` is made of what the writer gave, not of what was held."""

    created: bool
    subject: SubjectId
    row: RowId
    version: int | None
    fields: tuple[str, ...]
    normalised: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    masked: tuple[str, ...] = ()  # fields in which 個人番号 or card numbers were blacked out
    notices: tuple[Notice, ...] = ()
    approval: str | None = None  # a second person has to confirm what was written


class FieldsInvalidError(DetailedError):
    """Some values cannot be taken; nothing of the item was stored."""

    code, status = "fields_invalid", 422

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong with one field."""
        if code in ProblemKind.__members__:
            return text(f"customers.problem.{code.lower()}", lang)
        return text(f"gateway.fault.{code}", lang)


class FieldsRefusedError(DetailedError):
    """The gates refuse to have these fields written; nothing of the item was stored."""

    code, status = "fields_refused", 403

    def detail(self, code: str, lang: Lang, /) -> str:
        """The gate's reason in words."""
        return reason_text(ReasonCode(code), Audience.DEVELOPER, lang)


class SpecialCareError(DetailedError):
    """A text holds 要配慮個人情報 from a third party without a ground (APPI 20(2))."""

    code, status = "special_care_refused", 422

    def detail(self, code: str, lang: Lang, /) -> str:
        """The same for each field."""
        return text(f"customers.problem.{code.lower()}", lang)


class FieldHeldError(DetailedError):
    """A legal hold stands: a value may be replaced on record, but not emptied."""

    code, status = "field_held", 409

    def detail(self, code: str, lang: Lang, /) -> str:
        """The same for each field."""
        return text(f"gateway.fault.{code}", lang)


class KeyTakenError(DetailedError):
    """Another row bears this number already; nothing was stored."""

    code, status = "key_taken", 409

    def detail(self, code: str, lang: Lang, /) -> str:
        """The same for each field."""
        return text(f"gateway.fault.{code}", lang)
