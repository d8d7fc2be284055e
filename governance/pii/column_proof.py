"""What single values prove: that a column cannot be what its name says, or points to somebody."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from governance.pii.shadow import shadow_of
from governance.pii.types import Entity

_STATES: Final = re.compile(
    r"(?:有|無|有り|無し|あり|なし|可|否|不可|要|不要|済|未|済み|未了|完了|対応中|対応済|保留|新規|変更|廃止|本人|家族|法人|個人|その他|同上|"
    r"男|女|男性|女性|on|off|yes|no|y|n|true|false|active|inactive|pending|done|open|closed|none"
    r"|null|ok|ng|○|×|◯|✓|確認済み?|未確認|登録済み?|未登録|希望|希望しない|[01]|同意|承認|却下|一般|普通|当座)\Z",
    re.IGNORECASE,
)
_DATE: Final = re.compile(r"(?:[12][0-9]{3}[-/.年]|令和|平成|R[0-9]{1,2}\.)[0-9-/.年月日:T元Z ]+\Z")
_NUMBER: Final = re.compile(
    r"[¥￥$€£]? ?-?[0-9][0-9,]*(?:\.[0-9]+)? ?(?:円|%|%|点|件|個|kg|g|cm|m)?\Z"
)
_AMOUNT: Final = re.compile(
    r"[¥￥$€£] ?-?[0-9][0-9,.]*\Z|-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?円?\Z|-?[0-9]+\.[0-9]+\Z"
    r"|-?[0-9][0-9,.]* ?(?:円|%|点|件|個|kg|g|cm|m|分|秒|時間|日|泊|本|枚|GB|MB)\Z"
)
_LETTERS: Final = re.compile(r"[A-Za-zÀ-ɏぁ-んァ-ヺｦ-ﾟ一-鿿々가-힣Ѐ-ӿ]")
_DIGITS: Final = re.compile(r"[0-9]")
_CARD_DIGITS: Final = re.compile(r"[0-9*●X]")
_ASIDE: Final = re.compile(r"[（(][^（）()]*[)）]\Z")
_URL: Final = re.compile(r"(?:https?:)?//|www\.", re.IGNORECASE)
_CODE: Final = re.compile(r"(?=.*[0-9])[A-Za-z0-9#][A-Za-z0-9\-_./:=+*]{0,99}\Z")
_PHONE: Final = re.compile(r"(?:[(+x#]|tel:?|ext\.?)*[0-9][0-9()\-+. x#*X●]*\Z", re.IGNORECASE)
_BIRTH: Final = re.compile(
    r"(?:明治|大正|昭和|平成|令和|[MTSHR明大昭平令])?[ .]?(?:[0-9]{1,8}|元)"
    r"(?:[-/.年月日歳 ][0-9]{0,4}){0,8}(?:生まれ)?\Z"
    r"|(?:[0-9]{1,2}[- ]?)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
    r"(?:[- ]?[0-9, ]{1,10})?\Z",
    re.IGNORECASE,
)
_POSTAL: Final = re.compile(r"〒?(?=.*[0-9])[A-Z0-9][A-Z0-9 \-]{1,9}\Z", re.IGNORECASE)
_ID: Final = re.compile(r"(?=.*[0-9*●X].*[0-9*●X])[A-Za-z0-9*●・/ \-ぁ-ん一-鿿ァ-ヺー().:]{2,60}\Z")
_IP: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]{0,4}:[0-9a-f:]{2,}", re.IGNORECASE)
_HANDLE: Final = re.compile(
    r"@?[A-Za-z0-9_.\-]{2,40}(?:#[0-9]{4})?\Z|(?:https?://)?(?:[a-z]+\.)?[a-z]+\.com?/"
)
_PLACE: Final = re.compile(r"[0-9A-Za-zÀ-ɏぁ-んァ-ヺｦ-ﾟ一-鿿]")
_ORGANISATION: Final = re.compile(
    r"株式会社|有限会社|合同会社|㈱|㈲|\(株\)|\(有\)|[カユド]\)|\([カユド]|法人|協会|組合|商事|商会|商店"
    r"|製作所|工業|産業|建設|不動産|センター|支店|銀行|病院|クリニック|学校|(?:課|係|室|局)\Z"
    r"|(?:営業|総務|経理|人事|製造|開発|企画|技術|管理|法務|広報|業務|生産|購買|財務|事業)[一二三四1-4第]*部\Z"
    r"|\b(?:Inc|Ltd|LLC|LLP|GmbH|Corp|Co|Company|Group|Bank|AG|S\.?A|B\.?V|Holdings|Trading|University)\b"
)
_TITLED: Final = re.compile(
    r"(?:様|さま|さん|氏|殿|先生|医師|看護師|部長|課長|係長|主任|店長|社長)\Z"
)
_NUMBER_SIGN: Final = re.compile(r"(?=.*[0-9])[A-Z0-9\-_./:]+\Z")  # U761
_AGENT: Final = re.compile(r"(?:Mozilla|Opera|Dalvik|okhttp|curl|python-requests)/[0-9]")
_MAPPED: Final = re.compile(r"\APOINT ?\(-?[0-9]")
_PLATE: Final = re.compile(
    r"\A[一-龥ぁ-んァ-ヶ]{1,4}[ 　]?[0-9]{2,3}[A-Z]?[ 　]?[ぁ-んA-Z][ 　]?"
    r"[・.0-9]{1,2}[-‐－ー]?[・.0-9]{1,2}\Z"
)
_SPOT: Final = re.compile(
    r"[(\[]?-?[0-9]{1,3}\.[0-9]{3,}\s?[,; ]\s?-?[0-9]{1,3}\.[0-9]{3,}[)\]]?\Z"
)
_UNMISTAKEN: Final = re.compile(
    r"(?:\+?1[-. ]?|001-)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-.])[2-9][0-9]{2}[-.][0-9]{4}"
    r"(?:x[0-9]{1,6})?\Z"
    r"|\+[1-9][0-9]{0,2}[ -]?[(]?[0-9][0-9() .-]{5,14}\Z|0[5789]0-?[0-9]{4}-?[0-9]{4}\Z"
)
_HONORIFIC: Final = re.compile(
    r"(?:mr|mrs|ms|miss|mx|dr|prof|sir|rev)\.?\Z|(?:様|さま|殿|先生|御中|氏)\Z", re.IGNORECASE
)
_REGION: Final = re.compile(r"[A-Z]{2}\Z")
_LOGIN: Final = re.compile(r"[^\s,]{2,64}\Z")
_NAMED_PHONE: Final = re.compile(r"\"[^\"]{1,60}\" ?<\+?[0-9]{3,15}>\Z")
_NAMED_MAIL: Final = re.compile(r"[^<>@]{0,60}<[^<>\s@]+@[^<>\s@]+>\Z")
_MASKED: Final = re.compile(r"\*{2,}|●{2,}|[Xx]{4,}[0-9]")
_MEMBER: Final = re.compile(r"\"([A-Za-z_ぁ-ん一-龥ァ-ヶー]{1,40})\"\s*:|<([A-Za-z_]{1,40})[ >]")
_LONGEST_DOCUMENT: Final = 4_000
_MAILS: Final = re.compile(
    r"[^\s@;,]{1,64}@[^\s@;,]{3,200}(?:[;,、\s]+[^\s@;,]{1,64}@[^\s@;,]{3,200})+\Z"
)
_INSIDE: Final = re.compile(
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|(?<![0-9-])0[5789]0[- ]?[0-9]{4}[- ]?[0-9]{4}(?![0-9-])"
)
_TOKEN: Final = re.compile(
    r"[?&/;](?:borrower(?:number)?|patron|employee|emp|student|contact|person|uid|user|user_?id|member|member_?id|customer|customer_?id|cid|email|mail|account"
    r"|profile|users|members|customers|patients?)[=/][A-Za-z0-9@._%-]+",
    re.IGNORECASE,
)
_CALLED_AT: Final = re.compile(
    r"(?<=[^0-9 ])[ :/,、]{1,3}[+(]?[0-9][0-9 ().\-]{8,}\Z"
)  # with number
_MOST_DIGITS: Final = 4  # of a nickname
_CARD: Final = 12  # figures and stars of a payment card; a library's has fewer
_LONG_CODE: Final = 7  # figures
_LONGEST: Final = 60  # signs of a name
_LONGEST_PLACE: Final = 200


def _name(text: str) -> bool:
    return (
        len(text) <= _LONGEST
        and _LETTERS.search(text) is not None
        and len(_DIGITS.findall(text)) <= _MOST_DIGITS
        and not _NUMBER_SIGN.match(text)
        and (_TITLED.search(text) is not None or not _ORGANISATION.search(text))
        and not _URL.match(text)
    )


def _place(text: str) -> bool:
    return _PLACE.search(text) is not None


def _card(text: str) -> bool:
    return len(_CARD_DIGITS.findall(text)) >= _CARD


_FORMS: Final[Mapping[Entity, Callable[[str], object]]] = {
    Entity.PERSON: _name,
    Entity.ADDRESS: _place,
    Entity.PHONE: _PHONE.match,
    Entity.BIRTH_DATE: _BIRTH.match,
    Entity.POSTAL_CODE: _POSTAL.match,
    Entity.EMAIL: re.compile("@").search,
    Entity.CREDIT_CARD: _card,
    Entity.IP_ADDRESS: _IP.search,
    Entity.SNS_ACCOUNT: _HANDLE.match,
}  # any other kind has the form of a number


@lru_cache(maxsize=8_192)
def may_be(entity: Entity, value: str) -> bool:
    """Whether the value does not contradict a column whose name announces this entity."""
    text = shadow_of(_ASIDE.sub("", value.strip()).strip() or value.strip())
    if entity is Entity.PERSON:
        text = _CALLED_AT.sub("", text)
    if not text or len(text) > _LONGEST_PLACE or _STATES.match(text):
        return False
    if entity not in {Entity.BIRTH_DATE, Entity.PHONE} and _DATE.match(text):
        return False
    return bool(_FORMS.get(entity, _ID.match)(text))


def is_state(value: str) -> bool:
    """有, 済, true: a value of a handful that no person tells apart."""
    return _STATES.match(shadow_of(value.strip())) is not None


def is_code(value: str) -> bool:
    """A number or code by which something is told apart."""
    text = shadow_of(value.strip())
    return _CODE.match(text) is not None and _DATE.match(text) is None


def is_amount(value: str) -> bool:
    """Money, a share or a measure: with a sign, a unit, a point or parted thousands."""
    return _AMOUNT.match(shadow_of(value.strip())) is not None


def is_date(value: str) -> bool:
    """A day, in Western years or 令和 and 平成."""
    return _DATE.match(shadow_of(value.strip())) is not None


def is_long_code(value: str) -> bool:
    """A number of seven figures and more: no count and no amount."""
    return is_code(value) and len(_DIGITS.findall(value)) >= _LONG_CODE


def is_organisation(value: str) -> bool:
    """Whether the value names a company or an office."""
    return _ORGANISATION.search(shadow_of(value)) is not None


def points(value: str) -> bool:
    """A number plate, or a link that carries somebody's number: ?uid=48213, /users/48213."""
    text = shadow_of(value.strip())
    return any(form.search(text) is not None for form in (_PLATE, _TOKEN, _AGENT, _MAPPED))


