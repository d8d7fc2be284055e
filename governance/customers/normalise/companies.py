"""Names of companies: legal form spelled out, and keys that ignore it."""

import re

from governance.customers.normalise.chars import (
    clean_text,
    fold_width,
    is_absent,
    no_spaces,
    squeeze,
)
from governance.customers.normalise.names import fold_variants
from governance.customers.types import NOTHING, Normalised, ProblemKind

FORMS = {
    "株": "株式会社",
    "有": "有限会社",
    "同": "合同会社",
    "資": "合資会社",
    "名": "合名会社",
    "医": "医療法人",
    "財": "財団法人",
    "社": "社団法人",
    "学": "学校法人",
    "宗": "宗教法人",
    "福": "社会福祉法人",
    "独": "独立行政法人",
    "特非": "特定非営利活動法人",
    "一財": "一般財団法人",
    "一社": "一般社団法人",
    "公財": "公益財団法人",
    "公社": "公益社団法人",
}
_LONG_FORMS = sorted({*FORMS.values(), "NPO法人", "株式會社", "有限會社"}, key=len, reverse=True)
_SHORT = "|".join(sorted(FORMS, key=len, reverse=True))
_BRACKETED = re.compile(rf"\(({_SHORT})\)")
_HEAD = re.compile(rf"^({_SHORT})\)")  # bank notation: カ) is a reading, 医) a name
_READ = re.compile(r"^\(?[カユドシメザイ]\)|\([カユドシメザイ]\)?$")  # form in bank notation
_TAIL = re.compile(rf"\(({_SHORT})$")
_ENGLISH = re.compile(
    r"[,\s]*\b(?:co\.?,?\s*ltd|inc|corp(?:oration)?|ltd|llc|k\.?k|gmbh|ag|sarl|s\.?a\.?s?)\.?$",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\s・･.,'’`\-‐－&＆/()]+")


def normalise_company(text: str) -> Normalised:
    """The name with its legal form spelled out where it stands, and no spaces around the form."""
    plain = clean_text(text)
    if plain is None or is_absent(plain):
        return NOTHING
    name = squeeze(fold_width(plain))
    for form in (_BRACKETED, _HEAD, _TAIL):
        name = form.sub(lambda found: FORMS[found.group(1)], name)
    for legal in _LONG_FORMS:
        name = re.sub(rf"^{legal}\s+|\s+{legal}$", legal, name)
    return Normalised(value=name, dirt="company")


def company_key(text: str) -> str:
    """The name without legal form, spaces and marks, variants folded, lower case."""
    name = normalise_company(text).value or ""
    bare = _READ.sub("", _without_form(name))
    return _MARKS.sub("", fold_variants(bare)).casefold()


def legal_form(text: str) -> str:
    """The legal form in the name, spelled out; empty when it has none."""
    name = normalise_company(text).value or ""
    return next((form for form in _LONG_FORMS if form in name), "")


def _without_form(name: str) -> str:
    for legal in _LONG_FORMS:
        if name.startswith(legal) or name.endswith(legal):
            return name.removeprefix(legal).removesuffix(legal)
    return _ENGLISH.sub("", name)


def normalise_corporate_number(text: str) -> Normalised:
    """13 digits whose check digit holds (法人番号の指定等に関する省令 第2条)."""
    if is_absent(text):
        return NOTHING
    digits = re.sub(r"\D", "", no_spaces(fold_width(text)))
    if len(digits) != 13 or not _check_digit_holds(digits):  # noqa: PLR2004 -- length of a 法人番号
        return Normalised(problems=(ProblemKind.CORPORATE_NUMBER_INVALID,), dirt="digits")
    return Normalised(value=digits, dirt="digits")


def _check_digit_holds(digits: str) -> bool:
    """The first digit is 9 less the remainder of the weighted rest by nine."""
    rest = sum(int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits[1:])))
    return int(digits[0]) == 9 - rest % 9
