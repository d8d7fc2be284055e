"""Digits in groups: 個人番号 and card numbers however they are split, by their check digit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from stdnum import luhn
from stdnum.jp import in_ as my_number

from governance.pii.labels import Label, LabelIndex, Topic
from governance.pii.places import Groups, matches

# Signs that people and forms put between digits; zero-width ones only hide a number.
_GAP: Final = r"[ .\-\u200b-\u200f\u2060\ufeff\u00ad]"
_RUN: Final = re.compile(rf"[0-9]+(?:{_GAP}{{1,3}}[0-9]+)*")
_GROUP: Final = re.compile("[0-9]+")
# Issuer ranges in use: 4; 51-55, 2221-2720; 34, 37; 3528-3589; 36, 38, 30[0-5]; 60-65
_ISSUER: Final = re.compile(
    r"(?:4[0-9]{12}(?:[0-9]{3}){0,2}|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]"
    r"|[3-6][0-9]{2}|7[01][0-9]"
    r"|720)[0-9]{12}|3[47][0-9]{13}|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|3(?:0[0-59]|[689][0-9])[0-9]{11}"
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2}|2[0-9]{2})[0-9]{12}(?:[0-9]{3})?|(?:5018|5020|5038|5893|6304"
    r"|6759|676[1-3])[0-9]{8,15})\Z"
)
_CARD_GROUPS: Final = frozenset(
    {(16,), (15,), (14,), (13,), (19,), (4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3)}
)
_TWELVE: Final = frozenset({12})
_OF_CARDS: Final = frozenset(range(13, 20))
_PLAIN: Final = (12,)  # a part of a longer run counts only unsplit
MAX_GROUPS: Final = 19  # a card number has no more digits
LABEL_REACH: Final = 24  # code points between a label and its number


_KANJI_RUN: Final = re.compile(
    r"(?<![一-龥0-9])[〇零一二三四五六七八九]{1,7}(?:[ ]?[\-()][ ]?[〇零一二三四五六七八九]{1,7"
    r"}){1,3}(?![一-龥])"
)
_KANJI_DIGIT: Final = re.compile("[〇零一二三四五六七八九][-()〇零一二三四五六七八九]")
_SCANNED: Final = re.compile(
    r"[0-9OolI](?<![A-Za-z0-9][0-9OolI])[0-9OolI]{0,6}(?:[ ]?[\-.()][ ]?[0-9OolI]{1,7}){1,3}"
    r"(?![A-Za-z0-9])"
)
_LEGIBLE: Final = str.maketrans("〇零一二三四五六七八九OolI", "00123456789" + "0011")
_LETTER: Final = re.compile("[OolI]")
# One that touches a digit, or a sign between that does
_BESIDE: Final = re.compile(
    r"[OolI](?:(?=(?:[ ]?[\-.()][ ]?)?[0-9])|(?<=[0-9].)|(?<=[0-9][\-.()].)|(?<=[0-9][\-.()] .)"
    r"|(?<=[0-9] [\-.()].)|(?<=[0-9] [\-.()] .))"
)


def legible(shadow: str) -> str:
    """The text, of equal length, with kanji numerals and misread letters in numbers as digits."""

    def read(found: re.Match[str]) -> str:
        text = found.group()
        letters = len(_LETTER.findall(text))
        mostly = letters == 0 or sum(sign.isdigit() for sign in text) > letters
        return text.translate(_LEGIBLE) if mostly else text

    if _KANJI_DIGIT.search(shadow):
        shadow = _KANJI_RUN.sub(read, shadow)
    return _SCANNED.sub(read, shadow) if _BESIDE.search(shadow) else shadow


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Neighbouring groups of digits taken together."""

    start: int
    end: int
    digits: str = field(repr=False)
    groups: tuple[int, ...]
    whole: bool  # nothing of the run is left out


def digit_windows(shadow: str, places: Groups, *, sizes: frozenset[int]) -> Iterator[Digits]:
    """Every way to read neighbouring groups as one number of an allowed size, longest run first."""
    least = min(sizes)
    for run in matches(_RUN, shadow, places.of(least)):
        if run.end() - run.start() < least:
            continue
        groups = [(found.start(), found.end()) for found in _GROUP.finditer(shadow, *run.span())]
        for first in range(len(groups)):
            total = 0
            for last in range(first, min(len(groups), first + MAX_GROUPS)):
                total += groups[last][1] - groups[last][0]
                if total > max(sizes):
                    break
                if total in sizes:
                    part = groups[first : last + 1]
                    yield Digits(
                        start=part[0][0],
                        end=part[-1][1],
                        digits="".join(shadow[a:b] for a, b in part),
                        groups=tuple(b - a for a, b in part),
                        whole=len(part) == len(groups),
                    )


def is_card(digits: str) -> bool:
    """An issuer in use and a Luhn check digit that holds (ISO/IEC 7812-1)."""
    return bool(_ISSUER.match(digits)) and luhn.is_valid(digits)


def is_my_number(digits: str) -> bool:
    """Twelve digits whose check digit holds (総務省令第85号 Art. 5)."""
    return len(digits) == 12 and bool(my_number.is_valid(digits))  # noqa: PLR2004


def _nearest(found: Digits, labels: LabelIndex) -> Label | None:
    return labels.before(found.start, within=LABEL_REACH)


def _trailing(found: Digits, labels: LabelIndex, topic: Topic) -> bool:
    after = labels.after(found.end, within=4)
    return after is not None and after.topic is topic


def my_numbers(shadow: str, labels: LabelIndex, groups: Groups) -> Iterator[tuple[Digits, float]]:
    """個人番号 with a score: by label whatever its check digit, else by check digit alone.

    A check digit alone holds for one in ten random numbers; it counts only where no label says
    that the number is of something else.
    """
    for found in digit_windows(shadow, groups, sizes=_TWELVE):
        label = _nearest(found, labels)
        topic = label.topic if label else Topic.NUMBER
        valid = is_my_number(found.digits)
        if topic is Topic.MY_NUMBER or _trailing(found, labels, Topic.MY_NUMBER):
            yield found, 0.99 if valid else 0.7
        elif (
            valid
            and topic in {Topic.NUMBER, Topic.BIRTH, Topic.ADDRESS}
            and (found.groups == _PLAIN or found.whole)
        ):
            yield found, 0.6


def cards(shadow: str, labels: LabelIndex, groups: Groups) -> Iterator[tuple[Digits, float]]:
    """Full card numbers with a score: check digit and issuer, or a label and the usual groups."""
    for found in digit_windows(shadow, groups, sizes=_OF_CARDS):
        label = _nearest(found, labels)
        topic = label.topic if label else Topic.NUMBER
        usual = found.groups in _CARD_GROUPS
        if topic is Topic.MY_NUMBER and usual and is_card(found.digits):
            yield found, 0.8  # beside the 個人番号 that the label is of
            continue
        if topic in {Topic.OTHER_NUMBER, Topic.IP, Topic.MY_NUMBER, Topic.VERSION}:
            continue
        if is_card(found.digits):
            if usual or found.whole or topic is Topic.CARD:
                yield found, 0.99 if topic is Topic.CARD else 0.85
        elif topic is Topic.CARD and usual and len(found.digits) in {14, 15, 16}:
            yield found, 0.6
