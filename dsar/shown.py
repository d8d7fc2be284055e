"""What a person was shown, by its title: notices and collection points in an answer's words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row

from consent import ledger
from consent.collecting.store import declared
from governance.core.terms import FieldId, Lang, NoticeId
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text

Titles = Mapping[tuple[str, str], str]  # notice and version -> its title in both languages
AT: Final = "@"  # between a notice and its version where something came in


def notice_titles(tx: Connection, named: Iterable[tuple[str | None, str | None]]) -> Titles:
    """The titles of these versions; one that is published no more has none."""
    found: dict[tuple[str, str], str] = {}
    for notice, version in set(named):
        if notice is None or version is None:
            continue
        told = [ledger.notice_text(tx, NoticeId(notice), version, lang) for lang in Lang]
        titles = [(one or "").partition("\n")[0].strip() for one in told]
        if all(titles):
            found[notice, version] = " / ".join(titles)
    return found


def collected_words(tx: Connection, row: Row[Any]) -> dict[str, str]:
    """Where data came in, what was shown and which items were written, as their names are."""
    point = declared(tx, row.point, row.point_version)
    shown = [tuple(one.partition(AT)[::2]) for one in row.notices.split(",") if one]
    titles = notice_titles(tx, shown)
    return {
        "point": f"{point.title.ja} / {point.title.en}" if point else row.point,
        "point_version": str(row.point_version),
        "shown_at": str(row.shown_at),
        "notices": "\n".join(_with_version(titles, *one) for one in shown),
        "items": "、".join(_item(one) for one in row.items.split(",") if one),
        "lang": " / ".join(text(f"dsar.collection.lang.{row.lang}", lang) for lang in Lang),
    }


def _with_version(titles: Titles, notice: str, version: str) -> str:
    japanese, _, english = titles.get((notice, version), f"{notice} / {notice}").partition(" / ")
    told = {Lang.JA: japanese, Lang.EN: english}
    return " / ".join(
        text("dsar.collection.notice", lang, title=told[lang], version=version) for lang in Lang
    )


def _item(name: str) -> str:
    """The item's name in both languages; one that the catalogue lost keeps its own."""
    known = catalogue().fields.get(FieldId(f"person.{name}"))
    return f"{known.label_ja} / {known.label_en}" if known else name
