"""Facts of the pages of scans, in words: the same as the report's files hold."""

from dataclasses import dataclass

from governance.core.terms import Lang
from governance.discovery.report import heads, row_of, summary
from governance.discovery.types import ScanReport
from governance.i18n.catalogue import text
from governance.ui.parts import Column, Term

OF_PLACE = 2  # the first cells of a row name its place and kind
ROWS = 5  # the cell that is the same in every row of a place


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceShown:
    """A table or text with its columns, as the page shows them."""

    id: str
    name: str
    facts: str
    columns: tuple[Column, ...]
    rows: tuple[dict[str, str], ...]
    special_care: bool
    proposal: str


def summary_terms(report: ScanReport, lang: Lang) -> tuple[Term, ...]:
    """What a reader must know of the scan as a whole."""
    return tuple(Term(term=name, text=value) for name, value in summary(report, lang))


def places_shown(report: ScanReport, lang: Lang) -> tuple[PlaceShown, ...]:
    """Every place with its columns; what is the same for all of them stands above the table."""
    names = heads(lang)
    keys = [number for number in range(OF_PLACE, len(names)) if number != ROWS]
    columns = tuple(Column(key=str(number), label=names[number]) for number in keys)
    found = []
    for order, place in enumerate(report.places):
        cells = [row_of(place, column, lang) for column in place.columns]
        found.append(
            PlaceShown(
                id=f"place-{order}",
                name=place.name,
                facts=text(
                    "console.scans.place_facts",
                    lang,
                    kind=text(f"discovery.kind.{place.kind}", lang),
                    rows=f"{place.rows:,}",
                    sampled=f"{place.sampled:,}",
                ),
                columns=columns,
                rows=tuple({str(number): row[number] for number in keys} for row in cells),
                special_care=any(column.special_care for column in place.columns),
                proposal=place.proposal,
            )
        )
    return tuple(found)
