"""Where a name begins and ends: the longest best reading before or after a place in the text."""

import re
from typing import Final

from governance.pii.document import Document
from governance.pii.names import HALF, HIRA, KANJI, KATA, LATIN, Name, name_of, surname
from governance.pii.types import Entity, Reason, Role, Span

CHARS: Final = rf"{KANJI}{KATA}{HIRA}ヶケ"
_RUN_BACK: Final = re.compile(  # read from its end
    rf"[{LATIN}'’.\-]+(?:[ 　][{LATIN}'’.\-]+){{0,3}}|[{HALF}]+(?:[ 　][{HALF}]+)?"
    rf"|(?:[{CHARS}]+[ 　])?[{CHARS}・＝]+"
)
NAME_AHEAD: Final = re.compile(
    rf"[{LATIN}][{LATIN}'’.\-]*(?:,? [{LATIN}'’.\-]+){{0,3}}"
    rf"|[{HALF}]+(?:[ 　][{HALF}]++(?![:：]))?"
    rf"|[{KATA}]+(?:[・＝][{KATA}]+)*(?:[ 　][{KATA}]++(?![:：]))?"
    rf"|[{CHARS}]+(?:[ 　][{CHARS}]++(?![:：]))?"
)
AFTER_NAME: Final = re.compile(
    r"[ 　]?(?:さん|様|さま|ちゃん|くん|君|氏|が|は|も|に|を|と|の|へ"
    r"|で|より|から|宛|、|。|，|,|\(|（|\)|）|:|：|/|／|\n|→|$|です"
    r"|でした|名義|だ|まで)"
)
ORG_AFTER: Final = re.compile(
    r"[ 　]?(?:株式会社|有限会社|合同会社|㈱|㈲|（株）|\(株\)|社(?![長員])"
    r"|銀行|商事|商店|商会|製作所|工業|建設|不動産|産業|物産|電機|電気"
    r"|製薬|薬局"
    r"|病院|医院|クリニック|歯科|大学|高校|小学校|中学校|学園|店|屋"
    r"|園|堂|亭|庵|寺|神社|教会|ホテル|旅館|運輸|運送|交通|航空|鉄道"
    r"|通信|印刷|出版"
    r"|新聞|放送|食品|酒造|醸造|農園|牧場|水産|化学|金属|機械|自動車"
    r"|モータース|設計|事務所|組(?!み)|システム|サービス|グループ|ホールディングス|駅"
    r"|市|区|町|村|県|府|郡"
    r"|川(?![ 　])|山(?![ 　])|島|橋|通り|線|空港|城|公園|センター|ビル"
    r"|式|風|流|型|版|戦|杯|賞|法|株)"
)
TRADE: Final = re.compile(  # 近藤塗装, 長沢建具: a trade ends the word itself
    r"(?<=..)(?:塗装|建具|硝子|左官|板金|石材|畳店|酒店|商店|金物|造園|造船|内装|電器|電設|鉄工|工務店"
    r"|青果|鮮魚|精肉|呉服店|写真館|理容|漢方|製薬|製作所|精機|重機|会計|土木|建築|瓦店|米店|茶舗|書店"
    r"|物産|温泉|ガス|組合|不動産|農園|牧場)$"
)
ORG_BEFORE: Final = re.compile(
    r"(?:株式会社|有限会社|合同会社|㈱|㈲|（株）|\(株\)|医療法人|学校法人|宗教法人)[ 　]?$"
)
_LATIN_AHEAD: Final = re.compile(
    rf"[A-ZÀ-ÖØ-Þ][{LATIN}'’.\-]*"
    rf"(?:,? (?:van |von |de )?[A-ZÀ-ÖØ-Þ][{LATIN}'’.\-]*){{1,2}}"
)
# 大友 済, 千田　未: what became of somebody, at the end of a line or cell
_STATE: Final = re.compile(r"[ 　]+(?:済み?|未|欠|否|休)(?=[\s、。，,/／（()）]|$)")
_LAST_OF_STATE: Final = frozenset("済み未欠否休")
_MAX_RUN: Final = 16
_LONGEST_GIVEN: Final = 3


def span_of(start: int, end: int, score: float, reason: Reason, role: Role = Role.UNKNOWN) -> Span:
    """A PERSON span."""
    return Span(start=start, end=end, entity=Entity.PERSON, score=score, reason=reason, role=role)


def without_state(text: str, start: int, end: int) -> int:
    """End of the name without the word for what became of it."""
    if text[end - 1 : end] not in _LAST_OF_STATE:
        return end
    for size in (4, 3, 2):
        at = end - size
        if at > start and (found := _STATE.match(text, at)) and found.end() == end:
            return at
    return end


def run_before(text: str, end: int, *, within: int) -> str:
    """The longest run of signs of names that ends here, over one space or more; or nothing."""
    window = text[max(0, end - within) : end]
    found = _RUN_BACK.match(window[::-1])
    return window[-found.end() :] if found else ""


def suffix_name(document: Document, run: str, end: int, *, weak: bool) -> tuple[int, Name] | None:
    """Start and kind of the best name that ends the run; it begins at a word or at the run."""
    size = len(run)
    best: tuple[int, Name] | None = None
    for begin in range(max(0, size - _MAX_RUN), size):
        text = run[begin:]
        if text[0] in " 　・＝ー":
            continue
        start = end - (size - begin)
        if begin and start not in document.starts and run[begin - 1] not in " 　・":
            continue
        kind = name_of(text)
        if kind is Name.NO or (weak and kind == Name.GIVEN and len(text) == 1):
            continue
        if kind >= Name.FULL or (kind is Name.LIKELY and not re.match(rf"[{HIRA}]", text)):
            return start, kind
        if best is None or (kind > best[1] and kind >= Name.LIKELY):
            best = start, kind
    return _joined(document, run, end, best) if best else None


def _joined(document: Document, run: str, end: int, best: tuple[int, Name]) -> tuple[int, Name]:
    """A given name with the surname that stands right before it, the two unknown as a pair."""
    begin = len(run) - (end - best[0])
    if best[1] is not Name.GIVEN or end - best[0] > _LONGEST_GIVEN:
        return best
    for size in range(min(4, begin), 1, -1):
        start = best[0] - size
        if surname(run[begin - size : begin]) and (begin == size or start in document.starts):
            return start, Name.LIKELY
    return best


def prefix_name(document: Document, start: int, *, strong: bool) -> tuple[int, Name] | None:
    """End and kind of the best name that begins here and ends where a word does."""
    found = NAME_AHEAD.match(document.text, start)
    if found is None:
        return None
    run = found.group()
    if re.match(rf"[{LATIN}]", run):
        latin = _LATIN_AHEAD.match(run)
        return (start + len(latin.group().rstrip(".,-")), Name.FOREIGN) if latin else None
    best: tuple[int, Name] | None = None
    for size in range(min(len(run), _MAX_RUN), 0, -1):
        text = run[:size]
        if text[-1] in " 　・＝":
            continue
        end = start + size
        whole = size == len(run) or run[size] in " 　"
        if not whole and end not in document.ends and not AFTER_NAME.match(document.text, end):
            continue
        kind = name_of(text)
        if kind >= Name.LIKELY:
            return end, kind
        if (
            kind is not Name.NO
            and best is None
            and (strong or AFTER_NAME.match(document.text, end))
        ):
            best = end, kind
    return best
