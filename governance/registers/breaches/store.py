"""Rows of the register of breaches, in and out."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from governance.core.terms import ActorId, RowId
from governance.db.types import insert_ignore, table_of
from governance.keys.vault import FieldVault
from governance.registers.breaches.models import BreachNoteRow, BreachReportRow, BreachRow
from governance.registers.breaches.types import (
    Breach,
    BreachClosedError,
    BreachKind,
    BreachUnknownError,
    Ground,
    Note,
    Outcome,
    Topic,
)

BREACH: Final = table_of(BreachRow)
REPORT: Final = table_of(BreachReportRow)
NOTE: Final = table_of(BreachNoteRow)
BLOB: Final = "breach_note"  # kind of blob


def add(tx: Connection, breach: Breach) -> None:
    """The record is in the register."""
    tx.execute(
        insert(BREACH).values(
            id=breach.id,
            kind=breach.kind.value,
            about=breach.about,
            grounds=" ".join(sorted(breach.grounds)),
            aware_at=breach.aware_at,
            recorded_by=breach.recorded_by,
            recorded_at=breach.recorded_at,
        )
    )


def by_id(tx: Connection, breach: str) -> Breach:
    """The record; raises BreachUnknownError."""
    row = tx.execute(select(BREACH).where(BREACH.c.id == breach)).one_or_none()
    if row is None:
        raise BreachUnknownError
    return _breach(row)


def listed(tx: Connection, *, open_only: bool) -> tuple[Breach, ...]:
    """Records, the newest first."""
    wanted = select(BREACH).order_by(BREACH.c.recorded_at.desc(), BREACH.c.id.desc())
    if open_only:
        wanted = wanted.where(BREACH.c.outcome.is_(None))
    return tuple(map(_breach, tx.execute(wanted)))


def open_about(tx: Connection, kind: BreachKind, about: str) -> Breach | None:
    """The open record of the same thing."""
    wanted = select(BREACH).where(
        BREACH.c.kind == kind.value, BREACH.c.about == about, BREACH.c.outcome.is_(None)
    )
    row = tx.execute(wanted.order_by(BREACH.c.recorded_at, BREACH.c.id).limit(1)).one_or_none()
    return None if row is None else _breach(row)


def lock(tx: Connection, breach: str) -> Breach:
    """The record, unchanged by others until the transaction ends where the engine can."""
    row = tx.execute(select(BREACH).where(BREACH.c.id == breach).with_for_update()).one_or_none()
    if row is None:
        raise BreachUnknownError
    return _breach(row)


def set_grounds(tx: Connection, breach: RowId, grounds: Iterable[Ground]) -> None:
    """These grounds make it reportable."""
    mine = update(BREACH).where(BREACH.c.id == breach)
    tx.execute(mine.values(grounds=" ".join(sorted(grounds))))


def add_note(tx: Connection, vault: FieldVault, breach: RowId, note: Note) -> None:
    """The words are in the record, sealed."""
    tx.execute(
        insert(NOTE).values(
            id=note.id,
            breach_id=breach,
            topic=note.topic.value,
            content=vault.seal_blob(BLOB, note.id, note.words.encode()),
            noted_by=note.noted_by,
            noted_at=note.noted_at,
        )
    )


def notes(tx: Connection, vault: FieldVault, breach: RowId) -> tuple[Note, ...]:
    """Everything that was written of it, the oldest first."""
    wanted = select(NOTE).where(NOTE.c.breach_id == breach).order_by(NOTE.c.noted_at, NOTE.c.id)
    return tuple(
        Note(
            id=RowId(row.id),
            topic=Topic(row.topic),
            words=vault.open_blob(BLOB, row.id, row.content).decode(),
            noted_by=ActorId(row.noted_by),
            noted_at=row.noted_at,
        )
        for row in tx.execute(wanted).all()
    )


def reports(tx: Connection, breach: RowId) -> Mapping[str, tuple[datetime, ActorId]]:
    """Which reports were made of it, when, and who noted it."""
    rows = tx.execute(select(REPORT).where(REPORT.c.breach_id == breach))
    return {row.rule: (row.reported_at, ActorId(row.reported_by)) for row in rows}


def add_report(tx: Connection, breach: RowId, rule: str, *, by: ActorId, at: datetime) -> bool:
    """Whether the report is on record by this call."""
    entry = insert_ignore(REPORT, tx.dialect.name).values(
        breach_id=breach, rule=rule, reported_at=at, reported_by=by
    )
    return tx.execute(entry.returning(REPORT.c.rule)).first() is not None


def close(tx: Connection, breach: RowId, outcome: Outcome, *, by: ActorId, at: datetime) -> None:
    """The record has ended; raises BreachClosedError where it had."""
    ended = (
        update(BREACH)
        .where(BREACH.c.id == breach, BREACH.c.outcome.is_(None))
        .values(outcome=outcome.value, closed_by=by, closed_at=at)
        .returning(BREACH.c.id)
    )
    if tx.execute(ended).first() is None:
        raise BreachClosedError


def _breach(row: Row[Any]) -> Breach:
    return Breach(
        id=RowId(row.id),
        kind=BreachKind(row.kind),
        about=row.about,
        grounds=frozenset(map(Ground, row.grounds.split())),
        aware_at=row.aware_at,
        recorded_by=ActorId(row.recorded_by),
        recorded_at=row.recorded_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        closed_by=None if row.closed_by is None else ActorId(row.closed_by),
        closed_at=row.closed_at,
    )
