"""What is published of anonymised data: its items, and how it is given (APPI 43(3), (4), 44)."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.terms import Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from retention.datasets.service import published

Line = tuple[str, str, str, date]  # name, items, how it is given, since


def anonymised(tx: Connection, lang: Lang) -> Iterator[Line]:
    """Every anonymised data set that was ever released, the newest first."""
    fields = catalogue().fields
    comma = text("portal.collect.comma", lang)
    for one in published(tx):
        items = comma.join(
            fields[name].label(lang) if name in fields else name.partition(".")[2]
            for name in one.fields
        )
        given = "given" if one.provisions else "not_given"
        since = one.released_at or one.made_at
        how = text(f"portal.notices.anonymised_{given}", lang)
        yield one.name, items, how, since.astimezone(JST).date()
