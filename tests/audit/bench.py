"""One process's view of a log, and small ways to fill and break it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.ddl import GUARDED
from audit.findings import Report
from audit.log import AuditLog
from audit.sequencer import LogKeys, Sequenced, sequence_once
from audit.types import EventDraft, Outcome, PersonalPart, canonical_json
from audit.verify import verify_log
from governance.core.terms import ActorId, EventId, RowId, SubjectId
from governance.db.engine import Database

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
SUBJECT = SubjectId("5b6e3b8e-6a0a-4a59-9c6c-0f6a1d6e7a01")
OTHER = SubjectId("9d0f4c6a-1111-4111-8111-111111111111")


def masked(subject: SubjectId, row: RowId, clear: bytes) -> bytes:
    """Stands in for the key vault: its own inverse."""
    pad = (subject + row).encode() * (len(clear) // 72 + 1)
    return bytes(a ^ b for a, b in zip(clear, pad, strict=False))


def draft(action: EventCode = EventCode.PERSON_READ, **more: Any) -> EventDraft:
    values: dict[str, Any] = {
        "action": action,
        "occurred_at": NOW,
        "actor": ActorId("u:officer"),
        "object_type": "person",
        "object_id": SUBJECT,
        "outcome": Outcome.DONE,
    }
    return EventDraft(**(values | more))


def part(subject: SubjectId = SUBJECT) -> PersonalPart:
    return PersonalPart(subject=subject, payload=canonical_json({"after": {"name": "架空太郎"}}))


@dataclass(frozen=True)
class Bench:
    """One process's view of one log."""

    db: Database
    log: AuditLog
    keys: LogKeys

    def add(self, *parts: PersonalPart, count: int = 1, **more: Any) -> list[EventId]:
        one = draft(**more)
        return [self.db.write(lambda tx: self.log.append(tx, one, parts)) for _ in range(count)]

    def erase(self, **more: Any) -> EventId:
        one = draft(EventCode.ERASURE_EXECUTED, **({"subject": SUBJECT} | more))
        return self.db.write(lambda tx: self.log.erase(tx, one))

    def sequence(self, seconds: float = 0, **more: Any) -> Sequenced:
        at = NOW + timedelta(seconds=seconds)
        return sequence_once(self.db, self.keys, self.log, at=at, **more)

    def verify(self, **more: Any) -> Report:
        known: dict[str, Any] = {"keys": self.keys.verifier_keys, "anchor": self.keys.anchor}
        return verify_log(self.db, **(known | more))

    def second(self, process_id: str = "web-2") -> "Bench":
        log = AuditLog(self.db.writer_engine, process_id=process_id, sealer=masked)
        return Bench(self.db, log, self.keys)

    def run(self, statement: str, **values: Any) -> None:
        """A change as someone makes it who owns the database: the guards are gone."""
        with unguarded(self.db) as tx:
            tx.exec_driver_sql(*spelled(self.db, statement, values))


@contextmanager
def unguarded(db: Database) -> Iterator[Connection]:
    with db.writer_engine.connect() as tx:
        if db.dialect == "sqlite":
            foreign_keys(tx, "OFF")
        with tx.begin():
            drop_guards(db, tx)
            yield tx
        if db.dialect == "sqlite":
            foreign_keys(tx, "ON")


def foreign_keys(tx: Connection, state: str) -> None:
    driver: Any = tx.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys={state}")


def drop_guards(db: Database, tx: Connection) -> None:
    for table in GUARDED:
        for kind in ("insert", "update", "delete", "truncate"):
            if db.dialect == "sqlite":
                tx.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_{kind}")
            else:
                tx.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_{kind} ON {table}")
    if db.dialect != "sqlite":
        tx.exec_driver_sql("SET LOCAL session_replication_role = replica")


def spelled(db: Database, statement: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if db.dialect == "sqlite":
        return statement, values
    for name in values:
        statement = statement.replace(f":{name}", f"%({name})s")
    return statement, values
