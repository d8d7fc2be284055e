"""Japanese names of persons: by honorific, label, kinship, signature, reading and word runs.

Each way proposes spans with a score; the overlap resolution of the engine keeps the best.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from governance.pii.document import Document
from governance.pii.names import HALF, HIRA, KANJI, KATA, LATIN, NO_NAME, Name, name_of
from governance.pii.recognisers.person_grammar import (
    CHARS,
    ORG_AFTER,
    ORG_BEFORE,
    TRADE,
    run_before,
    span_of,
    suffix_name,
    without_state,
)
from governance.pii.recognisers.person_labels import by_kinship, by_label, listed
from governance.pii.recognisers.person_signature import by_closing, by_segment
from governance.pii.recognisers.person_words import by_words, cut_badly
from governance.pii.sudachi import senses
from governance.pii.types import Reason, Role, Span

_HONORIFIC: Final = re.compile(
    r"(?:様|さま|さん|ちゃん|くん|君(?!が)|氏(?!名)|殿(?!堂)|先生"
    r"|部長|課長|係長|社長|店長|主任|専務|常務|会長|次長|室長"
    r"|副社長|取締役|支店長|所長|院長|医師|弁護士|税理士|司法書士|看護師"
    r"|SV|Dr\.?(?![a-z])|Ns(?![a-z])|PM(?![a-z])|Mgr|主査|主事|参事"
    r"|マネージャー|マネジャー|リーダー|夫妻|ご夫妻|御夫妻|選手|教授"
    r"|宛(?![先名])|方(?=[ 　、。）)\n]|$)"
    r"|委員(?!会|長)|議員|教諭|栄養士|班長|職長|棟梁|公証人|保健師|薬剤師|技師|療法士|准教授|助教(?!授)"
    r"|議長|理事(?!会|長|官)|監督|コーチ|住職|刑事|巡査|検事|判事|記者|支配人|女将|教頭|理事長"
    r"|[POS]T(?![A-Za-z]))"
)
# Titles of persons that also end compounds (教育委員, 総括班長): only a known name stands before
_PERSONAL: Final = frozenset({
    "委員", "議員", "教諭", "栄養士", "班長", "職長", "棟梁", "公証人", "保健師", "薬剤師", "技師",
    "療法士", "准教授", "助教", "議長", "理事", "監督", "コーチ", "住職", "刑事", "巡査", "検事",
    "判事", "記者", "支配人", "女将", "教頭", "理事長", "PT", "OT", "ST",
})  # fmt: skip
# Titles that a place has as well: 福岡 支店長
_OF_PLACES: Final = frozenset({"支店長", "所長", "店長", "工場長"})
_BRACKET: Final = re.compile(
    rf"[（(][ 　]*([{KATA}{HIRA}]{{2,}}(?:[ 　・][{KATA}{HIRA}]{{1,}})?"
    rf"|[{HALF}]{{2,}}(?:[ 　][{HALF}]+)?)[ 　]*[）)]"
)
_CLUE_BRACKET: Final = re.compile(
    r"[（(](?:[^）)\n]{0,24}(?:生まれ|生[）)]|歳|才)|妹|姉|兄"
    r"|弟|父|母|妻|夫|長男|長女|次男|次女|息子|娘|祖母|祖父|本人|男"
    r"|女|旧姓|担当|仮名)"
)
_FOREIGN_KATA: Final = re.compile(
    rf"[{KATA}](?<![{KATA}・][{KATA}])[{KATA}]+(?:[・＝=][{KATA}]{{2,}}){{1,3}}(?![{KATA}])"
)
_LATIN: Final = re.compile(f"[{LATIN}]")
_CAPITALISED: Final = re.compile(
    rf"[A-ZÀ-ÖØ-Þ][{LATIN}'’.\-]*(?:[ 　][A-ZÀ-ÖØ-Þ][{LATIN}'’.\-]*){{0,2}}$"
)
_ONE_WORD: Final = re.compile(f"[{KANJI}]+|[{KATA}]+")
_RUN: Final = re.compile(rf"[{CHARS}]+(?:[ 　][{CHARS}]+)?\Z")
_KATAKANA: Final = re.compile(f"[{KATA}]+")
_FEW_KANA: Final = re.compile(f"[{HIRA}]{{1,3}}")
_JOINT: Final = re.compile("[・＝=]")
_KANJI_SIGN: Final = re.compile("[一-鿿]")
_FREE: Final = re.compile(r"[\s、。，,・:：/／()（）「」【】①-⑳0-9０-９→>＞はもとがの]")
# Single signs before 様 or さん that are no name
_NOBODY: Final = frozenset(
    "皆客母父兄姉妹弟孫嫁婿娘子夫妻親祖伯叔爺婆神仏王姫殿奥隣某何誰各貴上下人方者男女犬猫猿象熊鬼虎馬牛豚鳥魚蛇"
    "豆芋飴粥月日星花雪春夏秋冬朝昼夜店社医若旦師徒外中内御本当別左右前後同有無様模異仕主君儀"
)
_TITLES: Final = frozenset(
    {"社長", "会長", "選手", "所長", "院長", "教授", "店長", "取締役", "室長"}
)
_SCORE: Final = {
    Name.FULL: 0.95,
    Name.LIKELY: 0.9,
    Name.FOREIGN: 0.9,
    Name.SURNAME: 0.88,
    Name.GIVEN: 0.8,
}
_THIRD: Final = re.compile(
    r"(?:隣の?|友人の?|知人の?|息子の?|娘の?|長[男女]の?|次[男女]の?|父|母|夫|妻|兄|弟|姉|妹|孫)$"
)


def _with_space(text: str, start: int) -> int:
    """Where the space before this place stands, or the place itself."""
    return start - 1 if start and text[start - 1] in " 　" else start


def _unknown_before(document: Document, run: str, end: int) -> Iterator[Span]:
    """A short unknown word before an honorific: a name the dictionary lacks."""
    token = document.tokens.ending(end)
    if token is None:
        return
    word = document.text[token.start : end]
    known = senses(word)
    if (
        len(word) <= 8  # noqa: PLR2004
        and word not in NO_NAME
        and not known.known
        and word[0] not in "おご御"
        and len(word) > 1
        and (token.unknown or _ONE_WORD.fullmatch(word))
        and end - token.start <= len(run)
    ):
        yield span_of(token.start, end, 0.6, Reason.HONORIFIC)


def _titled(text: str, start: int, end: int, sign: str) -> bool:
    """A known name stands before the title, not a place or a part of a longer word."""
    known = senses(text[start:end])
    if sign in _OF_PLACES:
        return not (known.place and text[end : end + 1] in (" ", "　"))
    glued = start > 0 and _ONE_WORD.match(text[start - 1]) is not None
    return not glued and end - start > 1 and (known.surname or not known.known)


def _one_sign(text: str, end: int, sign: str) -> bool:
    """沼さん: one kanji that is no word for somebody, with nothing before it."""
    return (
        sign in {"様", "さま", "さん", "氏"}
        and text[end - 1] not in _NOBODY
        and _KANJI_SIGN.fullmatch(text[end - 1]) is not None
        and (end == 1 or _FREE.match(text[end - 2]) is not None)
    )


def _by_honorific(document: Document) -> Iterator[Span]:
    text = document.text
    for found in _HONORIFIC.finditer(text):
        end = _with_space(text, found.start())
        run = run_before(text, end, within=34)
        if not run:
            continue
        sign = found.group()
        if not _LATIN.match(run):
            yield from _before_honorific(document, run, end, sign)
            continue
        latin = _CAPITALISED.search(run)
        if latin and len(latin.group()) > 1 and sign not in {"宛", "方"}:
            yield span_of(end - len(latin.group()), end, 0.9, Reason.HONORIFIC)


def _before_honorific(document: Document, run: str, end: int, sign: str) -> Iterator[Span]:
    """The name in Japanese that ends the run before an honorific or title."""
    text = document.text
    hit = suffix_name(document, run, end, weak=sign in {"方", "宛", "会長", "所長"})
    if hit is not None:
        start, kind = hit
        if _no_title(document, start, end, sign, kind) or TRADE.search(text[start:end]):
            return
        role = Role.THIRD if _THIRD.search(text[max(0, start - 5) : start]) else Role.UNKNOWN
        yield span_of(start, end, _SCORE[kind], Reason.HONORIFIC, role)
    elif _one_sign(text, end, sign):
        yield span_of(end - 1, end, 0.85, Reason.HONORIFIC)
    elif sign in {"様", "さま", "さん", "ちゃん", "くん", "氏"}:
        yield from _unknown_before(document, run, end)


def _no_title(document: Document, start: int, end: int, sign: str, kind: Name) -> bool:
    """What stands before the title is no name: 陸上競技選手, 吉本興業社長, 福岡 支店長."""
    if sign in _TITLES and kind >= Name.LIKELY and not cut_badly(document, start, end):
        return True
    doubtful = sign in _PERSONAL or sign in _OF_PLACES
    return doubtful and not _titled(document.text, start, end, sign)


def _by_reading(document: Document) -> Iterator[Span]:
    """佐藤花子（サトウハナコ）: the reading confirms the name and is itself a name."""
    text = document.text
    for found in _BRACKET.finditer(text):
        reading = name_of(found.group(1))
        before = _RUN.search(text[max(0, found.start() - 16) : found.start()])
        if before is None:
            continue
        hit = suffix_name(document, before.group(), found.start(), weak=False)
        if hit is not None and (hit[1] >= Name.LIKELY or (reading >= Name.LIKELY)):
            yield span_of(hit[0], found.start(), 0.95, Reason.READING)
            if reading is not Name.NO and not _said_of(found.group(1)):
                yield span_of(found.start(1), found.end(1), 0.95, Reason.READING)
        elif reading is Name.FULL and len(before.group()) <= 6:  # noqa: PLR2004
            start = found.start() - len(before.group())
            yield span_of(start, found.start(), 0.7, Reason.READING)
            yield span_of(found.start(1), found.end(1), 0.8, Reason.READING)


def _said_of(word: str) -> bool:
    """What a bracket says of somebody and is no reading: インフル, ベトナム, コロナ."""
    known = senses(word)
    return _KATAKANA.fullmatch(word) is not None and (
        (known.place and not known.surname) or (known.common and not known.name)
    )


def _by_clue(document: Document) -> Iterator[Span]:
    """A name before a bracket that tells age, birth or kinship."""
    text = document.text
    for found in _CLUE_BRACKET.finditer(text):
        end = _with_space(text, found.start())
        run = run_before(text, end, within=30)
        if not run:
            continue
        if _LATIN.match(run):
            if name_of(run) is Name.FOREIGN:
                yield span_of(end - len(run), end, 0.85, Reason.KINSHIP)
            continue
        hit = suffix_name(document, run, end, weak=True)
        if hit is not None and (hit[1] >= Name.LIKELY or senses(text[hit[0] : end]).surname):
            yield span_of(hit[0], end, 0.88, Reason.KINSHIP)


def _by_foreign(document: Document) -> Iterator[Span]:
    for found in _FOREIGN_KATA.finditer(document.text):
        parts = _JOINT.split(found.group())
        known = [senses(part) for part in parts]
        if ORG_AFTER.match(document.text, found.end()):
            continue
        first, last = known[0], known[-1]
        opens = first.name and not first.place
        if opens or (last.name and not first.place and not first.common):
            yield span_of(found.start(), found.end(), 0.8, Reason.FULL_NAME)


def _stands_alone(document: Document, start: int, end: int) -> bool:
    """Whole words, and no organisation named after a person."""
    return (
        start in document.starts
        and end in document.ends
        and not ORG_AFTER.match(document.text, end)
        and not ORG_BEFORE.search(document.text[max(0, start - 6) : start])
    )


def _repeated(document: Document, found: list[Span]) -> Iterator[Span]:
    """Every other place of a name already found with certainty."""
    names = {document.text[s.start : s.end] for s in found if s.score >= 0.7}  # noqa: PLR2004
    known = {(span.start, span.end) for span in found}
    for name in names:
        if len(name) < 2 or _FEW_KANA.fullmatch(name):  # noqa: PLR2004
            continue
        at = document.text.find(name)
        while at >= 0:
            end = at + len(name)
            if (at, end) not in known and _stands_alone(document, at, end):
                yield span_of(at, end, 0.65, Reason.REPEATED)
            at = document.text.find(name, end)


def _stateless(document: Document, span: Span) -> Span:
    end = without_state(document.text, span.start, span.end)
    return span if end == span.end else replace(span, end=end)


def find(document: Document) -> Iterator[Span]:
    """Names of persons in a text that has Japanese in it."""
    if not document.has_japanese:
        return
    found: list[Span] = []
    for way in (
        _by_honorific,
        by_label,
        by_kinship,
        _by_reading,
        _by_clue,
        by_segment,
        by_closing,
        _by_foreign,
        by_words,
    ):
        found.extend(way(document))
    for span in [span for span in found if span.score >= 0.8]:  # noqa: PLR2004
        found.extend(listed(document, span.end, Role.UNKNOWN, sure=False))
    best: dict[tuple[int, int], Span] = {}
    for span in map(partial(_stateless, document), (*found, *_repeated(document, found))):
        known = best.get((span.start, span.end))
        if known is None or span.score > known.score:
            best[span.start, span.end] = span
    yield from best.values()
