"""Names that stand alone: a line, a segment between signs, the head of a closing phrase."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.names import HALF, HIRA, KANJI, KATA, Name, name_of
from governance.pii.places import matches
from governance.pii.recognisers.person_grammar import CHARS, prefix_name, span_of
from governance.pii.recognisers.person_words import cut_badly
from governance.pii.routes import on_route
from governance.pii.sudachi import senses
from governance.pii.types import Reason, Role, Span

_SEGMENT: Final = re.compile(
    r"[^\n。、，,：:／/（）()「」【】\[\]→⇒・!！?？;；|｜<>\"'※■●◆▼★☆＜＞\t]+"
)
_CLOSED: Final = re.compile(
    rf"(?:^|(?<=[\n。、！!？?]))[ 　]*(?=[{CHARS}]{{1,6}}[ 　]?[{CHARS}]{{1,5}}?(?:よろしく"
    rf"|宜しく|より|拝|と申し|でございます|です))"
)
_CLOSER: Final = re.compile("よろしく|宜しく|より|拝|と申し|でございます|です")
_OPENINGS: Final = "\n。、！!？?"
_LONGEST_BEFORE: Final = 12  # signs of a name and its space between an opening and a closing word
_NAMELIKE: Final = re.compile(
    rf"[{KANJI}ヶケ]{{1,7}}[ 　]?[{KANJI}{HIRA}{KATA}]{{0,6}}|[{HIRA}]{{2,9}}(?:[ 　]["
    rf"{HIRA}]{{1,6}})?"
    rf"|[{KATA}]{{2,11}}(?:[ 　・][{KATA}]{{1,8}})?|[{HALF}]{{2,10}}(?:[ 　][{HALF}]{{1,10}})?"
)
_FIELD: Final = re.compile(r"[ 　](?:姓|名|セイ|メイ|氏名|住所|電話|携帯|年齢|性別|備考)$")
_NOTHING: Final = "\x00"  # stands for the head of a text
_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]+$")
_SIGNS_TO, _PICTURES_FROM = "\u27bf", "\U0001f000"
_EMOJI_FROM: Final = "\u2600"
_LONGEST: Final = 22  # signs of the longest form above
_LEADING: Final = re.compile(r"^[0-9０-９]{1,4}(?=[ 　])")
_CLOSING: Final = re.compile(r"^(?:よろしく|宜しく|より|拝|記|です。?$|と申します|でございます)")


def by_segment(document: Document) -> Iterator[Span]:
    """A line, or a segment between signs, that is a name and nothing else."""
    text = document.text
    for found in _SEGMENT.finditer(text):
        raw = found.group()
        value = (_LEADING.sub("", raw) if raw[0].isdigit() else raw).strip(" 　\r\u200b\ufe0f")
        last = value[-1:]
        if last >= _PICTURES_FROM or _EMOJI_FROM <= last <= _SIGNS_TO:
            value = _EMOJI.sub("", value).rstrip(" 　")
        if not value or len(value) > _LONGEST or not _NAMELIKE.fullmatch(value):
            if " " in value or "　" in value:
                yield from _beside_space(document, found.start() + raw.index(value), value)
            continue
        start = found.start() + raw.index(value)
        end = start + len(value)
        if document.text[end : end + 1] in ("：", ":") and _FIELD.search(value):
            continue  # シマザキ　メイ：フジコ: the last word is the next label
        kind = name_of(value)
        if kind in {Name.FULL, Name.LIKELY}:
            if not _common_phrase(value) and (
                " " in value or "　" in value or cut_badly(document, start, end)
            ):
                yield span_of(start, end, 0.85 if kind is Name.FULL else 0.7, Reason.SIGNATURE)
        elif kind is Name.SURNAME and _alone_ok(document, start, end):
            yield span_of(start, end, 0.7, Reason.SIGNATURE, Role.STAFF)
        elif kind is Name.GIVEN and _speaks(document, start, end):
            yield span_of(start, end, 0.62, Reason.SIGNATURE)
        else:
            yield from _beside_space(document, start, value)


def _common_phrase(value: str) -> bool:
    known = senses(value.replace(" ", "").replace("　", ""))
    return known.known and not known.name


def _beside_space(document: Document, start: int, value: str) -> Iterator[Span]:
    """担当変更　原→濱口: the word after the last space of a segment, when it stands alone."""
    if not document.signs.isdisjoint("→⇒") and _last_before(document.text, start) in "→⇒":
        yield from _first_word(document, start, value)
    word = value.replace("　", " ").rpartition(" ")[2]
    at = start + len(value) - len(word)
    if at == start or not word:
        return
    kind = name_of(word)
    if kind is Name.FULL or (kind is Name.SURNAME and _alone_ok(document, at, at + len(word))):
        yield span_of(at, at + len(word), 0.7, Reason.SIGNATURE)


def _first_word(document: Document, start: int, value: str) -> Iterator[Span]:
    """森山⇒石井 交代: the word after an arrow, when it is a surname."""
    word = value.replace("　", " ").partition(" ")[0]
    if name_of(word) is Name.SURNAME and not on_route(document.text, start, start + len(word)):
        yield span_of(start, start + len(word), 0.7, Reason.SIGNATURE, Role.STAFF)


def _speaks(document: Document, start: int, end: int) -> bool:
    """はるか: a given name before a colon at the head of a line."""
    text = document.text
    return (
        end - start > 1
        and text[end : end + 1] in (":", "：")
        and _last_before(text, start) in _LINE_HEAD
    )


_LINE_HEAD: Final = ("\n", _NOTHING)


def _last_before(text: str, start: int) -> str:
    """The last sign before a place that is no space; _NOTHING at the head of the text."""
    while start and text[start - 1] in " 　":
        start -= 1
    return text[start - 1] if start else _NOTHING


def _alone_ok(document: Document, start: int, end: int) -> bool:
    """A surname alone counts beside an arrow, before a colon, or as the last word of a line."""
    text, name = document.text, document.text[start:end]
    known = senses(name)
    if on_route(text, start, end):
        return False
    after, before = text[end : end + 2].lstrip(" 　"), text[:start].rstrip(" 　")
    if (before[-1:] in "→⇒" and before) or after[:1] in ("→", "⇒"):
        return True
    if re.fullmatch(rf"[{HIRA}]+", name) or (len(name) == 1 and known.common and not known.place):
        return False
    if after[:1] in ("：", ":") and (
        not before or before[-1] in "\n。、）)】" or before[-1].isdigit()
    ):
        return True
    last = not after or after[0] == "\n"
    return last and bool(before) and before[-1] in "。／/（(：:"


def _opening(text: str, at: int) -> int:
    """Where the phrase begins in which a closing word stands, as far as a name may be before it."""
    start = at
    while start and text[start - 1] not in _OPENINGS:
        start -= 1
        if at - start > _LONGEST_BEFORE and text[start] not in " 　":
            break
    return start


def _closed(text: str) -> Iterator[re.Match[str]]:
    openings = {_opening(text, found.start()) for found in _CLOSER.finditer(text)}
    return matches(_CLOSED, text, sorted(openings))


def by_closing(document: Document) -> Iterator[Span]:
    """御手洗崇よろしくお願いいたします: a name at the head of a closing phrase."""
    text = document.text
    for found in _closed(text):
        start = found.end()
        hit = prefix_name(document, start, strong=False)
        if hit is None or not _CLOSING.match(text[hit[0] : hit[0] + 8]):
            continue
        if hit[1] >= Name.LIKELY:
            yield span_of(start, hit[0], 0.85, Reason.SIGNATURE)
        elif hit[1] is Name.GIVEN and _given_speaks(text, start, hit[0]):
            yield span_of(start, hit[0], 0.62, Reason.SIGNATURE, Role.SELF)


def _given_speaks(text: str, start: int, end: int) -> bool:
    """まりえです！ at the head of a line: a given name alone gives itself as one."""
    name, head = text[start:end], text[:start].rstrip(" 　")
    return (
        len(name) > 1
        and (not head or head[-1] == "\n")
        and text.startswith("です", end)
        and not senses(name).common
    )
