"""Accounts on social networks: a handle after the network's name, or after 垢 and アカウント."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.types import Entity, Reason, Span

_NETWORK: Final = (
    r"(?:Twitter|ツイッター|Instagram|インスタ(?:グラム)?|Facebook|フェイスブック"
    r"|TikTok|YouTube|Threads|LINE|Line"
    r"|mixi|Bluesky|Mastodon|Discord|Skype|SNS|(?<![A-Za-z])X)"
)
_HANDLE: Final = re.compile(
    _NETWORK + r"[ の]?(?:の?(?:アカウント|ID|id|垢|DM))?(?:名)?[ :(は「]{0,3}"
    r"(@?[A-Za-z0-9_](?:[A-Za-z0-9_.]{1,28}[A-Za-z0-9_]))(?![A-Za-z0-9@_])"
)
_AT: Final = re.compile(r"(?<![A-Za-z0-9_.@/])@[A-Za-z0-9_]{3,30}(?![A-Za-z0-9_@]|\.[A-Za-z])")
_WORD: Final = re.compile(
    r"(?i:twitter|instagram|インスタ|ツイッター|sns|アカウント|垢|tiktok"
    r"|dm|フォロー|facebook|line|handle|account)"
)


def find(document: Document) -> Iterator[Span]:
    """Handles of the text that a network's name or the word account announces."""
    shadow = document.shadow
    for found in _HANDLE.finditer(shadow):
        handle = found.group(1)
        if handle.startswith("@") or re.search(r"[0-9_.]", handle):
            yield Span(start=found.start(1), end=found.end(1), entity=Entity.SNS_ACCOUNT,
                       score=0.85, reason=Reason.LABEL)  # fmt: skip
    if "@" in shadow and _WORD.search(shadow):
        for found in _AT.finditer(shadow):
            yield Span(start=found.start(), end=found.end(), entity=Entity.SNS_ACCOUNT,
                       score=0.75, reason=Reason.SHAPE)  # fmt: skip
