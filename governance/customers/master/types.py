"""Words of the rows around the register row: closed lists, and how each column is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = str | int | bool | None


class RelationKind(StrEnum):
    """In what right somebody acts for the person."""

    PARENT = "parent"  # 親権者, 民法818条
    GUARDIAN = "guardian"  # 未成年後見人・成年後見人, 民法838条以下
    CURATOR = "curator"  # 保佐人, 民法876条の2
    ASSISTANT = "assistant"  # 補助人, 民法876条の7
    AGENT = "agent"  # 任意代理人, 民法99条


class VerifiedHow(StrEnum):
    """By what the right was verified; `declared` is no proof."""

    FAMILY_REGISTER = "family_register"  # 戸籍謄本・抄本
    RESIDENT_RECORD = "resident_record"  # 続柄の載った住民票
    HEALTH_CARD = "health_card"  # 扶養者の載った資格確認書等
    COURT_CERTIFICATE = "court_certificate"  # 登記事項証明書
    POWER_OF_ATTORNEY = "power_of_attorney"  # 委任状と印鑑証明書
    DECLARED = "declared"


class HouseholdRole(StrEnum):
    """Place of a person in the household (続柄)."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


class SubscriptionStatus(StrEnum):
    """Where a plan stands."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"  # ends on `ends_on`, or has
    ENDED = "ended"


class Direction(StrEnum):
    """Who a message goes to."""

    IN = "in"
    OUT = "out"
    NOTE = "note"  # seen by staff alone, disclosed all the same


class AuthorKind(StrEnum):
    """Who wrote a message."""

    PERSON = "person"
    REPRESENTATIVE = "representative"
    STAFF = "staff"
    SYSTEM = "system"


class ContactChannel(StrEnum):
    """By what a person can be reached."""

    EMAIL = "email"
    PHONE = "phone"
    POST = "post"
    SMS = "sms"


class ContactKind(StrEnum):
    """What the contact is about."""

    ANY = "any"
    OFFER = "offer"  # 案内・広告
    SERVICE = "service"  # 注文や契約の連絡
    SURVEY = "survey"


class Wanted(StrEnum):
    """What the person said; it is a wish, never a consent."""

    WANTED = "wanted"
    UNWANTED = "unwanted"
    ASK = "ask"  # 要確認


class Told(StrEnum):
    """Who said so, or where it was read."""

    PERSON = "person"
    REPRESENTATIVE = "representative"
    COMPANY = "company"
    CARD = "card"  # 名刺
    REGISTER = "register"
    RETURNED = "returned"  # 宛先不明で戻った


class Kept(StrEnum):
    """On what ground a special-care label is held (APPI 20(2))."""

    CONSENT = "consent"
    PROVIDED = "provided_by_person"


class Form(StrEnum):
    """How the value of a column is written."""

    TEXT = "text"
    NOTE = "note"
    EMAIL = "email"
    PHONE = "phone"
    CODE = "code"
    DATE = "date"
    INSTANT = "instant"
    FLAG = "flag"
    NUMBER = "number"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnForm:
    """How one column is written, and whether a row can be without it."""

    form: Form
    codes: type[StrEnum] | None = None
    needed: bool = False
    fixed: bool = False  # said once, when the row is made


_TOLD = ColumnForm(form=Form.CODE, codes=Told)
_DAY, _TEXT, _NOTE = (ColumnForm(form=form) for form in (Form.DATE, Form.TEXT, Form.NOTE))
FORMS: Mapping[str, Mapping[str, ColumnForm]] = {
    "contact": {
        "company_id": ColumnForm(form=Form.REFERENCE, needed=True, fixed=True),
        "is_primary": ColumnForm(form=Form.FLAG),
        "valid_from": _DAY,
        "valid_to": _DAY,
        "source": _TOLD,
        "department": _TEXT,
        "title": _TEXT,
        "email": ColumnForm(form=Form.EMAIL),
        "phone": ColumnForm(form=Form.PHONE),
        "notes": _NOTE,
    },
    "relation": {
        "other_subject_id": ColumnForm(form=Form.REFERENCE, fixed=True),
        "kind": ColumnForm(form=Form.CODE, codes=RelationKind, needed=True, fixed=True),
        "verified_how": ColumnForm(form=Form.CODE, codes=VerifiedHow),
        "verified_on": _DAY,
        "valid_from": _DAY,
        "valid_to": _DAY,
        "until_majority": ColumnForm(form=Form.FLAG),
        "source": _TOLD,
        "other_name": _TEXT,
        "notes": _NOTE,
    },
    "household_member": {
        "household_id": ColumnForm(form=Form.REFERENCE, fixed=True),
        "role": ColumnForm(form=Form.CODE, codes=HouseholdRole, needed=True),
        "valid_from": _DAY,
        "valid_to": _DAY,
        "source": _TOLD,
    },
    "subscription": {
        "source_key": ColumnForm(form=Form.TEXT, fixed=True),
        "purchase_id": ColumnForm(form=Form.REFERENCE, fixed=True),
        "plan_code": _TEXT,
        "status": ColumnForm(form=Form.CODE, codes=SubscriptionStatus, needed=True),
        "started_on": ColumnForm(form=Form.DATE, needed=True),
        "period_months": ColumnForm(form=Form.NUMBER),
        "renews_on": _DAY,
        "renewed_on": _DAY,
        "cancelled_on": _DAY,
        "ends_on": _DAY,
        "amount": ColumnForm(form=Form.NUMBER),
        "channel": _TEXT,
        "plan_name": _TEXT,
        "cancel_reason": _NOTE,
    },
    "inquiry_message": {
        "inquiry_id": ColumnForm(form=Form.REFERENCE, needed=True, fixed=True),
        "direction": ColumnForm(form=Form.CODE, codes=Direction, needed=True, fixed=True),
        "channel": ColumnForm(form=Form.TEXT, fixed=True),
        "author_kind": ColumnForm(form=Form.CODE, codes=AuthorKind, fixed=True),
        "sent_at": ColumnForm(form=Form.INSTANT, fixed=True),
        "body": ColumnForm(form=Form.NOTE, needed=True, fixed=True),
    },
    "channel_permission": {
        "channel": ColumnForm(form=Form.CODE, codes=ContactChannel, needed=True, fixed=True),
        "kind": ColumnForm(form=Form.CODE, codes=ContactKind, needed=True, fixed=True),
        "wanted": ColumnForm(form=Form.CODE, codes=Wanted, needed=True),
        "since": _DAY,
        "source": _TOLD,
    },
    "preference": {
        "topic": ColumnForm(form=Form.TEXT, needed=True, fixed=True),
        "value": ColumnForm(form=Form.TEXT, needed=True),
        "since": _DAY,
        "source": _TOLD,
    },
    "person_tag": {
        "vocabulary": ColumnForm(form=Form.TEXT, needed=True, fixed=True),
        "label": ColumnForm(form=Form.TEXT, needed=True, fixed=True),
        "since": ColumnForm(form=Form.DATE),
        "until": _DAY,
        "ground": ColumnForm(form=Form.CODE, codes=Kept, fixed=True),
    },
}
ONE_FOR = {"channel_permission": ("channel", "kind"), "preference": ("topic",)}  # said anew
STAMPED = frozenset({"channel_permission", "preference", "person_tag"})  # name who recorded it
VERSIONED = frozenset(FORMS) - {"inquiry_message", "person_tag"}
TEXT_LIMIT, NOTE_LIMIT = 500, 20_000  # characters
