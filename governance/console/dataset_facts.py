"""What the pages of data sets show: which columns may stand in one and how, and the form's text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import yaml

from governance.core.terms import FieldId, Lang
from governance.customers.catalogue import CatalogueField, catalogue
from governance.http.numbers import number_in
from governance.i18n.catalogue import text
from governance.ui.parts import Choice
from policies.purposes import PurposeRecord
from retention.datasets.reading import SCHEMA
from retention.datasets.rules import checklist
from retention.datasets.types import DatasetKind, Item, K, Request, Way

WIDTHS: Final = (10, 1_000, 10_000)  # of bands that the form offers
LEFT_OUT: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What stands in the form."""

    name: str = ""
    kind: str = DatasetKind.ANONYMISED.value
    purpose: str = ""
    table: str = "person"
    expires_on: str = ""
    k: str = str(K)
    ways: Mapping[str, str]  # column -> way, or way and width


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One column with the ways that the standard allows it."""

    column: str
    label: str
    ways: tuple[Choice, ...]


def offered(
    table: str, kind: DatasetKind, purpose: PurposeRecord | None, lang: Lang
) -> tuple[Offered, ...]:
    """The columns of a table that serve the purpose and that some way brings to the standard."""
    found = []
    for entry in catalogue().table(table).fields:
        if purpose is not None and not catalogue().serves(entry.id, purpose.id):
            continue
        ways = tuple(_ways(entry, kind, lang))
        if ways:
            none = Choice(value=LEFT_OUT, label=text("console.datasets.left_out", lang))
            found.append(Offered(column=entry.column, label=entry.label(lang), ways=(none, *ways)))
    return tuple(found)


def _ways(entry: CatalogueField, kind: DatasetKind, lang: Lang) -> Sequence[Choice]:
    found = []
    for way in Way:
        widths: tuple[int | None, ...] = WIDTHS if way is Way.BAND else (None,)
        for width in widths:
            item = Item(field=entry.id, way=way, width=width)
            if all(point.met for point in checklist(_alone(item, entry, kind), catalogue().fields)):
                label = text(f"retention.dataset.way.{way.value}", lang)
                value = way.value if width is None else f"{way.value}:{width}"
                shown = label if width is None else f"{label} ({width:,})"
                found.append(Choice(value=value, label=shown))
    return found


def _alone(item: Item, entry: CatalogueField, kind: DatasetKind) -> Request:
    return Request(
        name="-",
        kind=kind,
        purpose="-",
        table=entry.table,
        items=(item,),
        expires_on=date.max,
        digest="",
        text="",
    )


def written(given: Given) -> str:
    """The form as a request; what is wrong in it, its reader tells."""
    items = []
    for column, value in given.ways.items():
        way, _, width = value.partition(":")
        if way:
            item: dict[str, object] = {"column": column, "way": way}
            wide = number_in(width)
            items.append(item | ({} if wide is None else {"width": wide}))
    return yaml.safe_dump(
        {
            "schema": SCHEMA,
            "name": given.name,
            "kind": given.kind,
            "purpose": given.purpose,
            "table": given.table,
            "expires_on": given.expires_on,
            "k": int(given.k) if given.k.isdecimal() and len(given.k) < K else given.k,
            "items": items,
        },
        allow_unicode=True,
        sort_keys=False,
    )


def labels_of(fields: Sequence[FieldId], lang: Lang) -> tuple[str, ...]:
    """What people call these columns."""
    known = catalogue().fields
    return tuple(
        known[name].label(lang) if name in known else name.partition(".")[2] for name in fields
    )
