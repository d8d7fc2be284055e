"""Names of persons by word classes: surname and given name side by side, or a surname that acts."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.names import KANJI, Name, given_name, name_of, surname
from governance.pii.places import matches
from governance.pii.sudachi import Token, Word, Words, senses
from governance.pii.types import Entity, Reason, Role, Span

_NAMES: Final = frozenset({Word.SURNAME, Word.GIVEN, Word.PERSON})
_ORG_WORDS: Final = re.compile(
    r"(?:株式会社|有限会社|合同会社|会社|社(?![長員])|銀行|信用金庫"
    r"|商事|商店|商会|製作所|工業|工務店|建設|不動産|産業|物産|電機"
    r"|電気|製薬|薬局|病院|医院|クリニック"
    r"|歯科|大学|高校|学園|店|屋|園|堂|亭|寺|神社|教会|ホテル|旅館|運輸"
    r"|運送|印刷|新聞|食品|酒造|農園|牧場|設計|事務所|グループ|ホールディングス"
    r"|駅|市|区|町|村|県|府"
    r"|郡|文具|書店|家具|眼科|内科|整形|美容|カメラ|ガス|電力|生命|損保"
    r"|保険|証券|川|山|島|橋|通り?|線|空港|城|公園|センター|システム|サービス|介護|ビル|杯"
    r"|賞|時代|朝|式|流|城|湖|湾|岳)"
)
_AFTER_OK: Final = re.compile(
    r"(?:対応|担当|欠(?![一-龥])|早退|遅刻|訪問|出勤|休(?:み|暇)|直行"
    r"|直帰|宛|記$|談|処理|受付|不在|本人|家(?:の|に|へ|$)|宅"
    r"|邸|名義|対処|返信|架電|折返|了承|承認|確認済|記入|作成|夫妻|姓"
    r"|両名|ら(?:が|は))"
)
_ACTS: Final = re.compile(
    r"(?:が|は|より|から|へ|に|と|も|にて|まで|宛に)(?![ぁ-ん]{0,1}(?:ある"
    r"|着(?!任)|行|向かう|旅行))[^。\n]{0,20}?"
    r"(?:対応|依頼|処理|確認|架電|訪問|会話|受付|連絡|転送|指示|返信"
    r"|送付|回答|説明|報告|担当|案内|手配|共有|引き?継|転記|申し|電話"
    r"|来社|来店|話|伝え|渡|預か|同席|面談"
    r"|相談|打ち?合わせ|挨拶|謝罪|お詫び|訪ね|伺|承認|決裁|作成|記入"
    r"|入力|登録|受領|受け|送|聞|言|退職|異動|着任|就任|赴任|入社|欠勤"
    r"|同行|代行|引き?取|調査|休|出席|欠席|参加|戻|折り?返"
    r"|チェック|検討|お願い|頼|任|エスカ|交代|代わ)"
)
_LEAD: Final = re.compile(
    r"(?:担当(?:者)?の?|弊社の?|当社の?|自社の?|営業(?:部|課|担当)?の?"
    r"|[部課係室店局]の|会社の|支店の|センターの|窓口の|受付の|上司の|上長の?"
    r"|部下の|同僚の|代表の?|責任者の?|社長の?|主任の?"
    r"|事務の|経理の|総務の|人事の|法務の|技術の|サポートの|銀行の|不動産の"
    r"|株式会社[^\s、。]{1,12}の|申しますのは|弊職|私、|私は|わたくし"
    r"|(?:配達|警備|作業|乗務|添乗|販売|検針|集金|審査|調査|相談|支援|指導|介護|[^委満定役]議|[店職係局部団]"
    r"|児童委|民生委)員の?|ドライバーの?|運転手の?|合図者|講師の?|司会の?|通訳の?|飼い主の?|施主の?|喪主の?"
    r"|大家の?|家主の?|職長の?|班長の?|所長の?|監督の?|議員の?"
    r"|名前は|前任の?|後任の?|新人の|店長の?|と申します|[ァ-ヶー]{2,}の)"
    r"[ 　]?$"
)
_LEADS: Final = frozenset(
    "当者の社業部課は職、し任長す表員ー手師会訳主家督"
)  # signs that each of them ends with
_SELF_SURE: Final = re.compile(
    r"(?:と申し|っていう|っていい|って言|という者|ですけど|ですが|と言いま|といいま|でございます)"
)
_OWN: Final = re.compile(
    r"(?:の(?:妻|夫|母|父|娘|息子|家族|代理|家内|主人|長男|長女|対応"
    r"|態度|説明|接客|件(?:で|は|に))|[」』]?名義|[」』]?(?:様方|あて))"
)
_SELF_AFTER: Final = re.compile(r"(?:と申し|です|でございます|だけど|ですが|と言い|といい|でした)")
_LINE_HEAD: Final = re.compile(r"(?:^|[\n。、：:／/→＞>・（(】\]])[ 　]?$")
_DATE_HEAD: Final = re.compile(r"(?:[0-9０-９]|日|】|\))[ 　]$")
_BEFORE_GLUE: Final = re.compile(rf"[{KANJI}ァ-ヶーA-Za-z0-9０-９]$")
_PREFIX_OK: Final = re.compile(
    r"(?:担当|担当者|私|父|母|夫|妻|兄|弟|姉|妹|長男|長女|次男|次女"
    r"|息子|娘|孫|主人|代表|弊社|当社|友人|知人|故|元|現|旧姓|社員|主任"
    r"|部長|課長|社長|係長|氏名|名義|保護者|契約者|申込者|本人|受付"
    r"|宛名|対応|上司|先生|教授|監督|選手|俳優|作家|画家|歌手|社|者|員|長|士|人)$"
)
_RENAMED: Final = re.compile(
    rf"([{KANJI}]{{1,4}})(?:から|→)([{KANJI}]{{1,4}})(?=(?:に|へ)(?:変更"
    rf"|改姓|変わ|なり|交代|引き?継))"
)
_OWNED: Final = re.compile(r"(?:株式会社|有限会社|合同会社|㈱|㈲|法人)[ 　]?$")
_PARTS: Final = 3
_IS_NAME: Final = tuple(word in _NAMES for word in Word)  # quicker to ask than a set of enums
_READ: Final = _NAMES | {Word.PLACE, Word.NOUN, Word.PROPER}  # that may be a part of a name
_COMMON: Final = frozenset({Word.NOUN, Word.SUFFIX})
_LONGEST: Final = 4  # signs of a word that may be a surname taken for something else
_ENDS_NAME: Final = frozenset({Word.SPACE, Word.SYMBOL, Word.SUFFIX, Word.PARTICLE})
_PAIR: Final = 2  # signs; a single one is too often a word


def _person(start: int, end: int, score: float, reason: Reason, role: Role = Role.UNKNOWN) -> Span:
    return Span(start=start, end=end, entity=Entity.PERSON, score=score, reason=reason, role=role)


def _glued(text: str, start: int) -> bool:
    """The name begins inside a compound that no person's title or kinship opens."""
    before = text[max(0, start - 6) : start]
    return bool(_BEFORE_GLUE.search(before)) and not _PREFIX_OK.search(before)


