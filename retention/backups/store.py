"""Rows of backups, drills and the gate of a restored installation."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.db.types import insert_ignore, table_of
from retention.backups.models import BackupRow, DrillRow, GateRow

BACKUP, DRILL, GATE = table_of(BackupRow), table_of(DrillRow), table_of(GateRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One restore drill."""

    id: RowId
    file: str
    began_at: datetime
    ended_at: datetime
    outcome: str
    report: Mapping[str, Any]

    @property
    def good(self) -> bool:
        """Whether the backup was put back, proven, and what was erased stayed erased."""
        return self.outcome == GOOD


GOOD = "good"


def add_backup(tx: Connection, values: Mapping[str, Any]) -> None:
    """The backup stands in the ledger; twice equals once."""
    tx.execute(insert_ignore(BACKUP, tx.dialect.name), dict(values))


def note_verified(tx: Connection, backup: RowId, outcome: str, *, at: datetime) -> None:
    """When the backup was last proven, and how it stood."""
    found = update(BACKUP).where(BACKUP.c.id == backup)
    tx.execute(found.values(verified_at=at, verified=outcome))


def note_ended(tx: Connection, backups: Iterable[RowId], *, at: datetime) -> None:
    """The files of these backups are gone."""
    for backup in backups:
        gone = update(BACKUP).where(BACKUP.c.id == backup, BACKUP.c.ended_at.is_(None))
        tx.execute(gone.values(ended_at=at))


def proofs(tx: Connection) -> dict[RowId, tuple[datetime | None, str | None]]:
    """When each backup was last proven, and how it stood."""
    rows = tx.execute(select(BACKUP.c.id, BACKUP.c.verified_at, BACKUP.c.verified))
    return {RowId(row.id): (row.verified_at, row.verified) for row in rows}


def add_drill(tx: Connection, drill: Drill) -> None:
    """The drill and its report are stored."""
    tx.execute(
        insert(DRILL).values(
            id=drill.id,
            file=drill.file,
            began_at=drill.began_at,
            ended_at=drill.ended_at,
            outcome=drill.outcome,
            report=json.dumps(dict(drill.report), sort_keys=True),
        )
    )


def drills(tx: Connection, *, limit: int) -> tuple[Drill, ...]:
    """The newest drills."""
    rows = tx.execute(select(DRILL).order_by(DRILL.c.ended_at.desc()).limit(limit))
    return tuple(
        Drill(
            id=RowId(row.id),
            file=row.file,
            began_at=row.began_at,
            ended_at=row.ended_at,
            outcome=row.outcome,
            report=json.loads(row.report),
        )
        for row in rows
    )


def close_gate(tx: Connection, *, backup: str | None, at: datetime) -> None:
    """The installation is closed until all is done again."""
    tx.execute(insert(GATE).values(id=new_row_id(), backup_id=backup, closed_at=at))


def closed_since(tx: Connection) -> datetime | None:
    """Since when the installation is closed after a restore; None: it is open."""
    waiting = select(GATE.c.closed_at).where(GATE.c.opened_at.is_(None))
    return tx.execute(waiting.order_by(GATE.c.closed_at).limit(1)).scalar_one_or_none()


def open_gate(tx: Connection, report: Mapping[str, Any], *, at: datetime) -> int:
    """How many gates this opened; what was done again stays on record."""
    told = json.dumps(dict(report), sort_keys=True)
    waiting = update(GATE).where(GATE.c.opened_at.is_(None))
    return tx.execute(waiting.values(opened_at=at, report=told)).rowcount
