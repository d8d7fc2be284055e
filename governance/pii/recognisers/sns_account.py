"""Accounts on social networks: a handle after the network's name, or after 垢 and アカウント."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.lexicon import lines_at, lines_with
from governance.pii.types import Entity, Reason, Span

_LATIN: Final = (
    "Twitter|Instagram|Insta|insta|IG|Facebook|FB|TikTok|YouTube|Threads|LINE|Line|mixi|Bluesky"
    "|Mastodon|Discord|Skype|Telegram|WhatsApp|WeChat|KakaoTalk|SNS|X(?=[ :(はの@])"
)
_KANA: Final = (
    "ツイッター|インスタ(?:グラム)?|フェイスブック|ティックトック|ライン(?=の?ID)"
    "|カカオ(?:トーク)?|微信"
)
_NETWORK: Final = rf"(?:(?<![A-Za-z])(?:{_LATIN})|{_KANA})"
_NETWORKS: Final = re.compile(f"{_LATIN}|{_KANA}")
_NAME: Final = r"@?[A-Za-z0-9_](?:[A-Za-z0-9_.\-]{1,28}[A-Za-z0-9_])"
_STOP: Final = r"(?![A-Za-z0-9@_]|\.[A-Za-z])"
_HANDLE: Final = re.compile(
    _NETWORK + r"[ の]{0,3}(?:の?(?:アカウント|ID|id|垢|DM))?(?:名)?[ :(は「\-]{0,3}"
    rf"((?:live:)?{_NAME}){_STOP}"
)
# LINE教えてもらったよ　IDは mochi_88: the network, some words, ID and the handle
_ID: Final = re.compile(
    _NETWORK + r"[^。\n@]{0,20}?(?:ID|id|アカウント|垢|アカ|account|handle)[ :はが「]{0,4}"
    rf"({_NAME}){_STOP}"
)
_AT: Final = re.compile(
    r"@(?<![A-Za-z0-9_.@/]@)[A-Za-z0-9_](?:[A-Za-z0-9_.]{1,28}[A-Za-z0-9_])(?![A-Za-z0-9_@])"
)
_WORD: Final = re.compile(
    rf"{_NETWORK}|(?i:twitter|instagram|\binsta\b|facebook|tiktok|youtube|bluesky|mastodon|discord)"
    r"|アカウント|垢|フォロー|(?i:\bhandle\b|\baccount\b|\bdm\b)"
)
# One of these is such a word already; where none of the others stands either there is none
_SURE: Final = (
    "アカウント",
    "垢",
    "フォロー",
    "ツイッター",
    "インスタ",
    "フェイスブック",
    "カカオ",
)
_SURE_SMALL: Final = (
    "twitter", "instagram", "facebook", "tiktok", "youtube", "bluesky", "mastodon", "discord",
)  # fmt: skip
_PERHAPS: Final = (
    "IG", "FB", "Threads", "LINE", "Line", "mixi", "Skype", "Telegram", "WhatsApp", "WeChat",
    "KakaoTalk", "SNS", "X", "ティックトック", "ライン", "微信", "Insta", "insta",
)  # fmt: skip
_PERHAPS_SMALL: Final = ("insta", "handle", "account", "dm")
_EVERYBODY: Final = frozenset({"@channel", "@here", "@all", "@everyone", "@group"})
_MARKED: Final = re.compile(r"[0-9_.\-]")


def _of(found: re.Match[str], group: int, score: float, reason: Reason) -> Span:
    return Span(start=found.start(group), end=found.end(group), entity=Entity.SNS_ACCOUNT,
                score=score, reason=reason)  # fmt: skip


def _announced(document: Document) -> bool:
    """A network's name or the word account stands somewhere."""
    shadow, small = document.shadow, document.small
    if any(word in shadow for word in _SURE) or any(word in small for word in _SURE_SMALL):
        return True
    if any(word in small for word in _PERHAPS_SMALL):
        return _WORD.search(shadow) is not None
    return any(_WORD.search(shadow, *line) for line in lines_with(shadow, _PERHAPS))


def find(document: Document) -> Iterator[Span]:
    """Handles of the text that a network's name or the word account announces."""
    shadow = document.shadow
    if not document.has_latin:
        return
    lines = tuple(lines_at(shadow, (found.start() for found in _NETWORKS.finditer(shadow))))
    for pattern in (_HANDLE, _ID):
        for start, end in lines:
            for found in pattern.finditer(shadow, start, end):
                handle = found.group(1)
                if handle.startswith(("@", "live:")) or _MARKED.search(handle):
                    yield _of(found, 1, 0.85, Reason.LABEL)
    handles = [found for found in _AT.finditer(shadow) if found.group().lower() not in _EVERYBODY]
    if handles and _announced(document):
        yield from (_of(found, 0, 0.75, Reason.SHAPE) for found in handles)
