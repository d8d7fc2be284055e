"""What the name of a column announces, whatever its spelling and script."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from governance.pii.column_readings import spelled
from governance.pii.column_words import Word, free_words, words
from governance.pii.shadow import shadow_of
from governance.pii.types import Entity, Tie

_JOINS: Final = re.compile(r"[\s\-./・:#＿_]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_INNER: Final = re.compile(r"(?<=[^\x00-\x7f])_(?=[^\x00-\x7f])")  # 氏 名
_INDEX: Final = re.compile(r"_?(?:[0-9]{1,2}|[①-⑨一二三]|第[0-9一二三])\Z")
_OWN: Final = re.compile(r"__c\Z")  # a field that a company added to Salesforce
_ASIDE: Final = re.compile(r"[(（\[【<].*?[)）\]】>]")
_TAIL: Final = re.compile(
    r"(?<=.)_?(?:欄|情報|データ|一覧|詳細|入力|漢字|全角|半角|必須|任意|kanji|info|data|value|txt|str|raw|csv|col|field|lbl|label|abbrv?|avg|mean|iso|[ymd]{6,8}|ddmmmyy|fmt|masked?|m|s)\Z",
    re.IGNORECASE,
)
_READING: Final = re.compile(
    r"(?<=.)_?(?:フリガナ|ふりがな|カナ|かな|ヨミ|よみ|読み|ローマ字|英字|英語|英名|略称|kana|furigana"
    r"|yomi|romaji|katakana|hiragana|english|en|ja|jp)\Z",
    re.IGNORECASE,
)
_CODED: Final = re.compile(
    r"(?<=.)(?:_|の)?(?:status|type|kbn|kubun|desc|name|flg|flag|区分|フラグ|名称|有無|種別)\Z",
    re.IGNORECASE,
)  # 国籍区分, gender_type: a code of an attribute is the attribute
_NUMBERED: Final = re.compile(
    r"(?<=.)_?(?:(?P<code>id|cd|code|key|uuid|コード)|no|番号)\Z", re.IGNORECASE
)  # 更新者コード, child_id: the number of a person, or of what is the person's
_REACHED: Final = frozenset({Entity.ADDRESS, Entity.PHONE, Entity.EMAIL})  # 連絡先ID
_KNOWN: Final = tuple(
    (re.compile(rf"(?:{word.form})\Z", re.IGNORECASE), re.compile(word.form, re.IGNORECASE), word)
    for word in words()
)
_FREE: Final = re.compile(free_words(), re.IGNORECASE)
_ONE_PART: Final = re.compile(
    r"(?:first|given|last|family|middle|maiden|sur|nick|(?:^|_)[fl])_?name|surname|forename"
    r"|(?:^|_)(?:first|last|maiden|middle|given)\Z|名字|苗字|(?:^|_)氏"
    r"|(?:^|_)(?:sei|mei)(?:_|\Z)|(?:^|[_(お])(?:姓|名|セイ|メイ)[)]?\Z|romaji|ローマ字|旧姓|印鑑|署名"
    r"|ニックネーム",
    re.IGNORECASE,
)
# Longer words that stand inside another without a sign between: homephone, custname
_INSIDE: Final = frozenset(
    {"phone", "mail", "email", "name", "addr", "address", "birthday", "birthdate", "postcode"}
    | {"userid", "username"}
)
_KANJI: Final = re.compile("[一-鿿]")
_LONGEST: Final = 100  # signs of a name that are read
_LONG: Final = 8  # letters of a word that stands by itself anywhere: CEMPLOYEEID
_PLACEHOLDER: Final = re.compile(
    r"(?:[a-z]{0,2}_?[0-9]{1,3}|[a-z]?|(?:col(?:umn)?|fields?|unnamed|var|項目|カラム|列|フィールド"
    r"|データ)_*[0-9a-z]{0,3})\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a name says of its column; `known` with no entity: no name, number or address."""

    known: bool
    entity: Entity | None = None
    others: frozenset[Entity] = frozenset()  # what the name may mean too: mail_addr
    tie: Tie = Tie.NONE
    strong: bool = False  # the name suffices where the values do not prove it wrong
    vague: bool = False  # a number or code, of what is not said
    life: bool = False  # beside names it tells of a person
    register: bool = False  # the same, in a register of persons alone
    about: bool = False  # a person's word stands within: 患者の希望
    free_text: bool = False
    one_part: bool = False  # a part of a name alone: any capitalised word can be one
    placeholder: bool = False  # col7: the name says nothing at all
    readable: bool = False  # it stands in words that a reader knows: kanji


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKC", shadow_of(name[:_LONGEST])).strip()
    plain = _OWN.sub("", plain)
    return _INNER.sub("", _JOINS.sub("_", _HUMP.sub("_", plain))).strip("_")


