"""Rows of trainings to facts and back."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from governance.core.terms import ActorId
from governance.db.types import table_of
from governance.identity.store import STAFF
from governance.identity.training.models import TrainingResultRow
from governance.identity.training.types import Result, Way

RESULT = table_of(TrainingResultRow)


def add_result(tx: Connection, result: Result) -> None:
    """The try or attendance stands."""
    tx.execute(
        insert(RESULT).values(
            id=result.id,
            staff_id=result.staff,
            course=result.course,
            version=result.version,
            way=result.way.value,
            at=result.at,
            right=result.right,
            of=result.of,
            passed=result.passed,
            recorded_by=result.recorded_by,
        )
    )


def results_of(tx: Connection, actor: ActorId) -> tuple[Result, ...]:
    """What one employee did, the oldest first."""
    mine = select(RESULT).where(RESULT.c.staff_id == actor).order_by(RESULT.c.at)
    return tuple(_result(row) for row in tx.execute(mine))


def all_results(tx: Connection) -> dict[ActorId, tuple[Result, ...]]:
    """What everybody did, the oldest first."""
    found: dict[ActorId, list[Result]] = defaultdict(list)
    for row in tx.execute(select(RESULT).order_by(RESULT.c.at)):
        found[ActorId(row.staff_id)].append(_result(row))
    return {actor: tuple(held) for actor, held in found.items()}


def _result(row: Row[Any]) -> Result:
    return Result(
        id=row.id,
        staff=ActorId(row.staff_id),
        course=row.course,
        version=row.version,
        way=Way(row.way),
        at=row.at,
        right=row.right,
        of=row.of,
        passed=row.passed,
        recorded_by=ActorId(row.recorded_by),
    )


def note_until(tx: Connection, actor: ActorId, until: datetime | None) -> None:
    """Until when the account's training holds is known at every request from now on."""
    tx.execute(update(STAFF).where(STAFF.c.id == actor).values(trained_until=until))
