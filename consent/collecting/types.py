"""Facts of collection points (収集窓口): where data comes in, what is asked, and what is shown."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from audit.types import canonical_json
from governance.core.terms import ActorId, Lang, NoticeId, PurposeId
from policies.types import Label


class PointKind(StrEnum):
    """How the person meets us."""

    FORM = "form"
    SURVEY = "survey"
    EVENT = "event"
    CARD = "card"  # 名刺
    PAPER = "paper"
    PHONE = "phone"


HOSTED = frozenset({PointKind.FORM, PointKind.SURVEY, PointKind.EVENT})  # may have a page of ours


class AskForm(StrEnum):
    """How a consent is asked; never ticked beforehand (GDPR 4(11), C-673/17)."""

    BOX = "box"  # an empty box: left empty, it says nothing
    YES_NO = "yes_no"  # a question that must be answered: a no is a refusal


class AgeQuestion(StrEnum):
    """How the point learns that a person may consent alone (GDPR 8; Civil Code 4)."""

    NONE = "none"
    BIRTH_DATE = "birth_date"  # the field stands among the others
    ADULT = "adult"  # the person says that they are of age


@dataclass(frozen=True, slots=True, kw_only=True)
class PointField:
    """One item that is asked, and what for (APPI 21(2): shown before it is written)."""

    name: str  # column of the register's person
    purposes: tuple[PurposeId, ...]
    required: bool = False
    hint: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One consent that is asked."""

    purpose: PurposeId
    words: Label  # beside the box; becomes part of the proof
    form: AskForm = AskForm.BOX
    channel: str | None = None  # None: every channel of the purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One version of a collection point."""

    id: str
    version: int
    kind: PointKind
    title: Label
    lead: Label
    notice: NoticeId  # what is shown before anything is written
    source: str  # 取得元
    fields: tuple[PointField, ...]
    asks: tuple[Ask, ...] = ()
    age: AgeQuestion = AgeQuestion.NONE
    langs: tuple[Lang, ...] = (Lang.JA, Lang.EN)
    hosted: bool = False
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def purposes(self) -> tuple[PurposeId, ...]:
        """Every purpose that is named at the point, in the order of its items."""
        named = [p for one in self.fields for p in one.purposes] + [a.purpose for a in self.asks]
        return tuple(dict.fromkeys(named))

    def as_json(self) -> dict[str, Any]:
        """The declaration as it is stored and shown to programs."""
        return {
            "id": self.id,
            "version": self.version,
            "kind": self.kind.value,
            "title": _both(self.title),
            "lead": _both(self.lead),
            "notice": self.notice,
            "source": self.source,
            "fields": [
                {
                    "name": one.name,
                    "purposes": list(one.purposes),
                    "required": one.required,
                    "hint": _both(one.hint) if one.hint else None,
                }
                for one in self.fields
            ],
            "asks": [
                {
                    "purpose": one.purpose,
                    "words": _both(one.words),
                    "form": one.form.value,
                    "channel": one.channel,
                }
                for one in self.asks
            ],
            "age": self.age.value,
            "langs": [lang.value for lang in self.langs],
            "hosted": self.hosted,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the whole declaration."""
        return hashlib.sha256(canonical_json(self.as_json())).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPoint:
    """A version in the store, and whether it takes anything in."""

    point: Point
    declared_by: ActorId | None  # None: it came with the product
    declared_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None

    def is_open(self, *, on: date) -> bool:
        """Whether data is taken in here today."""
        point = self.point
        begun = point.valid_from is None or point.valid_from <= on
        over = point.valid_to is not None and point.valid_to < on
        return self.opened_at is not None and self.closed_at is None and begun and not over


def point_of(shape: Mapping[str, Any]) -> Point:
    """The point that `as_json` wrote."""
    return Point(
        id=shape["id"],
        version=shape["version"],
        kind=PointKind(shape["kind"]),
        title=Label(**shape["title"]),
        lead=Label(**shape["lead"]),
        notice=NoticeId(shape["notice"]),
        source=shape["source"],
        fields=tuple(
            PointField(
                name=one["name"],
                purposes=tuple(map(PurposeId, one["purposes"])),
                required=one["required"],
                hint=Label(**one["hint"]) if one["hint"] else None,
            )
            for one in shape["fields"]
        ),
        asks=tuple(
            Ask(
                purpose=PurposeId(one["purpose"]),
                words=Label(**one["words"]),
                form=AskForm(one["form"]),
                channel=one["channel"],
            )
            for one in shape["asks"]
        ),
        age=AgeQuestion(shape["age"]),
        langs=tuple(map(Lang, shape["langs"])),
        hosted=shape["hosted"],
        valid_from=_day(shape["valid_from"]),
        valid_to=_day(shape["valid_to"]),
    )


def _both(label: Label) -> dict[str, str]:
    return {"ja": label.ja, "en": label.en}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