def is_spot(value: str) -> bool:
    """A place on the map: 35.6581,139.7414."""
    return _SPOT.match(shadow_of(value.strip())) is not None


def holds_contact(value: str) -> bool:
    """An e-mail address or a mobile number anywhere within."""
    return _INSIDE.search(shadow_of(value)) is not None


def is_named_mail(value: str) -> bool:
    """An address behind its owner: Anna <anna@example.com>."""
    return _NAMED_MAIL.match(shadow_of(value.strip())) is not None


def is_masked(value: str) -> bool:
    """A value of which the greater part was made unreadable: 山本＊＊, **** **** **** 0783."""
    return _MASKED.search(shadow_of(value)) is not None


def keys_of(value: str) -> tuple[str, ...]:
    """Names of the members of a value in JSON or XML; none for any other value."""
    text = value.strip()
    if not text.startswith(("{", "[{", "<")):
        return ()
    return tuple(found[0] or found[1] for found in _MEMBER.findall(text[:_LONGEST_DOCUMENT]))


def is_mail_list(value: str) -> bool:
    """Several addresses in one cell, as copies of a mail go to."""
    return _MAILS.match(shadow_of(value.strip())) is not None


def is_called(value: str) -> bool:
    """A telephone number that nothing else looks like: +81 90 1234 5678, 090-1234-5678."""
    return _UNMISTAKEN.match(shadow_of(value.strip())) is not None


def is_honorific(value: str) -> bool:
    """Mr., 様: of a column that says how its persons are addressed."""
    return _HONORIFIC.match(shadow_of(value.strip())) is not None


def is_region(value: str) -> bool:
    """Two letters of a state: TX."""
    return _REGION.match(value.strip()) is not None


def is_login(value: str) -> bool:
    """One word, as accounts have; a company's name has more."""
    return _LOGIN.match(value.strip()) is not None


def is_named_phone(value: str) -> bool:
    """A number behind its owner, as telephone exchanges write: "Anna L" <2025550143>."""
    return _NAMED_PHONE.match(value.strip()) is not None