def _org(text: str, end: int) -> bool:
    return bool(_ORG_WORDS.match(text, end))


def _led(before: str) -> bool:
    """What stands before introduces a person."""
    end = before.removesuffix("\n")
    return (end[-2:-1] if end[-1:] in " 　" else end[-1:]) in _LEADS and (
        _LEAD.search(before) is not None
    )


def _run(tokens: Words, index: int) -> int:
    """Index after the last word of the name that begins here."""
    last = index + 1
    while last < len(tokens) and last - index < _PARTS and _IS_NAME[tokens.kind(last)]:
        if tokens.kind(last) is Word.SURNAME and tokens.kind(last - 1) is not Word.SURNAME:
            break
        last += 1
    return last


def _spaced_given(document: Document, tokens: Words, last: int) -> int:
    """Index after a given name that follows one space: 山田 太郎."""
    if last + 1 < len(tokens) and tokens.kind(last) is Word.SPACE:
        gap, following = tokens[last], tokens[last + 1]
        if (
            gap.end - gap.start == 1
            and following.word is Word.GIVEN
            and document.text[gap.start] != "\n"
        ):
            return last + 2
    return last


def _surname_alone(document: Document, token: Token) -> tuple[float, Role] | None:
    """Score of a surname without anything beside it: it must act, or be introduced."""
    text, name = document.text, document.text[token.start : token.end]
    after, before = text[token.end : token.end + 30], text[max(0, token.start - 18) : token.start]
    if _AFTER_OK.match(after):
        head = _LINE_HEAD.search(before) or before[-1:] in " 　" or _led(before)
        return (0.75, Role.STAFF) if head else None
    lead = _led(before)
    if not (lead or after[:1] in _FOLLOWS) or _org(text, token.end) or _glued(text, token.start):
        return None
    said = _introduced(name, before, after, lead=lead)
    return said or _acting(name, token, before, after)


