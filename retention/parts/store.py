"""Lines of a plan about rows in and out, and the counts that remain of rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import FieldId, RowId, SubjectId
from governance.db.types import insert_ignore, table_of
from retention.parts.models import CountRow, PlanPartRow
from retention.plans import ItemState, Json, PartItem, canonical
from retention.types import Action, DecisionKind

PART, COUNT = table_of(PlanPartRow), table_of(CountRow)
CHUNK = 500


def add_parts(tx: Connection, plan: RowId, parts: Sequence[PartItem]) -> None:
    """The plan's lines about rows are stored."""
    rows = [_values(plan, part) for part in parts]
    for start in range(0, len(rows), CHUNK):
        tx.execute(insert(PART), rows[start : start + CHUNK])


def _values(plan: RowId, part: PartItem) -> dict[str, Any]:
    return {
        "id": part.id,
        "plan_id": plan,
        "subject_id": part.subject,
        "rule": part.rule,
        "table_name": part.table,
        "action": part.action.value,
        "decision": part.decision.value,
        "rows": part.rows,
        "due_on": part.due_on,
        "fence": part.fence,
        "digest": part.digest,
        "row_ids": json.dumps(part.row_ids),
        "kept_because": part.kept_because,
        "state": part.state.value,
    }


def parts_of(tx: Connection, plan: RowId) -> tuple[PartItem, ...]:
    """Every line of the plan about rows."""
    mine = select(PART).where(PART.c.plan_id == plan).order_by(PART.c.id)
    return tuple(_part(row) for row in tx.execute(mine))


def next_parts(tx: Connection, plan: RowId, *, limit: int) -> tuple[PartItem, ...]:
    """The next due lines about rows that nobody has dealt with."""
    wanted = (
        select(PART)
        .where(
            PART.c.plan_id == plan,
            PART.c.decision == DecisionKind.DUE.value,
            PART.c.state == ItemState.PLANNED.value,
        )
        .order_by(PART.c.id)
        .limit(limit)
    )
    return tuple(_part(row) for row in tx.execute(wanted))


def mark_parts(
    tx: Connection, parts: Iterable[RowId], state: ItemState, *, because: str | None = None
) -> None:
    """What became of these lines."""
    ids = list(parts)
    for start in range(0, len(ids), CHUNK):
        mine = PART.c.id.in_(ids[start : start + CHUNK])
        values = {"state": state.value, "skipped_because": because}
        tx.execute(update(PART).where(mine).values(**values))


def ended_rows(tx: Connection, plan: RowId) -> tuple[tuple[str, str, int], ...]:
    """Rows that went by line of the schedule and action, of persons who stay."""
    done = PART.c.plan_id == plan, PART.c.state == ItemState.ERASED.value
    groups = PART.c.rule, PART.c.action
    found = select(*groups, func.sum(PART.c.rows)).where(*done).group_by(*groups).order_by(*groups)
    return tuple((rule, action, int(rows)) for rule, action, rows in tx.execute(found))


def _part(row: Row[Any]) -> PartItem:
    return PartItem(
        id=RowId(row.id),
        subject=SubjectId(row.subject_id),
        rule=row.rule,
        table=row.table_name,
        action=Action(row.action),
        decision=DecisionKind(row.decision),
        rows=row.rows,
        due_on=row.due_on,
        fence=row.fence,
        digest=row.digest,
        row_ids=tuple(map(RowId, json.loads(row.row_ids))),
        kept_because=row.kept_because,
        state=ItemState(row.state),
        skipped_because=row.skipped_because,
    )


def count_in(
    tx: Connection, rule: str, table: str, values: Mapping[FieldId, str], *, rows: int
) -> None:
    """So many rows of one person are in the count of their group."""
    said: dict[str, Json] = {str(name): word for name, word in values.items()}
    content = canonical(said).decode()
    group = sha256(content.encode()).hexdigest()
    made = insert_ignore(COUNT, tx.dialect.name).values(
        id=new_row_id(),
        rule=rule,
        table_name=table,
        group_digest=group,
        content=content,
        persons=0,
        rows=0,
    )
    tx.execute(made)
    mine = COUNT.c.rule == rule, COUNT.c.group_digest == group
    added = {"persons": COUNT.c.persons + 1, "rows": COUNT.c.rows + rows}
    tx.execute(update(COUNT).where(*mine).values(**added))


def counts_of(tx: Connection, rule: str, *, k: int) -> tuple[tuple[Mapping[str, str], int], ...]:
    """What a line left, by group, of k persons or more; a smaller group tells of someone."""
    mine = COUNT.c.rule == rule, COUNT.c.persons >= k
    found = select(COUNT.c.content, COUNT.c.rows).where(*mine).order_by(COUNT.c.content)
    return tuple((json.loads(content), int(rows)) for content, rows in tx.execute(found))
