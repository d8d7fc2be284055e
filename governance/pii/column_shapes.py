"""Forms of single values: what one cell of a column can be."""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from stdnum import iban

from governance.pii.column_proof import is_called, is_mail_list, is_named_mail, is_named_phone
from governance.pii.dates import dates_in
from governance.pii.document import Document
from governance.pii.lexicon import words
from governance.pii.names import Name, name_of
from governance.pii.numbers import is_card, is_my_number
from governance.pii.places import Groups
from governance.pii.recognisers import (
    address,
    address_romaji,
    address_western,
    email,
    ip_address,
    person_western,
    phone,
)
from governance.pii.shadow import shadow_of
from governance.pii.sudachi import senses
from governance.pii.types import Entity, Span

BIRTH_YEAR: Final = 2012  # customers are rarely born later, events rarely happened before
_DIGITS: Final = re.compile(r"[0-9][0-9 \-]*\Z")
# 都道府県公安委員会 codes: the first two digits of a driving licence
_COMMISSIONS: Final = frozenset(
    f"{code:02d}"
    for block in (range(10, 15), range(20, 26), range(30, 31), range(40, 50), range(50, 56),
                  range(60, 66), range(70, 75), range(80, 84), range(90, 98))
    for code in block
)  # fmt: skip
_PASSPORT: Final = re.compile(r"[A-Z]{2}[0-9]{7}\Z")
_RESIDENCE: Final = re.compile(r"[A-Z]{2}[0-9]{8}[A-Z]{2}\Z")
_PENSION: Final = re.compile(r"[0-9]{4}-[0-9]{6}\Z")
_POSTAL: Final = re.compile(r"〒? ?[0-9]{3}-[0-9]{4}\Z")
_SSN: Final = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}\Z")
_HANDLE: Final = re.compile(r"@[A-Za-z0-9_.]{2,30}\Z")
_INSURANCE: Final = re.compile(r"[0-9A-Za-z\-・/]{2,20}\Z")
_ACCOUNT: Final = re.compile(r"(?:普通|当座|貯蓄|普|当)(?:預金)?[ :]{0,2}[0-9]{6,8}\Z")
_SENTENCE: Final = re.compile(
    r"。.|(?:です|ます|した|する|たい|ない|ている|のこと|済み?|[^。]{6,}を[^。]{2,}"
    r"|[^。]{4,}に[^。]{3,})。?\Z|。\Z|(?:：|: ).{2,}(?:：|: )|[。、].{3,}|^(?:[A-Za-z'’]+[ ,.]+){"
    r"4,}"
)
_STREET: Final = re.compile(
    r"(?:(?:Apt|Apartment|Unit|Suite|Ste|Flat|Room|#)\.? ?[0-9A-Za-z\-]+,? )?[0-9]{1,5}[A-Za-z]?,? "
    rf"(?:[A-Z0-9][\w'’.\-]* ){{0,4}}(?:{'|'.join(sorted(words('streets.txt')))})\b"
)
_ORGANISATION: Final = re.compile(
    r"株式会社|有限会社|合同会社|㈱|㈲|\(株\)|法人|銀行|商事|商会|商店"
    r"|製作所|工業|産業|建設|不動産|システム|サービス|センター|文具"
    r"|店\Z|屋\Z|園\Z|空港|駅\Z|支店|Inc|Ltd|LLC|GmbH|Corp"
    r"|コース|プラン|パック|セット|保険|社の|社\Z|ガス\Z|電力|電機"
)
_PATTERNS: Final = (
    (_PASSPORT, Entity.PASSPORT),
    (_RESIDENCE, Entity.RESIDENCE_CARD),
    (_POSTAL, Entity.POSTAL_CODE),
    (_SSN, Entity.US_SSN),
    (_HANDLE, Entity.SNS_ACCOUNT),
    (_ACCOUNT, Entity.BANK_ACCOUNT),
)
_LETTERS: Final = re.compile(r"[A-Za-z]{3}|[ぁ-んァ-ヶ一-鿿々]")
_UNITS: Final = re.compile(r"[年月日時分秒円個件]")
_CLOCK: Final = re.compile(
    r"(?<=[0-9日])[ T　]?[0-9]{1,2}(?:[:：][0-9]{2}){1,2}(?:\.[0-9]+)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
_NOTED: Final = re.compile(r"(?<=[^\x00-\x7f])[（(][^（）()]*[)）]\Z")  # 山田花子（長女）
_HONORIFIC: Final = re.compile(
    r"(?<=.)[ 　]?(?:様|さま|さん|殿|先生|氏)\Z|^(?:Mr|Mrs|Ms|Miss|Dr)\.? "
    r"|(?<=, )(?:Mr|Mrs|Ms|Miss|Dr|Rev|Master)\.? "
)
_WORD: Final = re.compile(r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ž'’\-]{1,24}\Z")
_WORDS: Final = re.compile(
    r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ž'’.\-]{1,24}(?: [A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ž'’.\-]{1,24})?\Z"
)
_MORA: Final = (
    r"(?:(?:[kgnhbpmr]y|sh|ch|ts|[kgsztdnhbpmyrwjf])?[aiueoōū]h?|n(?![aiueoy])|m(?=[bp])"
    r"|k(?=k)|s(?=sh?)|t(?=t|ch)|p(?=p))"
)
_ROMAJI_NAME: Final = re.compile(rf"{_MORA}{{2,7}},? {_MORA}{{2,6}}\Z", re.IGNORECASE)
_KANA_PAIR: Final = re.compile(r"(?:[ァ-ヺー]{2,9}[ 　][ァ-ヺー]{2,9}|[ｦ-ﾟ]{2,12}[ 　][ｦ-ﾟ]{2,12})\Z")
_FOUR_PARTS: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\Z")
_VERSION_PART: Final = 63
_IBAN_LEAST: Final = 15  # code points; Norway has the shortest
_ADDRESS_LEAST: Final = 6
_SENTENCE_LEAST: Final = 8
_SPACES: Final = re.compile(r"[ \-]")


