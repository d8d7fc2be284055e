"""Pairs of register rows that look like one person or one company: what waits for a decision."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update

from governance.customers.models import DuplicateRow
from governance.db.types import insert_ignore, table_of

DUPLICATE = table_of(DuplicateRow)
SEEN = ("score", "evidence", "found_at")  # what a later search says anew of a pair that waits


class PairKind(StrEnum):
    """What the two rows are rows of; the register's table of that name."""

    PERSON = "person"
    COMPANY = "company"


class PairState(StrEnum):
    """What became of a candidate pair."""

    OPEN = "open"
    MERGED = "merged"
    DIFFERENT = "different"


def note_duplicates(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """These pairs wait for review as they were seen now; one that was decided stays decided."""
    if not rows:
        return
    seen: dict[str, Any] = {name: bindparam(f"new_{name}") for name in SEEN}
    waits = (
        (DUPLICATE.c.left_id == bindparam("b_left"))
        & (DUPLICATE.c.right_id == bindparam("b_right"))
        & (DUPLICATE.c.state == PairState.OPEN.value)
    )
    tx.execute(
        update(DUPLICATE).where(waits).values(**seen),
        [
            {"b_left": row["left_id"], "b_right": row["right_id"]}
            | {f"new_{name}": row[name] for name in seen}
            for row in rows
        ],
    )
    tx.execute(insert_ignore(DUPLICATE, tx.dialect.name), list(rows))


def drop_unseen(tx: Connection, kind: PairKind, *, before: datetime) -> int:
    """How many open pairs go that no search since then has seen: their rows are alike no more."""
    old = (DUPLICATE.c.state == PairState.OPEN.value) & (DUPLICATE.c.kind == kind.value)
    return tx.execute(delete(DUPLICATE).where(old, DUPLICATE.c.found_at < before)).rowcount


def open_pairs(kind: PairKind) -> ColumnElement[bool]:
    """Condition: a pair of this kind that waits; two rows of one person wait for nothing."""
    waits = (DUPLICATE.c.state == PairState.OPEN.value) & (DUPLICATE.c.kind == kind.value)
    if kind is PairKind.COMPANY:
        return waits
    return waits & (DUPLICATE.c.left_subject_id != DUPLICATE.c.right_subject_id)


def open_duplicates(tx: Connection, kind: PairKind = PairKind.PERSON) -> int:
    """How many candidate pairs wait for review."""
    return int(tx.execute(select(func.count()).where(open_pairs(kind))).scalar_one())


def settle(
    tx: Connection, left: str, right: str, state: PairState, *, over: PairState | None = None
) -> bool:
    """Whether the pair has the new state; with `over`, only a pair that had that one gets it."""
    mine = update(DUPLICATE).where(DUPLICATE.c.left_id == left, DUPLICATE.c.right_id == right)
    if over is not None:
        mine = mine.where(DUPLICATE.c.state == over.value)
    return tx.execute(mine.values(state=state.value)).rowcount == 1
