"""Names in Latin letters: by title, label, greeting, verb of a person, or known given name."""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Final

import jaconv

from governance.pii.document import Document
from governance.pii.lexicon import words
from governance.pii.names import LATIN
from governance.pii.sudachi import senses
from governance.pii.types import Entity, Reason, Role, Span

_UP: Final = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪĶŁŃŇŌŐŘŚŞŠŤŪŮŰŹŻŽ"
_W: Final = rf"(?:[{_UP}][{LATIN}'’]*[{LATIN}](?:-[{_UP}][{LATIN}]+)?)"
_PART: Final = (
    r"(?:van der|van den|van de|von der|de la|de los|van|von|de|der"
    r"|den|di|da|del|della|la|le|bin|ibn|al|el|ter|dos|af)"
)
_FULL: Final = rf"{_W}(?: (?:[{_UP}]\.|{_W}))?(?: {_PART})?[ ]{_W}(?:-{_W})?"
_COMMA: Final = rf"(?:{_PART} )?{_W}, (?:{_W}|[{_UP}]\.)"
_INITIAL: Final = rf"(?:[{_UP}]\. ?){{1,3}}(?:{_PART} )?{_W}"
_ANY: Final = rf"(?:{_COMMA}|{_INITIAL}|{_FULL})"
_EDGE: Final = rf"(?<![{LATIN}0-9@._\-])"
_STOP: Final = rf"(?![{LATIN}0-9@_])"

_TITLE: Final = re.compile(
    rf"{_EDGE}(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Herr|Frau"
    rf"|Monsieur|Madame|Mme|M\.|Señor|Señora|Sra?|Signor|Signora)\.? "
    rf"({_ANY}|(?:{_PART} )?{_W})(?![{LATIN}0-9@_])"
)
_LABEL: Final = re.compile(
    r"(?=[A-Za-z])(?<![A-Za-z])(?:(?i:full name|first name|last name|surname|customer(?: name)?"
    r"|client|contact(?: person)?|name on card|cardholder|card holder"
    r"|account holder|holder|recipient|beneficiary|attn|attention|patient"
    r"|employee|applicant|signed(?: by)?|sender|payee|ship to|bill to"
    r"|from|to|cc|agent|representative|manager|prepared by|reported by"
    r"|guest|name|regards|sincerely|best|cheers|thanks|thank you)"
    r"[ ]?(?:[:,：]|is|-)[ \n]{0,3}"
    r"|(?i:my name is|my name's|this is|i am|i'm|i’m|ich bin|mein name ist"
    r"|je suis|je m'appelle|je m’appelle|soy|me llamo|mi chiamo|sono"
    r"|called|named|spoke (?:to|with)|talked (?:to|with)|speak (?:to"
    r"|with)|signed by|on behalf of|c/o|attn\.?|met with|my (?:wife"
    r"|husband|son|daughter|mother"
    r"|father|brother|sister|colleague|friend|neighbou?r|partner|boss"
    r"|assistant|lawyer|doctor),?)[ ])"
    rf"({_ANY}|{_W})" + _STOP
)
_GREETING: Final = re.compile(
    rf"(?:^|\n|(?<=[.!?] ))(?:Dear|Hi|Hello|Hey|Good morning|Good afternoon"
    rf"|Bonjour|Hola|Sehr geehrter?|Liebe[r]?|Cher|Chère),? (?!Sir|Madam"
    rf"|All|Team|Support|Customer|There"
    rf"|there|Everyone|Mr|Ms|Mrs|Dr)({_ANY}|{_W})(?=[ ]?[,.!:\n–-]|$)"
)
_VERB: Final = re.compile(
    rf"{_EDGE}({_ANY}|{_W}) (?:called|wrote|emailed|e-mailed|phoned|rang|asked"
    rf"|says|said|complained|requested|wants|reported|confirmed|contacted"
    rf"|lives|works|has"
    rf"|is (?:a|our|the|unhappy|not)|was|will|from|signed|replied|told"
    rf"|visited|ordered|paid|bought|returned|needs|would|did)(?![{LATIN}])"
)
_BRACKET: Final = re.compile(
    rf"{_EDGE}({_ANY})(?= ?(?:\((?:[^)\n]{{0,20}}(?:born|DOB|aged|years"
    rf"|@|生)|[0-9+])|,? DOB|, born|, aged|'s |’s ))"
)
_PLAIN: Final = re.compile(rf"{_EDGE}({_FULL})" + _STOP)
_CAPS: Final = re.compile(rf"{_EDGE}([{_UP}]{{2,}}(?:[ \-][{_UP}]{{2,}}){{1,2}})" + _STOP)

_REGION: Final = re.compile(rf"[ -~{LATIN}’–生\n]{{4,}}")
_CAPITAL: Final = re.compile(rf"[{_UP}]")
_SHORT: Final = 3
_STOP_WORDS: Final = words("no_names_western.txt")
_ORG_AFTER: Final = re.compile(
        r"[ ,]{0,2}(?:Inc|Ltd|LLC|GmbH|Corp|Co\b|Company|Group|Holdings"
        r"|PLC|plc|S\.A\.|AG\b|Bank|University|College|Hospital|Hotel|School"
                               r"|Street|St\b|Road|Avenue|Lane|Drive|Park|Square|Airport|Station"
        r"|Club|Store|Shop|Foundation|Institute|Museum|Center|Centre|社"
        r"|銀行|ホテル)")  # fmt: skip


