"""Everything that a search finds, in the order of its kana, where that is at most two thousand.

No index tells the order of names, so each kana that the searcher may see is opened and compared.
Whoever's kana is not shown in clear stands behind the others: the order may tell nothing of it.
"""

from collections.abc import Sequence
from typing import Final

from governance.core.fifty_sounds import unvoiced
from governance.core.terms import FieldId, Treatment
from governance.customers.normalise.kana import kana_key
from governance.gateway.search_looking import Found, Looked, Search
from governance.gateway.search_registers import Register
from governance.keys.vault import Reading

NOWHERE: Final = ("", "")


def reading_of(register: Register) -> FieldId:
    """The field that orders the rows of a register."""
    return FieldId(f"{register.table}.kana")


def by_kana(one: Search, found: Sequence[Found], looked: Looked, keys: Reading) -> list[Found]:
    """The hits as their kana order them; of equal ones the newer first.

    The kana was read beside what was compared; it is opened only where this searcher sees it.
    """
    column = reading_of(one.request.register)
    seen = [hit.row for hit in found if _in_clear(one, hit, column)]
    sealed = [(row, {column: cell}) for row in seen if (cell := looked.beside(row))]
    opened = keys.open_rows(sealed)
    told = {
        row: (unvoiced(key), key)
        for (row, _), values in zip(sealed, opened, strict=True)
        if (key := kana_key(str(values.reveal()[column])))
    }
    return sorted(found, key=lambda hit: (hit.row not in told, told.get(hit.row, NOWHERE)))


def _in_clear(one: Search, hit: Found, column: FieldId) -> bool:
    """Whether this searcher sees the kana of this hit as it is."""
    decisions = one.decisions
    if decisions is None or column not in decisions.shown or hit.subject not in hit.gates:
        return False  # fails closed: an order would tell what is not shown
    said = decisions.of_shown(hit.subject, hit.gates[hit.subject].said)[column]
    return said.treatment is Treatment.CLEAR
