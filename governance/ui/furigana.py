"""ふりがな: readings over the kanji of a finished page, as `<ruby>`, for whoever asks for them.

Readings stand in a shipped table, made from our own texts by `scripts/generate_readings.py` and
read by people; a page only looks them up, the longest words first. What is a person's own (names,
addresses, messages) is marked `data-own` and gets none: a guess at a name would be an insult.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from html import escape
from importlib.resources import files
from typing import Final

TABLE: Final = "readings.tsv"
KANJI: Final = r"[々〆㐀-䶿一-鿿豈-﫿]"
KANJI_RUN: Final = re.compile(f"{KANJI}+")
TAG: Final = re.compile(r"<(?:!--.*?--|[^>]*)>", re.DOTALL)
NAME: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "use", "wbr"})
CLOSED: Final = frozenset(  # elements whose text is code, or is no place for elements
    {"code", "kbd", "option", "pre", "ruby", "samp", "script", "select", "style", "textarea",
     "title"}
)  # fmt: skip
OWN: Final = " data-own"
RUBY: Final = "<ruby>"
COUNTED: Final[Mapping[str, str]] = {  # what a figure before it decides
    "年": "ねん", "月": "がつ", "歳": "さい", "回": "かい", "件": "けん", "桁": "けた",
    "時間": "じかん", "秒": "びょう", "番": "ばん", "条": "じょう", "項": "こう", "号": "ごう",
    "年間": "ねんかん", "日間": "にちかん", "日以内": "にちいない", "版": "はん", "円": "えん",
}  # fmt: skip
ENDINGS: Final[Mapping[str, str]] = {  # a sign that ends a longer word, and how it is read there
    "客": "きゃく", "者": "しゃ", "中": "ちゅう", "用": "よう", "等": "とう", "後": "ご",
    "前": "まえ", "内": "ない", "外": "がい", "間": "かん", "法": "ほう", "書": "しょ",
    "権": "けん", "額": "がく", "順": "じゅん", "日": "び", "先": "さき", "元": "もと",
    "済": "ずみ", "別": "べつ", "時": "じ", "欄": "らん", "版": "ばん", "性": "せい",
    "的": "てき", "化": "か", "面": "めん", "料": "りょう", "率": "りつ", "語": "ご",
    "名": "めい", "様": "さま", "士": "し", "表": "ひょう", "票": "ひょう", "証": "しょう",
    "数": "すう", "型": "がた", "社": "しゃ", "所": "しょ", "人": "にん", "分": "ぶん",
    "物": "ぶつ", "側": "がわ", "号": "ごう", "紙": "し", "員": "いん", "方": "かた",
    "品": "ひん", "店": "てん", "先等": "さきとう", "行": "こう", "期": "き", "条": "じょう",
    "業": "ぎょう", "局": "きょく",
}  # fmt: skip
COUNTED_WORD: Final = re.compile(
    r"(?<=[0-9０-９])(?:" + "|".join(sorted(COUNTED, key=len, reverse=True)) + f")(?!{KANJI})"
)
WEEKDAYS: Final[Mapping[str, str]] = {  # in brackets after a day; 金 alone is かね elsewhere
    "月": "げつ", "火": "か", "水": "すい", "木": "もく", "金": "きん", "土": "ど", "日": "にち",
}  # fmt: skip
WEEKDAY: Final = re.compile(r"(?<=日\()[月火水木金土日](?=\))")
BARE: Final = re.compile(rf"(?<=[0-9０-９])[日分人](?!{KANJI})")  # read in many ways: left alone


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Words by their first sign, each as `受[う]け取[と]る`; the longest first."""
    found: dict[str, dict[str, str]] = {}
    content = files("governance.ui.data").joinpath(TABLE).read_text("utf-8")
    words = (line.split("\t") for line in content.splitlines() if not line.startswith("#"))
    for word, form in sorted(words, key=lambda pair: -len(pair[0])):
        found.setdefault(word[0], {})[word] = form
    return found


def with_furigana(html: str) -> str:
    """The page with readings over what the table knows."""
    return "".join(_pieces(html))


def _pieces(html: str) -> Iterator[str]:
    """Tags as they are, text with readings; what is closed or a person's own as it is."""
    place, closing, depth = 0, "", 0
    for tag in TAG.finditer(html):
        text = html[place : tag.start()]
        yield text if depth else _whole(text)
        yield tag[0]
        place = tag.end()
        named = NAME.match(tag[0])
        name = named[1].lower() if named else ""
        if depth:
            if name == closing:
                depth += -1 if tag[0].startswith("</") else 1
        elif _closes(name, tag[0]):
            closing, depth = name, 1
    yield html[place:] if depth else _whole(html[place:])


def _whole(text: str) -> str:
    """A stretch of text that stays one thing where its element lays out its children in a row."""
    found = over(text)
    return f"<span>{found}</span>" if RUBY in found else found


def _closes(name: str, tag: str) -> bool:
    """Whether readings stop here until the element ends."""
    if tag.startswith("</") or name in VOID or not name:
        return False
    return name in CLOSED or OWN in tag


@lru_cache(maxsize=4_096)
def over(text: str) -> str:
    """One stretch of escaped text with readings; the same sentence is looked up once."""
    if not KANJI_RUN.search(text):
        return text
    found: list[str] = []
    place = 0
    while place < len(text):
        if counted := COUNTED_WORD.match(text, place):
            found.append(ruby(counted[0], COUNTED[counted[0]]))
            place = counted.end()
        elif weekday := WEEKDAY.match(text, place):
            found.append(ruby(weekday[0], WEEKDAYS[weekday[0]]))
            place = weekday.end()
        elif BARE.match(text, place):
            found.append(text[place])
            place += 1
        else:
            word, form = _longest(text, place)
            found.append(_alone(text, place) if len(word) == 1 else form)
            place += len(word)
    return "".join(found)


def _longest(text: str, place: int) -> tuple[str, str]:
    """The longest known word that begins here, in elements; else the sign itself."""
    words = table().get(text[place], {})
    for word, form in words.items():
        if text.startswith(word, place):
            return word, marked(form)
    return text[place], text[place]


def _alone(text: str, place: int) -> str:
    """One sign; within a longer word that nobody knows it is read as an ending, or not at all."""
    sign = text[place]
    before, after = text[place - 1 : place] if place else "", text[place + 1 : place + 2]
    if KANJI_RUN.match(after) or not KANJI_RUN.match(sign):
        return sign
    if KANJI_RUN.match(before):
        return ruby(sign, ENDINGS[sign]) if sign in ENDINGS else sign
    form = table().get(sign, {}).get(sign)
    return sign if form is None else marked(form)


FORM: Final = re.compile(rf"({KANJI}+)\[([ぁ-ゖー]+)\]")


@lru_cache(maxsize=8_192)
def marked(form: str) -> str:
    """`受[う]け` as elements."""
    return FORM.sub(lambda part: ruby(part[1], part[2]), form)


def ruby(word: str, reading: str) -> str:
    """One word under its reading; in brackets where no ruby is drawn."""
    return f"{RUBY}{escape(word)}<rp>（</rp><rt>{reading}</rt><rp>）</rp></ruby>"
