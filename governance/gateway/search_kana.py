"""Everything that a search finds, in the order of its kana, where that is at most two thousand.

No index tells the order of names, so each kana that the searcher may see is opened and compared.
Whoever's kana is not shown in clear stands behind the others: the order may tell nothing of it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from governance.core.fifty_sounds import unvoiced
from governance.core.terms import FieldId, Treatment
from governance.customers.normalise.kana import kana_key
from governance.gateway.search_entities import rows_shown
from governance.keys.vault import Reading

if TYPE_CHECKING:
    from governance.gateway.search_pages import Found, Search

KANA_MOST: Final = 2_000  # hits; more are listed by id, with a hint to narrow
KANA_LOOKED: Final = 4_000  # rows that are opened to find them
NOWHERE: Final = ("", "")


def by_kana(
    tx: Connection, one: "Search", found: "Sequence[Found]", keys: Reading
) -> "list[Found]":
    """The hits as their kana order them; of equal ones the newer first."""
    column = FieldId(f"{one.request.register.table}.kana")
    seen = [hit.row for hit in found if _in_clear(one, hit, column)]
    rows = rows_shown(tx, one.request.register, seen, (column,)) if seen else {}
    sealed = [(row, {column: cell}) for row in seen if (cell := rows[row].sealed.get(column))]
    opened = keys.open_rows(sealed)
    told = {
        row: (unvoiced(key), key)
        for (row, _), values in zip(sealed, opened, strict=True)
        if (key := kana_key(str(values[column].value)))
    }
    return sorted(found, key=lambda hit: (hit.row not in told, told.get(hit.row, NOWHERE)))


def _in_clear(one: "Search", hit: "Found", column: FieldId) -> bool:
    """Whether this searcher sees the kana of this hit as it is."""
    decisions = one.decisions
    if decisions is None or column not in decisions.shown or hit.subject not in hit.gates:
        return False  # fails closed: an order would tell what is not shown
    said = decisions.of_shown(hit.subject, hit.gates[hit.subject].said)[column]
    return said.treatment is Treatment.CLEAR
