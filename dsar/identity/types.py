"""Words of identity proof: what was shown, why it was not enough, what a right needs."""

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """What a proof rests on; two of one family are one proof."""

    SESSION = "session"
    CONTACT = "contact"  # both codes may go to one stolen telephone
    DOCUMENT = "document"


class Document(StrEnum):
    """Kinds of papers that an officer looks at; the kind is kept, never the image."""

    DRIVING_LICENCE = "driving_licence"
    MYNUMBER_CARD_FRONT = "mynumber_card_front"  # the side without the number
    PASSPORT = "passport"
    RESIDENCE_CARD = "residence_card"
    OTHER_PHOTO = "other_photo"
    FAMILY_REGISTER = "family_register"  # 戸籍謄本: 法定代理人
    GUARDIANSHIP = "guardianship"  # 登記事項証明書: 成年後見人
    MANDATE = "mandate"  # 委任状: 任意代理人


class UploadKind(StrEnum):
    """What an uploaded file is said to prove."""

    IDENTITY = "identity"
    AUTHORITY = "authority"  # of an agent (APPI 37(3), Order 13)


class Doubt(StrEnum):
    """Why a proof was refused; a code is never reused."""

    NOT_CONVINCING = "not_convincing"
    CONTACT_UNKNOWN = "contact_unknown"  # the address is nobody's on record
    CONTACT_SHARED = "contact_shared"  # the address is several persons'
    CODE_WRONG = "code_wrong"
    CODE_OVER = "code_over"  # late, used, or tried too often
    UNREADABLE = "unreadable"
    EXPIRED = "expired"
    OTHER_PERSON = "other_person"
    MYNUMBER_SIDE = "mynumber_side"  # shows an individual number: never kept
    AUTHORITY_MISSING = "authority_missing"


class Act(StrEnum):
    """What is not a right of its own and needs proof all the same."""

    CONTACT_CHANGE = "contact_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The proofs that a wish needs, by the harm that a mistake would do."""

    families: int  # different ones
    contact_days: int  # for how long a contact must be registered to count
    authority: bool  # of an agent


AUTHORITIES = frozenset({Document.FAMILY_REGISTER, Document.GUARDIANSHIP, Document.MANDATE})
