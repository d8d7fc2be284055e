"""What the store itself says of a row that a file brings, and what follows from the row."""

from collections.abc import Iterable

from sqlalchemy import Connection

from governance.core.clock import JST
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers.master.types import FORMS, STAMPED, VERSIONED
from governance.customers.ports import Ports
from governance.gateway.around import effects, holding
from governance.gateway.intake.places import Changed, Result
from governance.gateway.intake.types import Draft, RunFacts

PROVED = FieldId("relation.verified_how")


def made(draft: Draft, row: RowId, run: RunFacts) -> dict[str, object]:
    """The columns of a new row that no file says."""
    if draft.table not in FORMS:
        return {"recorded_at": run.at, "version": 1}
    stamped = holding.defaults(draft.table, row, draft.clear, by=run.actor, at=run.at)
    if draft.table == "relation":
        stamped["verified_by"] = run.actor if draft.clear.get("verified_how") else None
    return stamped


def again(change: Changed, run: RunFacts) -> dict[str, object]:
    """The columns of a changed row that no file says."""
    table = change.stored.table
    stamped = {"recorded_by": run.actor, "recorded_at": run.at} if table in STAMPED else {}
    return {**stamped, **({"verified_by": run.actor} if PROVED in change.taken else {})}


def counted(table: str) -> bool:
    """Whether the rows of a table have a version that rises with each change."""
    return table not in FORMS or table in VERSIONED


def follow(tx: Connection, ports: Ports, result: Result, run: RunFacts) -> None:
    """What else the new state of the rows means: a verified guardian, one primary contact."""
    touched: dict[tuple[str, SubjectId], list[RowId]] = {}
    for table, subject, row in _touched(result):
        touched.setdefault((table, subject), []).append(row)
    day = run.at.astimezone(JST).date()
    for (table, subject), rows in touched.items():
        last = rows[-1:] if table == "relation" else rows  # the person is looked at once
        for row in last:
            effects.follow(tx, ports.vault, table, subject, row, on=day)


def _touched(result: Result) -> Iterable[tuple[str, SubjectId, RowId]]:
    """Rows around persons that the batch made or changed."""
    for draft, row, subject in result.placed:
        if draft.table in FORMS:
            yield draft.table, subject, row
    for change in result.changed:
        if change.stored.table in FORMS:
            yield change.stored.table, change.stored.subject, change.stored.row
