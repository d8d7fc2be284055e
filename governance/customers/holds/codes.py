"""How a hold is written in the control journal: the matter's number, then what is held; pure."""

import re
from typing import Final

from governance.core.terms import RowId
from governance.customers.holds.types import CATEGORY, What

NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,59}")
_ALL: Final = What()


def written(matter: str, what: What) -> str:
    """One word for a hold; it names no person and fits the journal."""
    if what.row is not None:
        return f"{matter}/row:{what.table}:{what.row}"
    if what.field is not None and what.field.startswith(CATEGORY):
        return f"{matter}/{what.field}:{what.table}"
    if what.field is not None:
        return f"{matter}/field:{what.field}"
    return matter if what.table is None else f"{matter}/table:{what.table}"


def read(code: str) -> tuple[str, What]:
    """The matter and what is held; the whole person where the word says no more."""
    matter, _, rest = code.partition("/")
    kind, _, name = rest.partition(":")
    match kind:
        case "table":
            return matter, What(table=name)
        case "field":
            return matter, What(table=name.partition(".")[0], field=name)
        case "category":
            category, _, table = name.partition(":")
            return matter, What(table=table, field=CATEGORY + category)
        case "row":
            table, _, row = name.partition(":")
            return matter, What(table=table, row=RowId(row))
        case _:
            return (code, _ALL) if rest else (matter, _ALL)
