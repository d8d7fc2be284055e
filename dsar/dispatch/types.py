"""Words of things that leave on paper: what was sent, by whom it was carried, how it ended."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from governance.core.terms import ActorId, RequestId, RowId


class Item(StrEnum):
    """What lies in the envelope."""

    LETTER = "letter"
    PACKAGE = "package"  # the answer itself, printed or on a medium


class Carrier(StrEnum):
    """How it was carried; the first two prove the hand-over, the third to the person alone."""

    REGISTERED = "registered"  # 書留・簡易書留
    RECORDED = "recorded"  # 特定記録
    IN_PERSON_MAIL = "in_person_mail"  # 本人限定受取郵便
    ORDINARY = "ordinary"  # 普通郵便
    COURIER = "courier"  # 宅配・信書便
    COUNTER = "counter"  # 窓口での手渡し


class Ending(StrEnum):
    """How the way of it ended."""

    DELIVERED = "delivered"
    RETURNED = "returned"


class ReturnReason(StrEnum):
    """Why it came back."""

    ADDRESS_UNKNOWN = "address_unknown"  # あて所に尋ねあたらず
    NOT_COLLECTED = "not_collected"  # 保管期間経過
    REFUSED = "refused"  # 受取拒絶
    OTHER = "other"


HANDED_OVER = frozenset({Carrier.COUNTER})  # ends with the day on which it begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One envelope: what, when, how, by whom; whether it arrived or came back."""

    id: RowId
    request: RequestId
    item: Item
    item_id: RowId  # the letter or the package
    sent_on: date
    carrier: Carrier
    recorded_at: datetime
    recorded_by: ActorId
    tracking: str | None = field(default=None, repr=False)  # the carrier's number
    address: bytes | None = field(default=None, repr=False)  # where to, under the record key
    ending: Ending | None = None
    ended_on: date | None = None
    return_reason: ReturnReason | None = None
    ended_at: datetime | None = None
    ended_by: ActorId | None = None
