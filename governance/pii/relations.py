"""Whether a name is a relative's, by a word of kinship right before it or in a bracket after."""

import re
from dataclasses import replace
from typing import Final

from governance.pii.types import Entity, Role, Span

# One sign alone is kin only where no kanji stands before it: 和夫, 大丈夫 and 神父 are none
_KIN: Final = (
    r"(?:(?<![一-龥々])(?:妻|夫|父|母|兄|弟|姉|妹|娘|孫|甥|姪)"
    r"|[義実養亡継祖叔伯][父母]|[義亡実][兄弟姉妹]|[亡元][夫妻]|曾祖[父母]|曾孫|父親|母親|両親"
    r"|[長次二三四五][男女]|息子|子息|令嬢|子ども|子供|お子(?:さん|様)|兄弟|姉妹|従兄弟|従姉妹"
    r"|いとこ|主人|旦那|家内|奥(?:さん|様|さま)|配偶者|保護者|家族|親族|親戚|同居人?|(?:お母|お父"
    r"|お兄|お姉|おじい|おばあ)(?:さん|様|さま|ちゃん))"
)
_KIN_EN: Final = (
    r"(?:wife|husband|spouse|mother|father|mom|mum|dad|parent|son|daughter|child|brother|sister"
    r"|grand(?:mother|father|son|daughter|ma|pa)|uncle|aunt|niece|nephew|cousin"
    r"|(?:mother|father|son|daughter|brother|sister)-in-law)"
)
_BEFORE: Final = re.compile(
    rf"{_KIN}(?:さん|様|さま)?(?:の(?:お?名前?は|氏名)?|、|・|である|[：:=＝（(]|[ 　])?[ 　]?$",
    re.IGNORECASE,
)
_BEFORE_EN: Final = re.compile(
    rf"(?<![a-z]){_KIN_EN}(?:,|:| is| was| named| called)? (?:(?:mr|mrs|ms|miss|dr)\.? )?$",
    re.IGNORECASE,
)
# Beginnings of words of kinship in any letters
_SIGNS_EN: Final = re.compile(
    "[WwHhSsMmFfPpDdCcBbGgUuAaNnſ](?:"
    "(?i:ife|usband|pouse|other|ather|om|um|ad|arent|on|aughter|hild|rother|ister|rand|ncle|unt"
    "|iece|ephew|ousin))"
)
# Signs that a Japanese word of kinship ends with, and what may still follow it
_ENDS: Final = re.compile("[妻夫父母兄弟姉妹娘孫甥姪男女子嬢んこ人居那内様者族戚親さま]")
_AFTER: Final = re.compile(
    rf"(?:さん|様|さま|ちゃん|くん|君|氏)?[ 　]?[（(](?:続柄[：:]?)?(?:{_KIN}|{_KIN_EN}(?![a-z]))",
    re.IGNORECASE,
)
_REACH: Final = 18  # signs before a name that _BEFORE looks at
_REACH_EN: Final = 32
_ENDING: Final = 10  # the last of them, in which the word itself ends


def related(text: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The findings, with the role of a relative where a word of kinship says so."""
    return tuple(
        replace(span, role=Role.FAMILY)
        if span.entity is Entity.PERSON
        and span.role is not Role.STAFF
        and _is_relative(text, span.start, span.end)
        else span
        for span in spans
    )


def _is_relative(text: str, start: int, end: int) -> bool:
    if _AFTER.match(text, end):
        return True
    if _ENDS.search(text, max(0, start - _ENDING), start) and _BEFORE.search(
        text, max(0, start - _REACH), start
    ):
        return True
    if text[start - 1 : start] != " ":
        return False
    before = text[max(0, start - _REACH_EN) : start]
    return _SIGNS_EN.search(before) is not None and _BEFORE_EN.search(before) is not None