@lru_cache(maxsize=1)
def _lists() -> tuple[frozenset[str], frozenset[str]]:
    """Known given names and surnames."""
    source = (
        files("governance.pii").joinpath("data", "western_names.txt").read_text(encoding="utf-8")
    )
    body = "\n".join(line for line in source.splitlines() if not line.startswith("#"))
    given, surnames = body.split("[surname]")
    return frozenset(given.replace("[given]", "").split()), frozenset(surnames.split())


@lru_cache(maxsize=16_384)
def _romaji(word: str) -> bool:
    """The word, read as romaji, is a Japanese surname or given name."""
    kana = jaconv.alphabet2kata(word.lower().replace("ō", "ou").replace("ū", "uu"))
    if not kana or re.search("[A-Za-zａ-ｚ]", kana):
        return False
    forms = {kana, re.sub("ッ(?=$)", "", kana), kana + "ウ", kana.replace("オ", "オオ", 1)}
    return any(senses(form).surname or senses(form).given for form in forms)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[ ,]+", name) if word and word[0].isupper()]


def _known(name: str) -> bool:
    """Some part is a known name and no part is a word of business letters."""
    given, surnames = _lists()
    words = [word.title() if word.isupper() and len(word) > 1 else word for word in _words(name)]
    if any(word.rstrip(".") in _STOP_WORDS and word not in given for word in words):
        return False
    if words and (words[0] in given or words[-1] in surnames or words[0].rstrip(",") in surnames):
        return True
    long = [word for word in words if len(word) > 2]  # noqa: PLR2004
    return len(long) > 1 and all(_romaji(word) for word in long)


def _clean(name: str) -> bool:
    words = _words(name)
    return bool(words) and not any(word.rstrip(".,") in _STOP_WORDS for word in words)


def _trimmed(found: re.Match[str]) -> tuple[int, str]:
    """Start and text of a name without business words before it: Customer Ahmed Hassan."""
    start, name = found.start(1), found.group(1)
    while True:
        first, gap, rest = name.partition(" ")
        if not gap or first.rstrip(",.") not in _STOP_WORDS:
            return start, name
        start, name = start + len(first) + 1, rest


def _span(start: int, end: int, score: float, reason: Reason, role: Role = Role.UNKNOWN) -> Span:
    return Span(start=start, end=end, entity=Entity.PERSON, score=score, reason=reason, role=role)


def _regions(shadow: str) -> Iterator[tuple[int, int]]:
    """Stretches of Latin text that hold a capital letter; only they can hold a name."""
    for found in _REGION.finditer(shadow):
        if _CAPITAL.search(shadow, *found.span()):
            yield found.span()


def _by_context(shadow: str, begin: int, stop: int) -> Iterator[Span]:
    for found in _TITLE.finditer(shadow, begin, stop):
        yield _span(found.start(1), found.end(1), 0.95, Reason.HONORIFIC)
    for pattern, score, reason in (
        (_LABEL, 0.88, Reason.LABEL),
        (_GREETING, 0.88, Reason.SIGNATURE),
        (_VERB, 0.8, Reason.SURNAME),
        (_BRACKET, 0.8, Reason.LABEL_AFTER),
    ):
        for found in pattern.finditer(shadow, begin, stop):
            start, name = _trimmed(found)
            given, surnames = _lists()
            single = " " not in name and "." not in name
            if (
                single
                and name not in given
                and name not in surnames
                and not (len(name) > _SHORT and _romaji(name))
            ):
                continue
            if _clean(name) and not _ORG_AFTER.match(shadow, found.end(1)):
                yield _span(start, found.end(1), score, reason)


def find(document: Document) -> Iterator[Span]:
    """Names in Latin letters; without context only with a known part."""
    if not document.has_latin:
        return
    for begin, stop in _regions(document.shadow):
        yield from _by_context(document.shadow, begin, stop)
        yield from _plain(document.shadow, begin, stop)


def _plain(shadow: str, begin: int, stop: int) -> Iterator[Span]:
    """Two or three capitalised words with a known part."""
    for pattern in (_PLAIN, _CAPS):
        for found in pattern.finditer(shadow, begin, stop):
            start, name = _trimmed(found)
            if (
                " " in name.replace("-", " ")
                and _known(name)
                and not _ORG_AFTER.match(shadow, found.end(1))
            ):
                yield _span(start, found.end(1), 0.7, Reason.FULL_NAME)


_WHOLE: Final = re.compile(rf"(?:{_ANY}|[{_UP}]{{2,}}(?:[ \-][{_UP}]{{2,}}){{1,2}})\Z")


def looks_like(value: str) -> bool:
    """A whole value, for instance a cell, reads as a name with at least one known part."""
    if not _WHOLE.match(value):
        return False
    given, surnames = _lists()
    parts = [part.strip(",") for part in re.split(r"[ ,]+", value) if part]
    titled = [part.title() if part.isupper() and len(part) > 1 else part for part in parts]
    if any(part in given or part in surnames for part in titled):
        return True
    return _known(value)
