"""The law in the reader's words: its name, an article, a duty, a deadline rule, a day of a file."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Final
from zlib import crc32

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import domain, text
from governance.i18n.formats import long_day
from governance.ui.parts import Term
from policies.law.in_force import law_in_force
from policies.law.load import RuleSet, rules_of
from policies.law.reasons import shown, title

HOME: Final = "/console/law"
ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
BODY: Final = {"Rule": "規則", "Rules": "規則", "Order": "施行令"}
PLACE: Final = re.compile(
    r"(?:(?P<body>Rules?|Order) )?(?P<article>\d+)?(?:の(?P<branch>\d+))?(?P<parts>(?:\(\w+\))*)"
    r"(?:-(?P<to>\d+)?(?P<to_parts>(?:\(\w+\))*))?(?P<proviso> proviso)?"
)
BRANCH: Final = re.compile(r"(?<=\d)の(?=\d)")  # 29の4 is 29-4 in the published translations
JAPANESE: Final = re.compile(  # Japanese words with the figures and signs between them
    r"([\u3005-\u30ff\u3400-\u9fff\uff66-\uff9f]"
    r"(?:[\d\s,.()・、（）]*[\u3005-\u30ff\u3400-\u9fff\uff66-\uff9f])*)"
)
UNTIL: Final = "by "
LONGEST: Final = 60  # characters of a key for words of a file


def law_name(name: str, lang: Lang) -> str:
    """The law by its short title."""
    return domain("law", lang).get(f"law.name.{name}", name)


def file_words(said: str, lang: Lang) -> str:
    """What a law file writes in one language or as a code, in the reader's words.

    A file of the company may say what no catalogue knows; that stays as it is written.
    """
    key = f"mixed_{crc32(said.encode()):08x}"
    if said.isascii():
        key = re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_")[:LONGEST].strip("_")
    return domain("law", lang).get(f"law.word.{key}", said)


def article_words(law: str, article: str, lang: Lang) -> str:
    """The law and its article: 個人情報保護法26条1項、規則8条1項; APPI Art. 26(1), Rule 8(1)."""
    name, place = law_name(law, lang), place_words(article, lang)
    if not article.isascii() and place in name:  # the whole text, which has no articles
        return name
    if lang is not Lang.EN:
        return f"{name}{place}"
    return f"{name} Art. {place}" if place[:1].isdigit() else f"{name} {place}"


def place_words(article: str, lang: Lang) -> str:
    """The article alone: 26条1項、規則8条1項; 26(1), Rule 8(1)."""
    said = article if article.isascii() else file_words(article, lang)
    if lang is Lang.EN:
        return BRANCH.sub("-", said)
    if said != article:
        return said
    return "、".join(_japanese(part) for part in re.split(r", ?", article))


def tongues(title: str) -> tuple[tuple[str, Lang], ...]:
    """A title as it is written, piece by piece, each with its language (WCAG 3.1.2)."""
    pieces = ((one, JAPANESE.fullmatch(one)) for one in JAPANESE.split(title) if one)
    return tuple((one, Lang.JA if found else Lang.EN) for one, found in pieces)


def _japanese(part: str) -> str:
    found = PLACE.fullmatch(part)
    if found is None or not part:
        return part
    body = BODY.get(found["body"] or "", "")
    first = _article(found["article"], found["branch"]) + _parts(found["parts"])
    last = _article(found["to"], None) + _parts(found["to_parts"] or "")
    proviso = "ただし書" if found["proviso"] else ""
    return body + (f"{first}から{last}まで" if last else first) + proviso


def _article(number: str | None, branch: str | None) -> str:
    return "" if number is None else f"{number}条" + (f"の{branch}" if branch else "")


def _parts(parts: str) -> str:
    return "".join(_part(one) for one in re.findall(r"\((\w+)\)", parts))


def _part(one: str) -> str:
    if one.isdigit():
        return f"{one}項"
    return f"{ROMAN.index(one) + 1}号" if one in ROMAN else f"({one})"


def duty_term(label: str, duty: str, lang: Lang, *, on: date) -> Term:
    """A duty by its article, leading to what the law file says of it."""
    known = rules_of(law_in_force(), on).obligations.get(duty)
    if known is None:
        return Term(term=label, text=duty)
    said = article_words(known.law, known.article, lang)
    what = known.duty_ja if lang is Lang.JA else known.duty_en
    return Term(term=label, text=said, href=f"{HOME}/{duty}", note=what)


def rule_words(rule: str, rules: RuleSet, lang: Lang) -> str:
    """A deadline rule by its title; one that is not in force keeps its id."""
    known = rules.rules.get(rule)
    return rule if known is None else shown(title(known), lang)


def item_labels(names: Iterable[str], lang: Lang) -> str:
    """Fields by their labels in the catalogue; what is none keeps its name."""
    known, others = catalogue().fields, domain("law", lang)
    labels = (
        known[FieldId(name)].label(lang)
        if name in known
        else others.get(f"law.collects.{name}", name)
        for name in names
    )
    return ("、" if lang is Lang.JA else ", ").join(labels)


def day_words(said: str, lang: Lang) -> str:
    """A day of the files as other pages show days; anything else as it is written."""
    until, day = said.startswith(UNTIL), said.removeprefix(UNTIL)
    with suppress(ValueError):
        words = long_day(date.fromisoformat(day), lang)
        return text("console.law.until", lang, day=words) if until else words
    return said
