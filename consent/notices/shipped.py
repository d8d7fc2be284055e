"""The shipped notices: versions, texts and hashes, published into an empty installation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection

from consent import ledger
from consent.notices import store
from consent.notices.types import Edition, Transfer, history_line, joined, text_hash
from consent.types import ChangeClass, NoticeVersion
from governance.core.terms import Lang, NoticeId, PurposeId
from governance.core.yamls import read_yaml
from policies.types import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedText:
    """One version with the words that people saw, and the edition behind it."""

    version: NoticeVersion
    edition: Edition
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
    lines: dict[Lang, list[str]] = {lang: [] for lang in Lang}
    title, body = Label(**notice["title"]), Label(**notice["body"])
    for order, entry in enumerate(notice["versions"], 1):
        edition = _edition(name, notice, entry, before=found[-1].edition if found else None)
        for lang, history in lines.items():
            history.append(
                history_line(edition.version, edition.effective_on, edition.summary, lang)
            )
        ja, en = (
            joined([title[lang], body[lang], "\n".join(lines[lang])]) for lang in (Lang.JA, Lang.EN)
        )
        version = NoticeVersion(
            notice=edition.notice,
            version=edition.version,
            published_on=edition.effective_on,
            change=edition.change,
            text_hash=text_hash(ja, en),
            order=order,
        )
        found.append(PublishedText(version=version, edition=edition, ja=ja, en=en))
    return found


def _edition(
    name: str, notice: Mapping[str, Any], entry: Mapping[str, Any], *, before: Edition | None
) -> Edition:
    return Edition(
        notice=NoticeId(name),
        version=str(entry["version"]),
        effective_on=date.fromisoformat(str(entry["published_on"])),
        change=ChangeClass(entry["change"]),
        title=Label(**notice["title"]),
        body=Label(**notice["body"]),
        summary=Label(ja=entry["ja"], en=entry["en"]),
        predecessor=before.version if before else None,
        purposes=tuple(map(PurposeId, entry.get("purposes", ()))),
        relatedness=_maybe(entry.get("relatedness")),
        recipient=_maybe(entry.get("recipient")),
        transfers=tuple(_transfer(one) for one in notice.get("transfers", ())),
    )


def _transfer(one: Mapping[str, Any]) -> Transfer:
    return Transfer(
        recipient=Label(**one["recipient"]),
        country=one["country"],
        country_name=Label(**one["country_name"]),
        system=Label(**one["system"]),
        measures=Label(**one["measures"]),
    )


def _maybe(shape: Mapping[str, str] | None) -> Label | None:
    return None if shape is None else Label(**shape)


def publish_shipped(tx: Connection) -> int:
    """How many shipped versions the installation now has; a published one is never changed."""
    for item in shipped():
        ledger.publish_notice(tx, item.version, text_ja=item.ja, text_en=item.en)
        day = datetime.combine(item.edition.effective_on, time(), UTC)
        store.put_shipped(tx, [item.edition], at=day)
    return len(shipped())
