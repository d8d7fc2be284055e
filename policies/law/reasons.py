"""The sentences that explain a date, assembled from the catalogue in the reader's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import assert_never

from governance.core.terms import Lang
from governance.i18n.catalogue import domain, text
from policies.law.calendars import Closed
from policies.law.types import MEMBER_STATE, DayOne, DeadlineRule, Unit

BETWEEN_SENTENCES = {Lang.JA: "", Lang.EN: " "}
BETWEEN_ITEMS = {Lang.JA: "、", Lang.EN: ", "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A number of units, put into words with its plural."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """Name of a rule: its own words, else the catalogue's, else its id."""

    id: str
    ja: str | None
    en: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A catalogue text, or the bare name where a company rule brought its own."""

    group: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cite:
    """The article in brackets; nothing where none is known."""

    key: str | None


Value = date | datetime | int | str | Span | Title | Word | Cite | tuple[Closed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One sentence: its catalogue key and what fills it."""

    key: str
    values: Mapping[str, Value] = field(repr=False)

    def sentence(self, lang: Lang) -> str:
        """The sentence in this language."""
        filled = {name: shown(value, lang) for name, value in self.values.items()}
        return text(f"law.reason.{self.key}", lang, **filled)


def reason(key: str, **values: Value) -> Reason:
    """A sentence to be."""
    return Reason(key=key, values=MappingProxyType(values))


def paragraph(reasons: Iterable[Reason], lang: Lang) -> str:
    """All sentences in order."""
    return BETWEEN_SENTENCES[lang].join(item.sentence(lang) for item in reasons)


def title(rule: DeadlineRule) -> Title:
    """Name of a rule, for a sentence."""
    return Title(id=rule.id, ja=rule.title_ja, en=rule.title_en)


def shown(value: Value, lang: Lang) -> str:
    """A value in the words of this language."""
    match value:
        case datetime():
            return shown_instant(value, lang)
        case date():
            return shown_day(value, lang)
        case int() | str():
            return str(value)
        case Span():
            number = "one" if value.amount == 1 else "many"
            return text(f"law.unit.{value.unit.value}.{number}", lang, n=value.amount)
        case Title():
            own = value.ja if lang is Lang.JA else value.en
            return own or worded("rule", value.id, lang)
        case Word():
            return worded(value.group, value.name, lang)
        case Cite():
            return text(f"law.cite.{value.key}", lang) if value.key else ""
        case tuple():
            return BETWEEN_ITEMS[lang].join(shown_closed(closed, lang) for closed in value)
        case _:
            assert_never(value)


def worded(group: str, name: str, lang: Lang) -> str:
    """The catalogue's word; the name itself for what a company added."""
    return domain("law", lang).get(f"law.{group}.{name}", name)


def shown_day(day: date, lang: Lang) -> str:
    """A day with its weekday."""
    return text(
        "law.day",
        lang,
        year=day.year,
        month=text(f"law.month.{day.month}", lang),
        day=day.day,
        weekday=text(f"law.weekday.{day.weekday()}", lang),
    )


def shown_instant(instant: datetime, lang: Lang) -> str:
    """An instant with its weekday and offset."""
    return text(
        "law.instant",
        lang,
        day=shown_day(instant.date(), lang),
        time=f"{instant:%H:%M}",
        offset=instant.isoformat()[-6:],
    )


def shown_closed(closed: Closed, lang: Lang) -> str:
    """Why one day is closed."""
    name = closed.name_ja if lang is Lang.JA else closed.name_en
    day = shown_day(closed.day, lang)
    return text(f"law.closed.{closed.closure.value}", lang, day=day, name=name)


def counting_cite(rule: DeadlineRule, mode: DayOne) -> Cite:
    """Article behind the counting mode; a company's own rule cites none."""
    if rule.closed_days == MEMBER_STATE and mode is DayOne.CORRESPONDING:
        return Cite(key="r1182_months")
    if rule.title_ja is None and rule.title_en is None and mode is DayOne.EXCLUSIVE:
        return Cite(key="minpo_140_143")
    return Cite(key=None)


def rolling_cite(rule: DeadlineRule) -> Cite:
    """Article that moves a closed last day."""
    match rule.closed_days:
        case "member_state_of_action":
            return Cite(key="r1182_roll")
        case "jp_admin":
            return Cite(key="kyujitsu_2")
        case _:
            return Cite(key=None)