def _introduced(name: str, before: str, after: str, *, lead: bool) -> tuple[float, Role] | None:
    """Score of a surname that somebody gives as a name: 弊社の森が, 古川です, 石原の妻."""
    if lead and _INTRODUCED.match(after):
        return 0.82, Role.STAFF
    if _SELF_SURE.match(after) and len(name) > 1:
        return 0.85, Role.SELF
    if _SELF_AFTER.match(after) and (lead or before[-1:] in "のはとたるん、。\n 　" or not before):
        return (0.8 if len(name) > 1 or lead or not before.strip() else 0.6), Role.SELF
    clear = not senses(name).place or before[-1:] in "「『\n。、" or not before
    return (0.75, Role.UNKNOWN) if _OWN.match(after) and len(name) > 1 and clear else None


def _acting(name: str, token: Token, before: str, after: str) -> tuple[float, Role] | None:
    """Score of a surname that does or gets something as a person does."""
    known = senses(name)
    doubtful = known.place or known.common or len(name) == 1
    if _ACTS.match(after):
        head = _LINE_HEAD.search(before) or _DATE_HEAD.search(before)
        sure = bool(head or before[-1:] in "をがはにと" or len(name) > 1 or _ORDERS.match(after))
        if not doubtful or (sure and _DOES.match(after) and not _PLACED.match(after)):
            return 0.72, Role.STAFF
    plain = token.word is Word.SURNAME and not doubtful
    if plain and _MARKED.match(after):
        return 0.55, Role.UNKNOWN
    return None


_FOLLOWS: Final = frozenset("がはよかへにとも、まのをでっだ宛名様あ」』")  # signs after a name
_INTRODUCED: Final = re.compile(r"[がはもをにへとでよかのだ、。，：:)）/／\s]|です|$")
_DOES: Final = re.compile("が|より|へ|は")
_MARKED: Final = re.compile("が|は|も|と|から|より|に|へ|の|を|、")
_PLACED: Final = re.compile(  # words after a doubtful surname that a place would take
    r"(?:へ|に|は|より|が)[^。\n]{0,6}(?:配送|発送|届|転居|引っ?越|出張|移動|旅行|輸送|在住)"
)
_BOTH: Final = re.compile(
    rf"([{KANJI}]{{1,4}})(?:と|、|・|＆|&)([{KANJI}]{{1,4}}?)(?=(?:で"
    rf"|が|の)(?:訪問|対応|同行|伺|面談|打|共有|作業|協議|[2２二両]名"
    rf"|相談|説明|同席)|の?(?:[2２二両]名|両名))"
)


# What _BOTH looks at after both names, and how far before it and before から and より a name begins
_TOGETHER: Final = re.compile(
    "[でがの2２二両](?:[2２二両名打伺]|訪問|対応|同行|面談|共有|作業|協議|相談|説明|同席)"
)
_BECOMES: Final = re.compile("から|→")
_SENDS: Final = re.compile("より")
_PAIRED: Final = range(9, 2, -1)
_ONE: Final = range(4, 0, -1)


