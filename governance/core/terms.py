"""Words shared by every feature: identifiers and small closed enums."""

from enum import StrEnum
from typing import NewType

SubjectId = NewType("SubjectId", str)  # 本人: random pseudonym, UUIDv4 text
RowId = NewType("RowId", str)  # any stored row: UUIDv7 text, made before INSERT
EventId = NewType("EventId", str)  # one audit event: UUIDv7 text
RequestId = NewType("RequestId", str)  # one data-subject request: UUIDv7 text
ActorId = NewType("ActorId", str)  # who acts: "u:..." staff, "svc:..." system, "p:..." person
FieldId = NewType("FieldId", str)  # catalogue field, for instance "person.name"; never reused
PurposeId = NewType("PurposeId", str)  # 利用目的, for instance "order_support"
NoticeId = NewType("NoticeId", str)  # a notice text with versions
RecipientId = NewType("RecipientId", str)  # 提供先・委託先


class Lang(StrEnum):
    """Languages of every visible text; Japanese is the source."""

    JA = "ja"
    EN = "en"


class Law(StrEnum):
    """Laws that a person's data can stand under."""

    APPI = "appi"  # 個人情報の保護に関する法律
    GDPR = "gdpr"  # Regulation (EU) 2016/679
    MYNUMBER = "mynumber"  # 番号法


class KeyClass(StrEnum):
    """Classes of a person's data keys; each ends with its own duty (design.md section 1)."""

    ACTIVE = "active"  # destroyed at erasure
    KEPT = "kept"  # fields that a law keeps after erasure
    RECORD = "record"  # consent proofs, provision records, request files


class Treatment(StrEnum):
    """What the gate does with one field of one read."""

    CLEAR = "clear"
    MASKED = "masked"
    WITHHELD = "withheld"
