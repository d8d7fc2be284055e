"""Facts of notices: one edition with its texts, what it changes, and what it tells of abroad."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from audit.types import canonical_json
from consent.types import ChangeClass
from governance.core.terms import ActorId, Lang, NoticeId, PurposeId
from policies.types import Label


class EditionState(StrEnum):
    """Where an edition stands; what was announced is never edited."""

    DRAFT = "draft"
    ANNOUNCED = "announced"  # approved by a second person; its day is yet to come
    IN_FORCE = "in_force"  # from its day on, also after a later one followed
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What is told of a recipient abroad (APPI 28(2), Rule 17(2), or 17(3) without a country)."""

    recipient: Label  # the company, or the kind of companies
    country: str | None  # ISO 3166-1 alpha-2
    country_name: Label  # 外国の名称; where it cannot be said, that it cannot
    system: Label  # 外国における個人情報の保護に関する制度; else why the country cannot be said
    measures: Label  # 第三者が講ずる措置; else what helps the person to judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version of a notice with everything that was approved about it."""

    notice: NoticeId
    version: str
    effective_on: date
    change: ChangeClass
    title: Label
    body: Label
    summary: Label  # what this version changes
    predecessor: str | None = None
    purposes: tuple[PurposeId, ...] = ()  # 変更する利用目的
    relatedness: Label | None = None  # 変更前の利用目的との関連性 (APPI 17(2))
    recipient: Label | None = None  # who is new, for a new recipient
    transfers: tuple[Transfer, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The edition as it is stored and shown to programs."""
        return {
            "notice": self.notice,
            "version": self.version,
            "effective_on": self.effective_on.isoformat(),
            "change": self.change.value,
            "title": _both(self.title),
            "body": _both(self.body),
            "summary": _both(self.summary),
            "predecessor": self.predecessor,
            "purposes": list(self.purposes),
            "relatedness": _both(self.relatedness),
            "recipient": _both(self.recipient),
            "transfers": [
                {
                    "recipient": _both(one.recipient),
                    "country": one.country,
                    "country_name": _both(one.country_name),
                    "system": _both(one.system),
                    "measures": _both(one.measures),
                }
                for one in self.transfers
            ],
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the whole edition; what the second person approves."""
        return hashlib.sha256(canonical_json(self.as_json())).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An edition in the store: who wrote it, who approved it, since when."""

    edition: Edition
    state: EditionState
    drafted_by: ActorId | None  # None: it came with the product
    drafted_at: datetime
    approved_by: ActorId | None = None
    announced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staled:
    """How many persons a version would ask again, for one purpose."""

    purpose: PurposeId
    agreed: int  # persons whose word that stands is a yes
    staled: int  # of them, those who would have to be asked again


def edition_of(shape: dict[str, Any]) -> Edition:
    """The edition that `as_json` wrote."""
    return Edition(
        notice=NoticeId(shape["notice"]),
        version=shape["version"],
        effective_on=date.fromisoformat(shape["effective_on"]),
        change=ChangeClass(shape["change"]),
        title=Label(**shape["title"]),
        body=Label(**shape["body"]),
        summary=Label(**shape["summary"]),
        predecessor=shape["predecessor"],
        purposes=tuple(map(PurposeId, shape["purposes"])),
        relatedness=_maybe(shape["relatedness"]),
        recipient=_maybe(shape["recipient"]),
        transfers=tuple(
            Transfer(
                recipient=Label(**one["recipient"]),
                country=one["country"],
                country_name=Label(**one["country_name"]),
                system=Label(**one["system"]),
                measures=Label(**one["measures"]),
            )
            for one in shape["transfers"]
        ),
    )


def text_hash(ja: str, en: str) -> str:
    """SHA-256 over both texts, each with its length before it."""
    found = hashlib.sha256()
    for text in (ja.encode(), en.encode()):
        found.update(len(text).to_bytes(4, "big") + text)
    return found.hexdigest()


def joined(parts: Iterable[str]) -> str:
    """Paragraphs as one text."""
    return "\n\n".join(part for part in parts if part)


def history_line(version: str, day: date, summary: Label, lang: Lang) -> str:
    """How one version stands in the history at the end of a notice."""
    return f"{version} ({day.isoformat()}): {summary[lang]}"


def _both(label: Label | None) -> dict[str, str] | None:
    return None if label is None else {"ja": label.ja, "en": label.en}


def _maybe(shape: dict[str, str] | None) -> Label | None:
    return None if shape is None else Label(**shape)
