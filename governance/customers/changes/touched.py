"""Persons whose rows were written: marks for whoever keeps something that follows from the rows.

A mark is a row of its own, so that no reader that takes marks away can take one it has not seen.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from governance.core.ids import new_row_id
from governance.core.terms import SubjectId
from governance.customers.changes.models import TouchedRow
from governance.db.late import before_commit
from governance.db.prepared import PreparedInsert
from governance.db.types import table_of

TOUCHED = table_of(TouchedRow)
_MARKS = PreparedInsert(TOUCHED)


def touch(tx: Connection, subjects: Iterable[SubjectId]) -> None:
    """What stands in the rows of these persons is another from this transaction on."""
    before_commit(tx, _mark, subjects)


def _mark(tx: Connection, subjects: Sequence[str]) -> None:
    if subjects:
        _MARKS.rows(tx, [{"id": new_row_id(), "subject_id": subject} for subject in subjects])
