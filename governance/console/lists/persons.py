"""The list of who was found: the gate finds, orders and pages; no word is in its address.

Its rows come from a search that the page made (governance/console/person_search_pages.py). It has
saved views, columns and sizes, but no filter; its files, of everybody or of the chosen ones, are
made elsewhere than those of every list, because the gate asks for a right of its own before persons
leave (governance/console/person_file_pages.py). Who has it chooses rows, nobody else.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from governance.console.lists.source import Asked, Source
from governance.console.person_results import Cell as Shown
from governance.console.person_results import HitLine
from governance.core.terms import FieldId, Lang
from governance.i18n.catalogue import text
from governance.ui.lists.types import SIZES, Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

FOUND: Final = "/console/persons/found"
KANA: Final = "name"  # the column that orders by the readings
DECLARED: Final = ListOf(
    id="persons",
    path=FOUND,
    title="persons.results",
    keeps=("search",),
    cursor=True,
    dated=False,
    sizes=SIZES[:-1],  # the gate shows a hundred persons at once
    seeks=False,
    selects=False,
    has_files=False,
    none="persons.nobody",
    none_text="persons.nobody_text",
    columns=(
        ListColumn(
            key=KANA, label="persons.column.name", kind=Kind.NAME, back=False, personal=True
        ),
        ListColumn(key="number", label="persons.column.number", sorts=False, personal=True),
        ListColumn(key="phone", label="persons.column.phone", sorts=False, personal=True),
        ListColumn(key="email", label="persons.column.email", sorts=False, personal=True),
        ListColumn(
            key="post", label="persons.column.post", sorts=False, personal=True, shown=False
        ),
        ListColumn(key="address", label="persons.column.address", sorts=False, personal=True),
        ListColumn(key="why", label="persons.column.why", sorts=False),
    ),
)


FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        KANA: ("name", "kana"),
        "number": ("customer_id",),
        "phone": ("mobile", "phone"),
        "email": ("email",),
        "post": ("postal_code",),
        "address": ("address",),
        "why": (),
    }
)  # what of a person each column shows


def fields_of(columns: Iterable[ListColumn]) -> tuple[FieldId, ...]:
    """The fields of the register that these columns show."""
    names = dict.fromkeys(name for one in columns for name in FIELDS[one.key])
    return tuple(FieldId(f"person.{name}") for name in names)


def _nobody(tx: Connection, asked: Asked) -> Found:  # noqa: ARG001 # the shape of every source
    return Found(rows=())  # fails closed: without a search nobody is shown


PERSONS_FOUND: Final = Source(declared=DECLARED, any_of=(Action.PERSON_SEARCH,), rows=_nobody)


def person_row(line: HitLine, lang: Lang) -> Row:
    """One person who was found, as far as the reader may know."""
    name, kana = line.cells["name"], line.cells["kana"]
    called = line.subject[:8] + "…" if name.withheld or not name.value else name.value
    return Row(
        key=line.subject,
        cells={
            KANA: Cell(value=called, href=line.href, note=kana.value, under=True),
            "number": _cell(line.cells["customer_id"], lang, whole=True),
            "phone": _cell(line.phones[0], lang, whole=True) if line.phones else Cell(),
            "email": _cell(line.cells["email"], lang),
            "post": _cell(line.cells["postal_code"], lang),
            "address": _cell(line.cells["address"], lang),
            "why": Cell(value=line.why),
        },
    )


def _cell(one: Shown, lang: Lang, *, whole: bool = False) -> Cell:
    if one.withheld:
        return Cell(value=text("ui.treatment.not_shown", lang), tone="withheld")
    return Cell(value=one.value or None, whole=whole)
