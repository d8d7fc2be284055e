"""About how many rows go with each person: what a batch is measured by, before it is made."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, select, union_all

from governance.core.terms import SubjectId
from governance.customers.catalogue import catalogue, derived
from governance.customers.store import IN_LIMIT, TABLES
from governance.customers.tokens import ENTRY, ROW
from governance.db.fetching import PreparedSelect

OWN: Final = 4  # rows that every person has: the pseudonym, a law, a tombstone, a line of the plan
TOKEN: Final = 3  # octets of a search token, about
_IDS: Final[Any] = bindparam("ids", expanding=True)


def weights(tx: Connection, subjects: Sequence[SubjectId], *, tokens: bool) -> Counter[SubjectId]:
    """Rows of each of these persons, with or without tokens of the search index."""
    found = Counter(dict.fromkeys(subjects, OWN))
    for start in range(0, len(subjects), IN_LIMIT):
        part = {"ids": list(subjects[start : start + IN_LIMIT])}
        for subject, rows in _counted(tokens=tokens).rows(tx, part):
            found[subject] += int(rows)
    return found


@derived
def _counted(*, tokens: bool) -> PreparedSelect:
    tables = (TABLES[name] for name in catalogue().erase_order())
    by_table = union_all(
        *(
            select(table.c.subject_id, func.count().label("counted"))
            .where(table.c.subject_id.in_(_IDS))
            .group_by(table.c.subject_id)
            for table in tables
        ),
        *((_tokens(),) if tokens else ()),
    )
    return PreparedSelect(by_table)


def _tokens() -> Select[Any]:
    """An entry of the index and the tokens that it lists."""
    listed = func.count() + func.sum(func.length(ENTRY.c.tokens)) / TOKEN
    return (
        select(ROW.c.subject_id, listed)
        .join(ENTRY, ENTRY.c.row_key == ROW.c.row_key)
        .where(ROW.c.subject_id.in_(_IDS))
        .group_by(ROW.c.subject_id)
    )
