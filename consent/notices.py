"""The shipped notices: versions, texts and hashes, published into an empty installation."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection

from consent import ledger
from consent.types import ChangeClass, NoticeVersion
from governance.core.terms import NoticeId
from governance.core.yamls import read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedText:
    """One version with the words that people saw."""

    version: NoticeVersion
    ja: str
    en: str


@cache
def shipped() -> tuple[PublishedText, ...]:
    """Every version of every shipped notice, oldest first."""
    text = files("consent.data").joinpath("notices.yaml").read_text("utf-8")
    notices: Mapping[str, Mapping[str, Any]] = read_yaml(text)["notices"]
    return tuple(item for name, notice in notices.items() for item in _versions(name, notice))


def _versions(name: str, notice: Mapping[str, Any]) -> Sequence[PublishedText]:
    found: list[PublishedText] = []
    history: dict[str, list[str]] = {"ja": [], "en": []}
    for order, entry in enumerate(notice["versions"], 1):
        for lang in ("ja", "en"):
            history[lang].append(f"{entry['version']} ({entry['published_on']}): {entry[lang]}")
        texts = {
            lang: "\n\n".join(
                [notice["title"][lang], notice["body"][lang], "\n".join(history[lang])]
            )
            for lang in ("ja", "en")
        }
        version = NoticeVersion(
            notice=NoticeId(name),
            version=str(entry["version"]),
            published_on=date.fromisoformat(str(entry["published_on"])),
            change=ChangeClass(entry["change"]),
            text_hash=text_hash(texts["ja"], texts["en"]),
            order=order,
        )
        found.append(PublishedText(version=version, ja=texts["ja"], en=texts["en"]))
    return found


def text_hash(ja: str, en: str) -> str:
    """SHA-256 over both texts, each with its length before it."""
    found = hashlib.sha256()
    for text in (ja.encode(), en.encode()):
        found.update(len(text).to_bytes(4, "big") + text)
    return found.hexdigest()


def publish_shipped(tx: Connection) -> int:
    """How many shipped versions the installation now has; a published one is never changed."""
    for item in shipped():
        ledger.publish_notice(tx, item.version, text_ja=item.ja, text_en=item.en)
    return len(shipped())