def _starts(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    return (found.start() for found in pattern.finditer(text))


def _before(places: Iterable[int], distances: Iterable[int]) -> list[int]:
    """The places at these distances before any of the others, in order."""
    return sorted({at - by for at in places for by in distances if at >= by})


def _both(text: str) -> Iterator[re.Match[str]]:
    return matches(_BOTH, text, _before(_starts(_TOGETHER, text), _PAIRED))


def _renamed(text: str) -> Iterator[re.Match[str]]:
    return matches(_RENAMED, text, _before(_starts(_BECOMES, text), _ONE))


def _pairs(text: str) -> Iterator[Span]:
    """小林と福島で訪問: two surnames that act together."""
    for found in (*_both(text), *_renamed(text)):
        if surname(found.group(1)) and surname(found.group(2)):
            yield _person(found.start(1), found.end(1), 0.75, Reason.SURNAME, Role.STAFF)
            yield _person(found.start(2), found.end(2), 0.75, Reason.SURNAME, Role.STAFF)


_ORDERS: Final = re.compile(
    r"(?:へ|が|より)[^。\n]{0,5}(?:指示|依頼|転送|引き?継|架電|対応|処理|連絡)"
)


_FROM: Final = re.compile(
    rf"(?:^|(?<=[\n。】)）:： 　、]))([{KANJI}]{{1,4}})(?=より[^。\n]{{0,24}}"
    r"(?:連絡|依頼|電話|架電|報告|指示|転送|回答|謝罪|引き?継|返信|案内|説明|申し))"
)


def _sending(text: str) -> Iterator[re.Match[str]]:
    return matches(_FROM, text, _before(_starts(_SENDS, text), _ONE))


def _senders(text: str) -> Iterator[Span]:
    """東より連絡: a surname that Sudachi joins with the particle after it."""
    for found in _sending(text):
        if surname(found.group(1)):
            yield _person(found.start(1), found.end(1), 0.72, Reason.SURNAME, Role.STAFF)


def by_words(document: Document) -> Iterator[Span]:
    """Names by Sudachi's word classes, with organisations and places vetoed."""
    tokens, text = document.tokens, document.text
    index = 0
    for place in tokens.of_kinds(_READ):
        if place < index:
            continue
        start, end = tokens.starts[place], tokens.ends[place]
        if _IS_NAME[tokens.kind(place)]:
            index = place
            last = _spaced_given(document, tokens, _run(tokens, index))
            yield from _named(document, tokens, index, last)
            index = last
        elif end - start <= _LONGEST and surname(text[start:end]):
            yield from _other_class(document, tokens, place)
    yield from _kanji_runs(document, text)
    yield from _pairs(text)
    yield from _senders(text)


def _named(document: Document, tokens: Words, index: int, last: int) -> Iterator[Span]:
    text, start, end = document.text, tokens[index].start, tokens[last - 1].end
    if last - index == 1:
        token = tokens[index]
        if token.word is Word.SURNAME and (full := _with_given(document, tokens, index)):
            yield _person(start, full, 0.8, Reason.FULL_NAME)
        elif token.word is Word.SURNAME:
            if hit := _surname_alone(document, token):
                yield _person(start, end, hit[0], Reason.SURNAME, hit[1])
        elif (
            token.word is Word.PERSON
            and name_of(text[start:end]) >= Name.LIKELY
            and not _org(text, end)
        ):
            yield _person(start, end, 0.75, Reason.FULL_NAME)
        return
    if _org(text, end) or tokens[index].word is Word.GIVEN:
        return
    end = _given_rest(document, tokens, last, end)
    if not _glued(text, start) and not _OWNED.search(text[max(0, start - 6) : start]):
        yield _person(start, end, 0.86, Reason.FULL_NAME)


def _with_given(document: Document, tokens: Words, index: int) -> int | None:
    """End of a given name right after the surname, in one or two words Sudachi took otherwise."""
    start, end = tokens.starts[index], tokens.ends[index]
    if end - start < _PAIR:
        return None
    best, after = None, end
    for at in range(index + 1, min(index + 3, len(tokens))):
        token = tokens[at]
        if token.start != end or token.word in _ENDS_NAME:
            break
        end = token.end
        given = document.text[after:end]
        if len(given) >= _PAIR and given_name(given):
            best = end
    return best if best and not _org(document.text, best) else None


def _given_rest(document: Document, tokens: Words, last: int, end: int) -> int:
    """A given name that Sudachi cut in two keeps its last sign: 陽 翔 太, 花 子."""
    if last >= len(tokens) or tokens[last].start != end or tokens[last].end - end != 1:
        return end
    given = document.text[tokens[last - 1].start : tokens[last].end]
    usual = document.text[end] in "子美太郎介香奈代恵江也樹斗翔輔希菜音花"
    if given_name(given) or (usual and tokens[last].word is not Word.SUFFIX):
        return tokens[last].end
    return end


def _other_class(document: Document, tokens: Words, index: int) -> Iterator[Span]:
    """A surname that Sudachi took for a place or a common word; only strong context counts."""
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and following.word is Word.GIVEN and following.start == token.end:
        if not _org(document.text, following.end) and not _glued(document.text, token.start):
            yield _person(token.start, following.end, 0.84, Reason.FULL_NAME)
        return
    full = _with_given(document, tokens, index)
    if full is not None and not _glued(document.text, token.start):
        yield _person(token.start, full, 0.76, Reason.FULL_NAME)
        return
    hit = _surname_alone(document, token)
    if hit is not None and hit[0] >= 0.7:  # noqa: PLR2004
        yield _person(token.start, token.end, hit[0] - 0.05, Reason.SURNAME, hit[1])


_KANJI_RUN: Final = re.compile(
    rf"[{KANJI}](?<![{KANJI}ァ-ヶー][{KANJI}])[{KANJI}]{{2,6}}(?![{KANJI}])"
)


def _kanji_runs(document: Document, text: str) -> Iterator[Span]:
    """A run of kanji that reads as surname and given name although Sudachi cut it otherwise."""
    for found in _KANJI_RUN.finditer(text):
        run = found.group()
        if (
            name_of(run) is Name.FULL
            and not senses(run).known
            and not _org(text, found.end())
            and cut_badly(document, found.start(), found.end())
        ):
            yield _person(found.start(), found.end(), 0.7, Reason.FULL_NAME)


def cut_badly(document: Document, start: int, end: int) -> bool:
    """Sudachi saw single signs, names or unknown words here, not a compound of common words."""
    inside = document.tokens.within(start, end)
    plain = [t for t in inside if t.word in _COMMON and t.end - t.start > 1 and not t.unknown]
    return not plain and any(
        _IS_NAME[token.word] or token.end - token.start == 1 for token in inside
    )