def _stands(name: str, start: int, end: int) -> bool:
    """Whether these Latin letters are a word of the name and no piece of one."""
    word = name[start:end]
    before, after = name[start - 1 : start], name[end : end + 2]
    cut = before.isascii() and before.isalpha() and word[:1].isascii() and word[:1].isalpha()
    if cut and word.lower() not in _INSIDE and len(word) < _LONG:
        return False
    if not (word[-1:].isascii() and word[-1:].isalpha()):
        return True
    if not start and word.lower() in _INSIDE:  # phonepro, emailwork
        return True
    return not (after[:1].isascii() and after[:1].isalpha()) or after.lower() in {"s", "s_"}


def _at_end(name: str) -> tuple[Word | None, int]:
    """The longest word that the name ends with, and its length."""
    best, most = None, 0
    for ending, _, word in _KNOWN:
        found = ending.search(name)
        while found is not None and not _stands(name, found.start(), found.end()):
            found = ending.search(name, found.start() + 1)
        if found is not None and (size := len(found.group().strip("_"))) > most:
            best, most = word, size
    return best, most


def _choices(name: str) -> frozenset[Entity]:
    """Every kind that a strong word at the name's end speaks of: mail_addr is of two."""
    found = ((ending.search(name), word) for ending, _, word in _KNOWN if word.strong)
    return frozenset(
        word.means
        for match, word in found
        if match and isinstance(word.means, Entity) and _stands(name, match.start(), match.end())
    )


def _of_code(form: str) -> Word | None:
    """What a code or number is of: of an attribute it is the attribute, of a person it points."""
    if (tail := _CODED.search(form)) is not None:
        word, _ = _at_end(form[: tail.start()])
        return word if word is not None and word.means is Tie.DESCRIBES else None
    if (tail := _NUMBERED.search(form)) is None:
        return None
    if (whole := _at_end(form))[0] is not None and whole[1] > len(tail.group().strip("_")):
        return None  # a word of its own: 電話番号
    word, _ = _at_end(form[: tail.start()])
    if word is None or word.means is Tie.NONE:
        return None
    named = word.means is Entity.PERSON or (tail["code"] is not None and word.means in _REACHED)
    if word.means is not Tie.POINTS and not named:
        return word
    return Word("", Tie.POINTS, strong=True)


def _anywhere(name: str) -> Word | None:
    """The word that stands last in the name."""
    best, last = None, (0, 0)
    for _, inside, word in _KNOWN:
        for found in inside.finditer(name):
            place = (found.end(), found.end() - found.start())
            if place > last and place[1] > 1 and _stands(name, *found.span()):
                best, last = word, place
    return best


def _word(name: str) -> Word | None:
    """The word that the name ends with, without numbers, brackets and words that say nothing."""
    bare = _ASIDE.sub("", name).strip("_") or name
    forms = [bare]
    for cut in (_INDEX, _TAIL, _INDEX):
        forms.append(cut.sub("", forms[-1]) or forms[-1])
    for form in dict.fromkeys(forms):
        if (word := _of_code(form)) is not None:
            return word
        unread = _READING.sub("", form)
        for one in (unread, form):  # 会社名カナ is of a company
            if (word := _at_end(one)[0]) is not None:
                return word
    return None


def _within(name: str) -> Word | None:
    """A word that another stands behind which is unknown: 患者の希望, member_since."""
    bare = _ASIDE.sub("", name).strip("_") or name
    word = _anywhere(bare) or _anywhere(name)
    if word is None or (name.isascii() and word.means is Tie.DESCRIBES):
        return None  # arrest_precinct
    return word._replace(strong=word.strong and word.means is not Entity.PERSON)


@lru_cache(maxsize=4_096)
def announced(name: str) -> Announced:
    """What the column's name says."""
    folded = _folded(name)
    placeholder = _PLACEHOLDER.match(folded) is not None
    word = None if placeholder else _word(folded)
    if word is None and not placeholder and (japanese := spelled(folded)) is not None:
        word = _word(japanese)
    within = None if placeholder or word is not None else _within(folded)
    about = within is not None and within.means is Entity.PERSON
    word = word or within
    means = word.means if word is not None else Tie.NONE
    return Announced(
        known=word is not None,
        entity=means if isinstance(means, Entity) else None,
        others=_choices(_INDEX.sub("", folded)) if isinstance(means, Entity) else frozenset(),
        tie=means if isinstance(means, Tie) else Tie.NAMES,
        strong=word is not None and word.strong,
        vague=word is not None and word.vague,
        life=word is not None and word.life,
        register=word is not None and word.register,
        about=about,
        free_text=_FREE.search(folded) is not None,
        one_part=_ONE_PART.search(folded) is not None,
        placeholder=placeholder,
        readable=_KANJI.search(folded) is not None,
    )