@dataclass(slots=True)
class Votes:
    """Counts over a sample of values."""

    total: int = 0
    sentences: int = 0
    sure: Counter[Entity] = field(default_factory=Counter)  # what a value is by itself
    possible: Counter[Entity] = field(default_factory=Counter)  # what a name may make of it
    words: int = 0  # names, and values that are one or two capitalised words
    years: list[int] = field(default_factory=list)
    octets: list[int] = field(default_factory=list)  # the largest part of each four-part number

    def of(self, entity: Entity, *, one_part: bool = False) -> int:
        """Values that can be this entity when the column's name says so."""
        count = max(self.sure[entity], self.possible[entity])
        return max(count, self.words) if one_part and entity is Entity.PERSON else count


def _covers(spans: list[Span], size: int, *, least: float = 0.85) -> bool:
    return any((span.end - span.start) >= least * size for span in spans)


def _person(text: str, shadow: str) -> bool:
    if _ORGANISATION.search(shadow) or any(sign.isdigit() for sign in shadow):
        return False
    kind = name_of(text)
    if kind is Name.SURNAME or kind is Name.GIVEN:
        known = senses(text)
        return not (known.place and not known.surname)
    if kind is Name.FOREIGN and re.match("[A-Za-z]", shadow):
        return _western(shadow)
    return kind is not Name.NO or _western(shadow)


def _western(shadow: str) -> bool:
    """A name in Latin letters: a known part, or two words that are Japanese syllables."""
    if person_western.looks_like(shadow) or _ROMAJI_NAME.match(shadow):
        return True
    return _WORD.match(shadow) is not None and person_western.looks_like(f"A. {shadow}")


def _digits(digits: str, shadow: str) -> tuple[set[Entity], set[Entity]]:
    """What a value of digits alone is, and what it may be."""
    size, sure, possible = len(digits), set[Entity](), set[Entity]()
    if size == 12:  # noqa: PLR2004
        possible |= {Entity.MY_NUMBER, Entity.DRIVER_LICENSE}
        if is_my_number(digits):
            sure.add(Entity.MY_NUMBER)
        if digits[:2] in _COMMISSIONS:
            sure.add(Entity.DRIVER_LICENSE)
    if 13 <= size <= 19 and not shadow.startswith("0"):  # noqa: PLR2004
        possible.add(Entity.CREDIT_CARD)
        if is_card(digits):
            sure.add(Entity.CREDIT_CARD)
    if size == 7:  # noqa: PLR2004
        possible |= {Entity.BANK_ACCOUNT, Entity.POSTAL_CODE}
        sure |= set() if digits.endswith("0000") else {Entity.POSTAL_CODE}  # else an amount
    if 6 <= size <= 8:  # noqa: PLR2004
        possible.add(Entity.BANK_ACCOUNT)
    possible |= {Entity.US_SSN, Entity.PENSION_NUMBER} if size in {9, 10} else set()
    possible |= {Entity.PHONE} if size in {9, 10, 11} else set()
    if _PENSION.match(shadow):
        sure.add(Entity.PENSION_NUMBER)
    return sure, possible


