"""Names after a label (氏名, 担当, 名義) or a word of kinship."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.names import HIRA, NO_NAME, Name
from governance.pii.recognisers.person_grammar import (
    AFTER_NAME,
    NAME_AHEAD,
    ORG_AFTER,
    prefix_name,
    span_of,
)
from governance.pii.sudachi import senses
from governance.pii.types import Reason, Role, Span

_LABEL: Final = re.compile(
    r"(?=[CFTおかごせふめカセフメヨ世代会作依保先出利参受口同名報契姓宛対届差当応患担新旧本来架欠氏注申発相"
    r"紹署被記読責購贈起送連配顧ﾌ])(?:(?:ご|お)?(?:氏名|名前|お客様名|契約者名?|申込者名?|申込人"
    r"|依頼者名?|注文者名?|購入者名?|会員名|顧客名|利用者名?|受取人名?"
    r"|名義人?|口座名義人?|カード名義|宛名|送付先氏名|届け?先氏名|担当者?名?"
    r"|記入者|報告者|対応者?|受付者?|起票者?|作成者|連絡者"
    r"|応対者|発信者|差出人|署名|代表者名?|代理人|保護者名?|世帯主|配偶者"
    r"|被保険者名?|患者名?|参加者?|メンバー|出席者?|欠席者?|同席者?|紹介者|責任者"
    r"|架電者|受電者|お電話口|来店者|送り主|贈り主|ご依頼主|お届け先"
    r"|先方|From|To|Cc|CC|お客様|お客さま|記名|本人|当事者|相手方?)"
    r"(?:の)?(?:氏名|お名前|名前|名義|名)?(?:（[^）]{0,6}）)?"
    r"|フリガナ|ふりがな|カナ|かな|ﾌﾘｶﾞﾅ|ヨミ|読み(?:仮名|がな|方)?"
    r"|姓名|(?<![一-龥ァ-ヶ])(?:姓|名|セイ|メイ|せい|めい)(?=[:：])"
    r"|旧姓|新姓|氏　名)"
    r"[ 　]*(?:[:：=＝｜|\t、]|は|が|の(?=[一-龥]{1,4}(?:から|さん|様"
    r"|で|です))|→|」|】|］|\])?[ 　]*[「『\"]?"
)
_NEEDS_SIGN: Final = re.compile(
    r"本人|相手|先方|お?客|記名|当事者|対応|受付|From|To|Cc|CC|カナ"
    r"|かな|読み|ヨミ|送り主|紹介|参加|出席|欠席|同席|署名|代理人|患者"
    r"|配偶者|世帯主|記入者|報告者|来店者|責任者"
)
_NEXT: Final = re.compile(
    r"(?:さん|様|氏|部長|課長|主任|係長|社長|先生)?(?:[（(][^）)\n]{0,10}[）)])?[ 　]?[、"
    r"・,，／/][ 　]?"
)
_LIST_GOES_ON: Final = re.compile(r"[、・,，／/。（(\n]|さん|様|氏|$|[ 　]|(?:が|は|も|で|の)")
_KIN: Final = re.compile(
    r"(?:長男|次男|二男|三男|長女|次女|二女|三女|息子|娘|夫|妻|主人"
    r"|旦那|家内|父親?|母親?|祖父|祖母|兄|弟|姉|妹|孫|甥|姪|叔父|叔母"
    r"|伯父|伯母"
    r"|従兄弟|いとこ|義父|義母|義兄|義姉|友人|友達|知人|同僚|上司|部下"
    r"|後輩|先輩|彼氏?|彼女|婚約者|元夫|元妻|子ども|子供|ルームメイト"
    r"|同居人"
    r"|保護者|後見人|ご子息|子息|令嬢|隣(?:人|家)?|お隣|大家|担任|主治医"
    r"|ヘルパー|ケアマネ(?:ージャー)?|民生委員|私|わたくし|わたし)"
    r"(?:さん|様|さま)?(?:の|、|・|である|：|:|=|\(|（|[ 　])?"
)


# Labels of whoever it may be: the person's own name is told by comparing, not by the label
_ANYBODY: Final = re.compile(
    r"代理人|紹介|同席|相手|先方|参加|メンバー|出席|欠席|当事者|送り主|贈り主|届け?先|送付先|宛名|差出人"
    r"|発信者|受取人|配偶者|保護者|世帯主|代表者|責任者|記入者|報告者|起票者|作成者|連絡者|応対者"
    r"|架電者|受電者|来店者|電話口|依頼主|From|To|Cc|CC"
)


def _role(label: str) -> Role:
    """Whom a label speaks of; no label of another person claims the name for the one who asks."""
    if "担当" in label or "対応" in label or "受付" in label:
        return Role.STAFF
    return Role.UNKNOWN if _ANYBODY.search(label) else Role.SELF


def by_label(document: Document) -> Iterator[Span]:
    """Names in a field or after a word that announces one."""
    text = document.text
    for found in _LABEL.finditer(text):
        word = found.group()
        start = found.end()
        bare = word[-1] not in ":：=＝はが→|｜\t 　」】］]"
        if bare and _NEEDS_SIGN.match(word):
            continue
        hit = prefix_name(document, start, strong=True)
        if hit is not None:
            end, kind = hit
            short = end - start == 1 and not AFTER_NAME.match(text, end)
            if bare and (kind is Name.GIVEN or short):
                continue
            if ORG_AFTER.match(text, end) and kind < Name.LIKELY:
                continue
            role = _role(word)
            score = 0.93 if kind >= Name.LIKELY else (0.7 if bare else 0.85)
            yield span_of(start, end, score, Reason.LABEL, role)
            if not bare:
                yield from listed(document, end, role, sure=True)
        elif not bare and re.search(
            r"氏名|名前|名義|フリガナ|ふりがな|カナ|姓|^名|セイ|メイ", word
        ):
            yield from _whole_value(document, start)


def listed(document: Document, end: int, role: Role, *, sure: bool) -> Iterator[Span]:
    """小松、児玉（欠）、石塚: further names of a list whose first one is known.

    Outside a labelled field (`sure` is false) a surname that is also a place does not count.
    """
    while found := _NEXT.match(document.text, end):
        hit = prefix_name(document, found.end(), strong=False)
        if hit is None or hit[1] < Name.SURNAME or ORG_AFTER.match(document.text, hit[0]):
            return
        known = senses(document.text[found.end() : hit[0]])
        if not sure and (
            (hit[1] is Name.SURNAME and (known.place or known.common))
            or not _LIST_GOES_ON.match(document.text, hit[0])
        ):
            return
        yield span_of(found.end(), hit[0], 0.8 if sure else 0.62, Reason.LABEL, role)
        end = hit[0]


def _whole_value(document: Document, start: int) -> Iterator[Span]:
    """The value of a name field when no grammar knows it: a short run up to the next sign."""
    found = NAME_AHEAD.match(document.text, start)
    if found is None:
        return
    value = found.group().strip()
    plain = value.replace(" ", "").replace("　", "")
    if (
        2 <= len(plain) <= 12  # noqa: PLR2004
        and plain not in NO_NAME
        and (document.text[start - 1] not in "はが" or not re.search(rf"[{HIRA}]", plain))
        and not re.search(
            r"[のをがはにへでと](?:[^ぁ-ん]|$)|です|ます|した|する|変更|会社|未|不明|なし", plain
        )
        and not senses(plain).common
        and re.match(r"[\s、。，,（(）)」/／]|$", document.text[start + len(value) :])
    ):
        yield span_of(start, start + len(value), 0.7, Reason.LABEL, Role.SELF)


def by_kinship(document: Document) -> Iterator[Span]:
    """Names after a word that says whose relative or friend it is."""
    text = document.text
    for found in _KIN.finditer(text):
        hit = prefix_name(document, found.end(), strong=False)
        if hit is None or not AFTER_NAME.match(text, hit[0]):
            continue
        end, kind = hit
        joined = found.group()[-1] not in "の、・：:=（( 　る"
        if kind < Name.LIKELY and (joined or not _given_ok(text[found.end() : end])):
            continue
        if ORG_AFTER.match(text, end) and kind < Name.FULL:
            continue
        role = Role.SELF if found.group()[0] in "私わ" else Role.THIRD
        yield span_of(found.end(), end, 0.9 if kind >= Name.LIKELY else 0.72, Reason.KINSHIP, role)


def _given_ok(name: str) -> bool:
    known = senses(name)
    if re.fullmatch(rf"[{HIRA}]+", name):
        return len(name) > 1 and not known.common
    return name not in NO_NAME and (not known.common or len(name) == 1 or known.given)
