"""Whose data ended here, until every connected system has answered for it.

Of My Number data noted in the transaction that ended it here; `dsar/connected/my_number.py` tells
the systems. Of whole persons `retention/outside.py` notes lines of the same form.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, select, update

from governance.core.ids import new_row_id
from governance.core.terms import RowId, SubjectId
from governance.db.types import insert_ignore, table_of
from retention.parts.models import OutsideEndRow

END: Final = table_of(OutsideEndRow)
ENDED: Final = frozenset({"erased", "kept", "done_by_hand"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What one system did: a state, rows and a code; nothing that it held."""

    state: str  # erased, kept, failed, by_hand, done_by_hand
    rows: int = 0
    code: str = ""
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideEnd:
    """One person whose connected systems have not all answered for good."""

    id: RowId
    subject: SubjectId
    run: RowId
    asked_at: datetime
    answers: Mapping[str, Answered]
    tries: int
    sealed: bytes | None = field(default=None, repr=False)  # by what systems know a whole person

    def open(self, names: Iterable[str]) -> tuple[str, ...]:
        """Systems that have not answered for good."""
        known = self.answers
        return tuple(n for n in names if n not in known or known[n].state not in ENDED)


def note(tx: Connection, run: RowId, subjects: Sequence[SubjectId], *, at: datetime) -> None:
    """These persons' systems are to be told; twice equals once."""
    rows = [
        {
            "id": new_row_id(),
            "subject_id": subject,
            "run_id": run,
            "asked_at": at,
            "answers": "{}",
            "tries": 0,
            "next_at": at,
        }
        for subject in dict.fromkeys(subjects)
    ]
    if rows:
        tx.execute(insert_ignore(END, tx.dialect.name), rows)


def waiting(
    tx: Connection, *, at: datetime | None = None, limit: int, table: Table = END
) -> tuple[OutsideEnd, ...]:
    """Persons whose systems are still to answer, oldest first; by a moment: whom to ask now."""
    wanted = select(table).where(table.c.ended_at.is_(None))
    wanted = wanted.order_by(table.c.asked_at, table.c.id)
    if at is not None:
        wanted = wanted.where(table.c.next_at <= at)
    return tuple(_end(row) for row in tx.execute(wanted.limit(limit)))


def store(
    tx: Connection,
    one: OutsideEnd,
    *,
    over: bool,
    at: datetime,
    next_at: datetime,
    table: Table = END,
) -> None:
    """What the systems answered until now stands; once it is over no value is kept."""
    said = {
        name: {"state": a.state, "rows": a.rows, "code": a.code, "until": a.until}
        for name, a in one.answers.items()
    }
    emptied = {"sealed": None} if over and "sealed" in table.c else {}
    tx.execute(
        update(table)
        .where(table.c.id == one.id)
        .values(
            answers=json.dumps(said, sort_keys=True),
            tries=one.tries,
            next_at=next_at,
            ended_at=at if over else None,
            **emptied,
        )
    )


def _end(row: Row[Any]) -> OutsideEnd:
    return OutsideEnd(
        id=RowId(row.id),
        subject=SubjectId(row.subject_id),
        run=RowId(row.run_id),
        asked_at=row.asked_at,
        answers={name: Answered(**said) for name, said in json.loads(row.answers).items()},
        tries=row.tries,
        sealed=getattr(row, "sealed", None),
    )


def waiting_one(tx: Connection, row: RowId, *, table: Table = END) -> OutsideEnd | None:
    """One of them that still waits."""
    found = tx.execute(select(table).where(table.c.id == row, table.c.ended_at.is_(None)))
    return next((_end(line) for line in found), None)