def _by_pattern(text: str, shadow: str) -> tuple[set[Entity], set[Entity]]:
    """Entities whose form, or whose recogniser, takes nearly the whole value."""
    document, size = Document(text, "ja"), len(text)
    sure, possible = set[Entity](), set[Entity]()
    if _DIGITS.match(shadow):
        sure, possible = _digits(_SPACES.sub("", shadow), shadow)
    sure |= {entity for pattern, entity in _PATTERNS if pattern.match(shadow)}
    if _INSURANCE.match(shadow):
        possible.add(Entity.HEALTH_INSURANCE)
    if document.has_digit and _covers(list(phone.find(document)), size, least=0.8):
        sure.add(Entity.PHONE)
    for recogniser, entity in ((email.find, Entity.EMAIL), (ip_address.find, Entity.IP_ADDRESS)):
        if _covers(list(recogniser(document)), size, least=0.7):
            sure.add(entity)
    if is_named_mail(text) or is_mail_list(text):
        sure.add(Entity.EMAIL)
    if is_called(text) or is_named_phone(text):
        sure.add(Entity.PHONE)
    if size >= _IBAN_LEAST and iban.is_valid(shadow, check_country=False):
        sure.add(Entity.IBAN)
    if size >= _ADDRESS_LEAST and (
        _STREET.match(shadow) or _covers(_addresses(document), size, least=0.75)
    ):
        sure.add(Entity.ADDRESS)
    return sure, possible


def _addresses(document: Document) -> list[Span]:
    ways = (address, address_romaji, address_western)
    return [span for way in ways for span in way.find(document)]


class Shape(NamedTuple):
    """What one value is by itself."""

    sure: frozenset[Entity]
    possible: frozenset[Entity]  # what the column's name may make of it
    year: int  # of a date, or 0
    sentence: bool
    word: bool  # one or two capitalised words
    octet: int  # the largest part of four numbers between points, or -1


@lru_cache(maxsize=8_192)
def shape_of(text: str) -> Shape:
    """Sure and possible entities of one value, the year of a date, and whether it is a sentence."""
    text = _HONORIFIC.sub("", _CLOCK.sub("", _NOTED.sub("", text))) or text
    shadow, size, year = shadow_of(text), len(text), 0
    sure, possible = _by_pattern(text, shadow)
    for found in dates_in(shadow, Groups(shadow), english=True):
        if found.end - found.start >= 0.8 * size:
            sure = (sure | {Entity.BIRTH_DATE}) - {Entity.POSTAL_CODE}
            year = found.value.year
    if not sure and _person(text, shadow):
        sure.add(Entity.PERSON)
    if _KANA_PAIR.match(text):
        possible.add(Entity.PERSON)
    prose = size >= _SENTENCE_LEAST and not sure and _LETTERS.search(_UNITS.sub("", shadow))
    parts = _FOUR_PARTS.match(shadow)
    return Shape(
        sure=frozenset(sure),
        possible=frozenset(possible),
        year=year,
        sentence=bool(prose) and _SENTENCE.search(shadow) is not None,
        word=_WORDS.match(shadow) is not None,
        octet=max(map(int, parts.groups())) if parts else -1,
    )


def votes_of(sample: list[str]) -> Votes:
    """Votes of all values of a sample."""
    votes = Votes(total=len(sample))
    for text in sample:
        shape = shape_of(text)
        votes.sure.update(shape.sure)
        votes.possible.update(shape.possible)
        votes.sentences += shape.sentence
        votes.words += shape.word or Entity.PERSON in shape.sure
        if shape.year:
            votes.years.append(shape.year)
        if shape.octet >= 0:
            votes.octets.append(shape.octet)
    # Addresses of the net reach 255 in every part; versions of programs stay small
    if votes.octets and max(votes.octets) <= _VERSION_PART:
        votes.possible[Entity.IP_ADDRESS] = votes.sure.pop(Entity.IP_ADDRESS, 0)
    # One in ten random numbers has the check digit of a 個人番号: only nearly all of them are
    if votes.sure[Entity.MY_NUMBER] < 0.9 * votes.possible[Entity.MY_NUMBER]:
        del votes.sure[Entity.MY_NUMBER]
    else:
        del votes.sure[Entity.DRIVER_LICENSE]
    if votes.sure[Entity.DRIVER_LICENSE] < 0.97 * votes.possible[Entity.DRIVER_LICENSE]:
        del votes.sure[Entity.DRIVER_LICENSE]
    return votes
